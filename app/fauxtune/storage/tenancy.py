"""Whose rows a statement reads or changes: the conditions on a tenant, and the guard that refuses statements without.

Each table with a `tenant_id` in a SELECT, UPDATE or DELETE has one of these conditions, or is compared with a table
that has: by the tenant, or by an enrolment. What has to concern all tenants says why by `across_tenants`.

The guard looks while a statement is compiled, which happens once: executions cost nothing more. It knows tables, not
their aliases, and nothing of SQL that is written as text. An INSERT of values is not concerned.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any, TypeVar

from sqlalchemy import (
    BinaryExpression,
    Column,
    ColumnElement,
    Delete,
    Engine,
    Select,
    Table,
    Update,
    bindparam,
    func,
    select,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnClause, False_
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import eq, in_op
from sqlalchemy.sql.selectable import FromClause, SelectBase, TableValuedAlias

StatementT = TypeVar("StatementT", Select[Any], Update, Delete)

#: The `info` of the tables' MetaData: their statements are guarded.
GUARDED = {"fauxtune.guarded": True}
#: Columns whose values only one tenant has, and tables whose random `id` no client chooses: whoever has it got it from
#: a statement with one of these conditions.
_KEYS = frozenset({"tenant_id", "enrollment_id", "credential_digest", "digest", "user_code", "push_token"})
_OWN_IDS = frozenset({"enrollments", "connector_requests", "device_actions", "steps"})
#: The dialect of the hint that `across_tenants` gives a statement: none, so that no database sees it.
_ACROSS = "fauxtune.across_tenants"


class UnboundStatement(RuntimeError):
    """A statement would read or change rows of all tenants: a defect."""


class _Bound(BinaryExpression[Any]):
    """A comparison that only rows of certain tenants meet."""

    inherit_cache = True


def of_tenant(rows: FromClause | ReadOnlyColumnCollection[str, Any], tenant_id: Any = None) -> ColumnElement[bool]:
    """The condition that rows (of a table, or of its columns) are the tenant's. Without `tenant_id` that is the
    statement's parameter `tenant`.
    """
    return _bound(_tenant_of(rows) == (bindparam("tenant") if tenant_id is None else tenant_id))


def of_tenants(rows: FromClause | ReadOnlyColumnCollection[str, Any], tenant_ids: Iterable[str]) -> ColumnElement[bool]:
    """The condition that rows are of one of these tenants."""
    return _bound(_tenant_of(rows).in_(tenant_ids))


def of_tenant_unindexed(rows: FromClause, tenant_id: Any) -> ColumnElement[bool]:
    """Say what `of_tenant` does, and let SQLite find the rows by another condition: with the tenant's index it would
    read all of the tenant's.
    """
    return _bound(func.coalesce(_tenant_of(rows), "") == tenant_id)


def of_other_tenants(rows: FromClause) -> ColumnElement[bool]:
    """The condition that rows are not of the tenant that the parameter `tenant` names. (It binds nothing.)"""
    return _tenant_of(rows) != bindparam("tenant")


def same_tenant(
    left: FromClause | ReadOnlyColumnCollection[str, Any], right: FromClause | ReadOnlyColumnCollection[str, Any]
) -> ColumnElement[bool]:
    """The condition of a join that both rows are of one tenant. (It binds nothing: another condition says which.)"""
    return of_tenant(left, _tenant_of(right))


def rows_of(table: Table, tenant_id: Any = None) -> Select[Any]:
    """Select the tenant's rows of a table; `tenant_id` as for `of_tenant`."""
    return select(table).where(of_tenant(table, tenant_id))


