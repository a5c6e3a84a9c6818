"""Run statements and return row types: a statement's columns, in order, are the fields of the row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable

RowT = TypeVar("RowT")
KeyT = TypeVar("KeyT", bound=str)
#: The most ids in one statement.
_AT_ONCE = 500


def first(
    connection: Connection, statement: Executable, *, row: Callable[..., RowT], values: Mapping[str, Any] | None = None
) -> RowT | None:
    """Return the first row of the statement as a `row`; None where there is no row."""
    columns = connection.execute(statement, values or {}).first()
    return None if columns is None else row(*columns)


def every(
    connection: Connection, statement: Executable, *, row: Callable[..., RowT], values: Mapping[str, Any] | None = None
) -> list[RowT]:
    """Return all rows of the statement, each as a `row`."""
    return [row(*columns) for columns in connection.execute(statement, values or {}).all()]


def many(
    connection: Connection,
    statement: Executable,
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
        for columns in connection.execute(statement, {**(values or {}), "ids": some}).all()
    ]


def in_parts(ids: Collection[KeyT]) -> Iterator[list[KeyT]]:
    """Yield the ids, in order, as many as one statement may contain at a time."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
