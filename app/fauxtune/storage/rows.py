"""The plain writes that every table needs. Reads are named queries; these have nothing to name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Table, delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite

Row = dict[str, Any]


def add(connection: Connection, table: Table, **values: Any) -> None:
    """One new row."""
    connection.execute(insert(table), [values])


def add_all(connection: Connection, table: Table, *, rows: Sequence[Row]) -> None:
    """Many new rows; none is fine."""
    if rows:
        connection.execute(insert(table), list(rows))


def put(connection: Connection, table: Table, *, rows: Sequence[Row]) -> None:
    """Many rows, new or replacing those with the same primary key; all rows name the same columns."""
    if not rows:
        return
    statement = _upsert(table, tuple(rows[0]), dialect=connection.dialect.name)
    connection.execute(statement, list(rows))


@cache
def _upsert(table: Table, names: tuple[str, ...], *, dialect: str) -> Executable:
    """Built once for each table and set of columns: that costs more than running it."""
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(table)
    keys = [column.name for column in table.primary_key]
    changes = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def change(connection: Connection, table: Table, *, where: Row, values: Row) -> int:
    """Change the rows that have these values in these columns; how many there were."""
    statement = update(table).where(*(table.c[name] == value for name, value in where.items())).values(**values)
    return connection.execute(statement).rowcount


def remove(connection: Connection, table: Table, **where: Any) -> int:
    """Remove the rows that have these values in these columns; how many there were."""
    return connection.execute(delete(table).where(*(table.c[name] == value for name, value in where.items()))).rowcount
