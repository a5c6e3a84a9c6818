"""The plain writes that every table needs. Reads are named queries; these have nothing to name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement, Connection, Executable, Table, Update, bindparam, delete, insert, update

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = dict[str, Any]


def values_of(row: DataclassInstance) -> Row:
    """The columns of a row type's instance, by name."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def add_row(connection: Connection, table: Table, *, row: DataclassInstance) -> None:
    """Insert a row of `storage.rows`; its fields are the table's columns."""
    connection.execute(insert(table), [values_of(row)])


def add_rows(connection: Connection, table: Table, *, rows: Sequence[DataclassInstance]) -> None:
    """Insert rows of `storage.rows`."""
    add_all(connection, table, rows=[values_of(row) for row in rows])


def put_rows(connection: Connection, table: Table, *, rows: Sequence[DataclassInstance]) -> None:
    """Insert rows of `storage.rows`, each in place of the row with the same primary key."""
    put(connection, table, rows=[values_of(row) for row in rows])


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
    # Only the dialect in use is loaded: the other costs 24 ms of every start.
    insert_of: Callable[[Table], Any] = importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert
    statement = insert_of(table)
    keys = [column.name for column in table.primary_key]
    changes = {name: statement.excluded[name] for name in names if name not in keys}
    made: Executable = statement.on_conflict_do_update(index_elements=keys, set_=changes)
    return made


def change(connection: Connection, table: Table, *, where: Row, values: Mapping[str, object]) -> int:
    """Change the rows that have these values in these columns; how many there were."""
    if any(isinstance(value, ClauseElement) for value in values.values()):
        statement = update(table).where(*(table.c[name] == value for name, value in where.items())).values(**values)
        return connection.execute(statement).rowcount
    bound = {f"old_{name}": value for name, value in where.items()} | {f"new_{n}": v for n, v in values.items()}
    return connection.execute(_change(table, tuple(where), values=tuple(values)), bound).rowcount


@cache
def _change(table: Table, where: tuple[str, ...], *, values: tuple[str, ...]) -> Update:
    """Built once for each table and set of columns, as `_upsert`."""
    return (
        update(table)
        .where(*(table.c[name] == bindparam(f"old_{name}") for name in where))
        .values({name: bindparam(f"new_{name}") for name in values})
    )


def remove(connection: Connection, table: Table, **where: Any) -> int:
    """Remove the rows that have these values in these columns; how many there were."""
    return connection.execute(delete(table).where(*(table.c[name] == value for name, value in where.items()))).rowcount
