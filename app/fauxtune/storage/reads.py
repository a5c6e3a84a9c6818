"""Run statements and return row types: a statement's columns, in order, are the fields of the row.

Statements that exist once are `Prepared`; SQLAlchemy executes others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable

from fauxtune.internals.sqlalchemy_statements import Columns, Prepared

RowT = TypeVar("RowT")
KeyT = TypeVar("KeyT", bound=str)
#: The most ids in one statement.
_AT_ONCE = 500


def first(
    connection: Connection,
    statement: Executable | Prepared,
    *,
    row: Callable[..., RowT],
    values: Mapping[str, Any] | None = None,
) -> RowT | None:
    """Return the first row of the statement as a `row`; None where there is no row."""
    columns: Columns | None
    if isinstance(statement, Prepared):
        columns = statement.first(connection, values or {})
    else:
        columns = connection.execute(statement, values or {}).first()
    return None if columns is None else row(*columns)


def every(
    connection: Connection,
    statement: Executable | Prepared,
    *,
    row: Callable[..., RowT],
    values: Mapping[str, Any] | None = None,
) -> list[RowT]:
    """Return all rows of the statement, each as a `row`."""
    return [row(*columns) for columns in _columns(connection, statement, values=values or {})]


def many(
    connection: Connection,
    statement: Executable | Prepared,
    *,
    row: Callable[..., RowT],
    ids: Collection[str],
    values: Mapping[str, Any] | None = None,
) -> list[RowT]:
    """Return all rows of a statement with the expanding parameter `ids`, each as a `row`: one statement for each 500
    ids, none without any.
    """
    return [
        row(*columns)
        for some in in_parts(ids)
        for columns in _columns(connection, statement, values={**(values or {}), "ids": some})
    ]


def in_parts(ids: Collection[KeyT]) -> Iterator[list[KeyT]]:
    """Yield the ids, in order, as many as one statement may contain at a time."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def _columns(
    connection: Connection, statement: Executable | Prepared, *, values: Mapping[str, Any]
) -> Sequence[Columns]:
    if isinstance(statement, Prepared):
        return statement.every(connection, values)
    return connection.execute(statement, values).all()