def by_key(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    """The condition that a column has this value, which only one tenant has: an enrolment, or a secret. ValueError for
    a column that may have a value of several tenants.
    """
    return _bound(_key(column) == value)


def by_keys(column: ColumnElement[Any], values: Any) -> ColumnElement[bool]:
    """The condition that a column has one of these values; see `by_key`."""
    return _bound(_key(column).in_(values))


def equal(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    """The condition that any column has this value. It binds the statement if `by_key` would."""
    return by_key(column, value) if _is_key_column(column) else column == value


def across_tenants(statement: StatementT, why: str) -> StatementT:
    """Let a statement read or change rows of all tenants. `why`: for people who read it."""
    if isinstance(statement, Select):
        return statement.with_statement_hint(why, dialect_name=_ACROSS)
    return statement.with_hint(why, dialect_name=_ACROSS)


def guard(engine: Engine) -> None:
    """Let the engine's statements raise UnboundStatement if none of these functions bound them."""
    compiler = engine.dialect.statement_compiler
    engine.dialect.statement_compiler = type(f"Guarded{compiler.__name__}", (_Guard, compiler), {})


class _Guard(SQLCompiler):
    """A compiler that looks for the conditions above, in every part of a statement."""

    def __init__(self, dialect: Any, statement: Any, *arguments: Any, **options: Any) -> None:
        #: The tables of tenants that occur; those whose rows are of certain tenants; pairs whose rows are of the same.
        self._of_tenants, self._bound, self._pairs = set[str](), set[str](), list[tuple[str, str]]()
        super().__init__(dialect, statement, *arguments, **options)
        unbound = self._of_tenants - _reached(self._bound, self._pairs)
        if unbound and not (_is_across(statement) or _finds_nothing(statement)):
            raise UnboundStatement(
                f"This statement may concern rows of all tenants in {', '.join(sorted(unbound))}. It needs of_tenant, "
                "same_tenant or by_key of storage/tenancy.py, or across_tenants with the reason: "
                f"{' '.join(str(self).split())}"
            )

    def visit_table(self, table: Any, *arguments: Any, **options: Any) -> Any:
        if options.get("asfrom") and "tenant_id" in table.c and _is_guarded(table):
            self._of_tenants.add(table.name)
        return super().visit_table(table, *arguments, **options)  # type: ignore[no-untyped-call]

    def visit_binary(self, binary: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(binary, _Bound):
            self._bound.update(table for table, _ in _columns(binary.left))
        elif binary.operator in (eq, in_op):
            left, right = (
                {table for table, name in _columns(side) if _is_key(table, name)}
                for side in (binary.left, binary.right)
            )
            self._pairs += product(left, right)
        return super().visit_binary(binary, *arguments, **options)  # type: ignore[no-untyped-call]


def _columns(side: Any) -> set[tuple[str, str]]:
    """Return the columns of tables that are one side of a comparison: table and name."""
    if not isinstance(side, ColumnClause):
        side = getattr(side, "element", side)  # of a SELECT in parentheses
    parts: Iterable[Any] = side.selected_columns if isinstance(side, SelectBase) else (side,)
    if isinstance(side, FunctionElement):
        parts = side.clauses
    bases = (column for part in parts for column in getattr(part, "base_columns", ()))
    return {(column.table.name, column.key) for column in bases if isinstance(column, Column)}


def _reached(tables: set[str], pairs: Iterable[tuple[str, str]]) -> set[str]:
    """Return these tables, and those that pairs lead to from them."""
    more = {each for pair in pairs if not tables.isdisjoint(pair) for each in pair} - tables
    return _reached(tables | more, pairs) if more else tables


def _is_guarded(table: Any) -> bool:
    return isinstance(table, Table) and table.metadata.info == GUARDED


def _is_across(statement: Any) -> bool:
    hints = (*getattr(statement, "_statement_hints", ()), *getattr(statement, "_hints", ()))
    return any(_ACROSS in hint for hint in hints)


def _finds_nothing(statement: Any) -> bool:
    """Whether one of its conditions is never met: of the others SQLAlchemy leaves nothing."""
    return any(isinstance(getattr(each, "element", each), False_) for each in getattr(statement, "_where_criteria", ()))


def _tenant_of(rows: FromClause | ReadOnlyColumnCollection[str, Any]) -> ColumnElement[Any]:
    columns = rows.c if isinstance(rows, FromClause) else rows
    tenant: ColumnElement[Any] = columns.tenant_id
    return tenant


def _key(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if not _is_key_column(column):
        raise ValueError(f"{column} may have a value of several tenants; {sorted(_KEYS)} have not.")
    return column


def _is_key_column(column: ColumnElement[Any]) -> bool:
    return any(_is_key(table, name) for table, name in _columns(column))


def _is_key(table: str, name: str) -> bool:
    return name in _KEYS or (name == "id" and table in _OWN_IDS)


def _bound(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition that the guard knows; as it is, if it compares with a column of other rows."""
    assert isinstance(condition, BinaryExpression)
    other = condition.right
    if isinstance(other, ColumnClause) and not isinstance(other.table, TableValuedAlias):
        return condition
    return _Bound(
        condition.left,
        condition.right,
        condition.operator,
        type_=condition.type,
        negate=condition.negate,
        modifiers=condition.modifiers,
    )
