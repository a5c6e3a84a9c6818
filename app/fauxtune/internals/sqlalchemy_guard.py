"""A compiler of SQLAlchemy that refuses statements which may concern rows of all tenants (`storage/tenancy.py` has the
conditions that bind them).

It looks while a statement is compiled, which happens once: executions cost nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from sqlalchemy import BinaryExpression, Column, Engine, Table
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnClause, False_
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import eq, in_op
from sqlalchemy.sql.selectable import SelectBase

#: The `info` of the tables' MetaData: their statements are guarded.
GUARDED = {"fauxtune.guarded": True}
#: The dialect of the hint that `across_tenants` gives a statement: none, so that no database sees it.
ACROSS = "fauxtune.across_tenants"


class UnboundStatement(RuntimeError):
    """A statement would read or change rows of all tenants: a defect."""


class Bound(BinaryExpression[Any]):
    """A comparison that only rows of certain tenants meet."""

    inherit_cache = True


def guard_statements(engine: Engine, *, is_key: Callable[[str, str], bool]) -> None:
    """Let the engine's statements raise UnboundStatement if no `Bound` condition concerns each of their guarded tables.
    `is_key`: whether a column of a table, both by name, has values that only one tenant has each.
    """
    compiler = engine.dialect.statement_compiler
    engine.dialect.statement_compiler = type(
        f"Guarded{compiler.__name__}", (_Guard, compiler), {"is_key": staticmethod(is_key)}
    )


class _Guard(SQLCompiler):
    """A compiler that looks for conditions on tenants, in every part of a statement."""

    #: Whether a column of a table has values that only one tenant has each.
    is_key: Callable[[str, str], bool]

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
        if isinstance(binary, Bound):
            self._bound.update(table for table, _ in columns_of(binary.left))
        elif binary.operator in (eq, in_op):
            left, right = (
                {table for table, name in columns_of(side) if self.is_key(table, name)}
                for side in (binary.left, binary.right)
            )
            self._pairs += product(left, right)
        return super().visit_binary(binary, *arguments, **options)  # type: ignore[no-untyped-call]


def columns_of(side: Any) -> set[tuple[str, str]]:
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
    return any(ACROSS in hint for hint in hints)


def _finds_nothing(statement: Any) -> bool:
    """Whether one of its conditions is never met: of the others SQLAlchemy leaves nothing."""
    return any(isinstance(getattr(each, "element", each), False_) for each in getattr(statement, "_where_criteria", ()))
