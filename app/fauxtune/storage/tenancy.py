"""Whose rows a statement reads or changes: the conditions on a tenant, and the guard that refuses statements without.

Each table with a `tenant_id` in a SELECT, UPDATE or DELETE has one of these conditions, or is compared with a table
that has: by the tenant, or by an enrolment. What has to concern all tenants says why by `across_tenants`.

The guard looks while a statement is compiled, which happens once: executions cost nothing more. It knows tables, not
their aliases, and nothing of SQL that is written as text. An INSERT of values is not concerned.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import (
    BinaryExpression,
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
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.sql.selectable import FromClause, TableValuedAlias

from fauxtune.internals.sqlalchemy_guard import ACROSS, Bound, columns_of, guard_statements

StatementT = TypeVar("StatementT", Select[Any], Update, Delete)

#: Columns whose values only one tenant has, and tables whose random `id` no client chooses: whoever has it got it from
#: a statement with one of these conditions.
_KEYS = frozenset({"tenant_id", "enrollment_id", "credential_digest", "digest", "user_code", "push_token"})
_OWN_IDS = frozenset({"enrollments", "connector_requests", "device_actions", "steps"})


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
        return statement.with_statement_hint(why, dialect_name=ACROSS)
    return statement.with_hint(why, dialect_name=ACROSS)


def guard(engine: Engine) -> None:
    """Let the engine's statements raise UnboundStatement if none of these functions bound them."""
    guard_statements(engine, is_key=_is_key)


def _tenant_of(rows: FromClause | ReadOnlyColumnCollection[str, Any]) -> ColumnElement[Any]:
    columns = rows.c if isinstance(rows, FromClause) else rows
    tenant: ColumnElement[Any] = columns.tenant_id
    return tenant


def _key(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if not _is_key_column(column):
        raise ValueError(f"{column} may have a value of several tenants; {sorted(_KEYS)} have not.")
    return column


def _is_key_column(column: ColumnElement[Any]) -> bool:
    return any(_is_key(table, name) for table, name in columns_of(column))


def _is_key(table: str, name: str) -> bool:
    return name in _KEYS or (name == "id" and table in _OWN_IDS)


def _bound(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition that the guard knows; as it is, if it compares with a column of other rows."""
    assert isinstance(condition, BinaryExpression)
    other = condition.right
    if isinstance(other, ColumnClause) and not isinstance(other.table, TableValuedAlias):
        return condition
    return Bound(
        condition.left,
        condition.right,
        condition.operator,
        type_=condition.type,
        negate=condition.negate,
        modifiers=condition.modifiers,
    )
