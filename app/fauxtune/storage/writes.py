"""Insert, change and remove rows of any table. Queries call these; reads are in `reads` and in the queries.

What a transaction does to the directory is noted where it is written (`note`): nothing that writes there can forget it.
Only whoever runs the transaction reads the notes, and only for tenants that track changes; they cost no statement.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Connection,
    Delete,
    Table,
    bindparam,
    delete,
    insert,
    update,
)

from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage.rows.directory import DirectoryChange
from fauxtune.storage.tenancy import equal

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: A row as its columns by name.
Row = Mapping[str, Any]

_CONFIGURATION = "fauxtune.configuration"
_ADDITIONS = "fauxtune.additions"
#: Tables whose rows belong to one device each, or that only tell what was done: no plan of another device, nor a later
#: one of the same device, depends on them otherwise than through the rows that it reads for itself.
OF_DEVICES_AND_LOGS = frozenset(
    {
        *("app_states", "audit_events", "certificates", "compliance_states", "connector_events", "connector_requests"),
        *("device_actions", "device_compliance", "device_identities", "directory_changes", "directory_devices"),
        *("directory_tracking", "enrollment_tokens", "enrollments", "escrowed_secrets", "fault_rules", "journal"),
        *(
            "key_holdings",
            "lab_runs",
            "ledger",
            "mail_messages",
            "mail_recipients",
            "mailbox_entries",
            "managed_devices",
            "notifications",
        ),
        *("partner_revocations", "process_messages", "profile_states", "report_jobs", "revocation_downloads"),
        *(
            "scep_certificates",
            "scep_challenges",
            "scep_requests",
            "script_runs",
            "seat_events",
            "seats",
            "sign_ins",
            "snapshots",
            "steps",
            "subscriptions",
            "tenant_versions",
            "tenants",
        ),
    }
)

_NOTES = "fauxtune_directory_changes"


def configuration_writes(connection: Connection) -> int:
    """Return a number that rises with each write of other tables than `OF_DEVICES_AND_LOGS` on this connection."""
    return int(connection.info.get(_CONFIGURATION, 0))


def additions(connection: Connection) -> int:
    """Return a number that rises with each insertion of rows that belong to a tenant on this connection."""
    return int(connection.info.get(_ADDITIONS, 0))


def note_addition(connection: Connection, table: Table) -> None:
    """Note that rows of the table are inserted, as `note_write` does of every write: if the tenant is deleted
    meanwhile, inserted rows would be all that stays of it.
    """
    note_write(connection, table)
    if "tenant_id" in table.c:
        connection.info[_ADDITIONS] = additions(connection) + 1


def note_write(connection: Connection, table: Table) -> None:
    """Note that rows of the table are written. Everything below does; a statement of a query's own on a table that is
    not of devices or logs has to.
    """
    if table.name not in OF_DEVICES_AND_LOGS:
        connection.info[_CONFIGURATION] = configuration_writes(connection) + 1


def values_of(row: DataclassInstance) -> dict[str, Any]:
    """Return the columns of a row by name."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def add_row(connection: Connection, table: Table, *, row: DataclassInstance) -> None:
    """Insert a row of `storage.rows`; its fields are the table's columns."""
    note_addition(connection, table)
    values = values_of(row)
    _insert(table, tuple(values)).run(connection, values)


def _columns_of(rows: Sequence[DataclassInstance]) -> dict[str, Sequence[Any]]:
    return {name: list(map(attrgetter(name), rows)) for name in rows[0].__dataclass_fields__}


def add_rows(
    connection: Connection, table: Table, *, rows: Sequence[DataclassInstance], **instead: Sequence[Any]
) -> None:
    """Insert rows of `storage.rows`; with these values `instead` of their own in columns of these names."""
    if rows:
        columns = _columns_of(rows) | instead
        note_addition(connection, table)
        _insert(table, tuple(columns)).run_for_columns(connection, columns, count=len(rows))


def put_rows(connection: Connection, table: Table, *, rows: Sequence[DataclassInstance]) -> None:
    """Insert rows of `storage.rows`, each in place of the row with the same primary key."""
    if rows:
        columns = _columns_of(rows)
        note_addition(connection, table)
        statement = _upsert(table, tuple(columns), dialect=connection.dialect.name)
        statement.run_for_columns(connection, columns, count=len(rows))


