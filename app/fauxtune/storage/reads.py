"""Run statements and return row types: a statement's columns, in order, are the fields of the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable

RowT = TypeVar("RowT")


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
    return [row(*columns) for columns in connection.execute(statement, values or {})]