def add_all(connection: Connection, table: Table, *, rows: Sequence[Row]) -> None:
    """Insert rows, given as their columns by name. Nothing happens without rows."""
    if rows:
        note_addition(connection, table)
        _insert(table, tuple(rows[0])).run_for_each(connection, rows)


@cache
def _insert(table: Table, names: tuple[str, ...]) -> Prepared:
    """Return an INSERT of these columns; cached like `_upsert`."""
    return Prepared(insert(table).inline(), columns=names)


def put(connection: Connection, table: Table, *, rows: Sequence[Row]) -> None:
    """Insert rows, each in place of the row with the same primary key. All rows must have the same columns."""
    if not rows:
        return
    note_addition(connection, table)
    _upsert(table, tuple(rows[0]), dialect=connection.dialect.name).run_for_each(connection, rows)


@cache
def _upsert(table: Table, names: tuple[str, ...], *, dialect: str) -> Prepared:
    """Return an INSERT that replaces. It is cached, since building a statement costs more than running it."""
    # Only the dialect in use is loaded: the other costs 24 ms of every start.
    insert_of: Callable[[Table], Any] = importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert
    statement = insert_of(table)
    keys = [column.name for column in table.primary_key]
    changes = {name: statement.excluded[name] for name in names if name not in keys}
    return Prepared(statement.on_conflict_do_update(index_elements=keys, set_=changes).inline(), columns=names)


def change(connection: Connection, table: Table, *, where: Row, values: Mapping[str, object]) -> int:
    """Change the rows whose columns equal those of `where`; return how many rows that were."""
    note_write(connection, table)
    if any(isinstance(value, ClauseElement) for value in values.values()):
        statement = (
            update(table).where(*(equal(table.c[name], value) for name, value in where.items())).values(**values)
        )
        return connection.execute(statement).rowcount
    bound = {f"old_{name}": value for name, value in where.items()} | {f"new_{n}": v for n, v in values.items()}
    return _change(table, tuple(where), values=tuple(values)).run(connection, bound)


@cache
def _change(table: Table, where: tuple[str, ...], *, values: tuple[str, ...]) -> Prepared:
    """Return an UPDATE with parameters `old_*` and `new_*`; cached like `_upsert`."""
    return Prepared(
        update(table)
        .where(*(equal(table.c[name], bindparam(f"old_{name}")) for name in where))
        .values({name: bindparam(f"new_{name}") for name in values})
    )


def remove(connection: Connection, table: Table, **where: Any) -> int:
    """Remove the rows whose columns equal those of `where`; return how many rows that were."""
    note_write(connection, table)
    return _removal(table, tuple(where)).run(connection, where)


def remove_where(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    """Remove the rows that meet all conditions; return how many rows that were."""
    note_write(connection, table)
    return connection.execute(delete(table).where(*conditions)).rowcount


def remove_returning(connection: Connection, table: Table, *, column: str, **where: Any) -> list[Any]:
    """Remove the rows whose columns equal those of `where`; return what they had in this column."""
    note_write(connection, table)
    rows = _removal_returning(table, tuple(where), column=column).every(connection, where)
    return [value for (value,) in rows]


@cache
def _removal(table: Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(_of(table, names))


@cache
def _removal_returning(table: Table, names: tuple[str, ...], *, column: str) -> Prepared:
    return Prepared(_of(table, names).returning(table.c[column]))


def _of(table: Table, names: tuple[str, ...]) -> Delete:
    """Return a DELETE with a parameter for each of these columns."""
    return delete(table).where(*(equal(table.c[name], bindparam(name)) for name in names))


def note(connection: Connection, *changes: DirectoryChange) -> None:
    """Note changes of the transaction under way: each has a connection of its own."""
    notes = connection.get_execution_options().get(_NOTES)
    if notes is None:
        notes = []
        connection.execution_options(**{_NOTES: notes})
    notes.extend(changes)


def noted(connection: Connection) -> list[DirectoryChange]:
    """Return what the transaction has changed so far."""
    notes: list[DirectoryChange] = connection.get_execution_options().get(_NOTES, [])
    return notes
