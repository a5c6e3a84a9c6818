"""All rows of a tenant, whatever their tables: read for exports and snapshots, compared, and written back.

A table with a `tenant_id` belongs to a tenant's state unless `LEFT_OUT` says why not, so a new table joins by itself.
Values are as the database has them: times and choices are text, JSON is the text that was stored. So rows that nobody
changed are equal to themselves, and are not written again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Delete,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    cast,
    column,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from fauxtune.core.model.ids import TenantId
from fauxtune.internals.sqlalchemy_guard import GUARDED
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import tables, writes
from fauxtune.storage.columns import Choice, Moment, OrderDocument
from fauxtune.storage.queries.tenants import tables_with_rows
from fauxtune.storage.reads import in_parts
from fauxtune.storage.tenancy import across_tenants, of_other_tenants, of_tenant

#: Tables of tenants that are no part of their state, and why.
LEFT_OUT = {
    "directory_changes": "clients ask for changes since a moment of this server's: another state is a new beginning",
    "directory_tracking": "the numbers of those changes",
    "notifications": "they wait for receivers that this server is to call",
    "subscriptions": "clients of this server made them, and renew them there",
    "report_jobs": "files of reports, which expire within hours",
    "revocation_downloads": "when an authority asked this server: another state hands out its revocations at once",
    "seat_events": "what was done at a seat of a classroom: a reset of the tenant is one of these things",
    "seats": "the password of a seat, which stays whatever becomes of its tenant's state",
    "sign_ins": "sign-ins under way: their codes expire within minutes, by the system's clock",
    "tenant_versions": "what processes that share a database tell each other",
    "snapshots": "a snapshot does not contain snapshots; they stay when one of them is restored",
}
_STATE = {
    str(name): table
    for name, table in sorted(tables.metadata.tables.items())
    if "tenant_id" in table.c and name not in LEFT_OUT
}
#: Columns of the tenant's own row that stay when a state is put back: what the tenant is known by, and the numbers of
#: its journals, which only rise.
FIXED = frozenset({"id", "name", "domain", "created_at", "public_http_url", "ca_host", "keys"})
NUMBERS = ("journal_seq", "connector_seq")

#: A row of any table, in the order of its columns (`columns`): what a document holds for all tables alike. No operation
#: takes a value out of one by its place, but by its column; where a rule needs a row, there is a row type.
Row: TypeAlias = "tuple[Any, ...]"
#: The rows of each table, in the order of their keys, without the tenant's id.
Rows: TypeAlias = "dict[str, list[Row]]"


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"
    JSON = "json"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class StateColumn:
    """A column of a tenant's state. `choices`: the only texts that it can have; `is_key`: it is part of the key; `read`
    raises an error for JSON that this version cannot read; `is_long`: integers of 64 bits; `default`: what rows have
    that are older than the column.
    """

    name: str
    kind: Kind
    is_optional: bool
    is_key: bool
    choices: frozenset[str] | None = None
    read: Callable[[Any], object] | None = None
    is_long: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class TenantState:
    """The tenant's own row by columns, and the rows of all tables."""

    tenant: dict[str, Any]
    rows: Rows


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the rows of a table: rows that are lost, that come, and that get other values."""

    lost: int
    added: int
    changed: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What makes the rows of a table those of another state: rows that go, by their keys, and rows that are written;
    and their numbers.
    """

    gone: list[Row]
    put: list[Row]
    change: Change


@cache
def columns() -> Mapping[str, tuple[StateColumn, ...]]:
    """Return the columns of each table of a tenant's state; those of the tenant's own row are under `tenants`."""
    known = {**_STATE, "tenants": tables.tenants}
    return {
        name: tuple(_described(column) for column in table.columns if column.name != "tenant_id")
        for name, table in known.items()
    }


def read_state(connection: Connection, tenant_id: TenantId) -> TenantState | None:
    """Return the whole state of a tenant. None: there is no such tenant."""
    statement = _rows_of("tenants", connection.dialect.name)
    own = statement.mappings(connection, {"tenant": tenant_id})
    return TenantState(own[0], read_rows(connection, tenant_id)) if own else None


def read_rows(connection: Connection, tenant_id: TenantId) -> Rows:
    """Return the rows of all tables, one statement for each that has any."""
    dialect, values = connection.dialect.name, {"tenant": tenant_id}
    rows: Rows = {name: [] for name in _STATE}
    for name in tables_with_rows(connection, tenant_id):
        if name in rows:
            rows[name] = [tuple(row) for row in _rows_of(name, dialect).every(connection, values)]
    return rows


def compare(connection: Connection, tenant_id: TenantId, *, wanted: Rows) -> dict[str, Change] | None:
    """Return what `differences` from the tenant's present rows to the wanted ones would count, for each table in which
    anything differs. None: there is no such tenant.

    Only the rows that are wanted are read, by their keys, and all are counted: a snapshot is small beside a tenant that
    has grown since.
    """
    dialect = connection.dialect.name
    ((is_there, *counts),) = _counts().every(connection, {"tenant": tenant_id})
    result = {}
    for name, count in zip(_STATE, counts, strict=True):
        rows = wanted.get(name, [])
        present: list[Row] = []
        if rows and count:
            places = _key_places(name)
            keys = orjson.dumps([[row[place] for place in places] for row in rows]).decode()
            matches = _rows_of_keys(name, dialect).every(connection, {"tenant": tenant_id, "keys": keys})
            present = [tuple(row) for row in matches]
        some = _difference(name, present, wanted=rows)
        change = Change(lost=count - len(present), added=some.change.added, changed=some.change.changed)
        if change != Change(0, 0, 0):
            result[name] = change
    return result if is_there else None


def differences(current: Rows, wanted: Rows) -> dict[str, Difference]:
    """Return what makes the current rows the wanted ones, for each table in which anything differs."""
    result = {}
    for name in _STATE:
        difference = _difference(name, current.get(name, []), wanted=wanted.get(name, []))
        if difference.gone or difference.put:
            result[name] = difference
    return result


def write_differences(connection: Connection, tenant_id: TenantId, *, changes: Mapping[str, Difference]) -> None:
    """Write them. Rows that stay are changed in place: another transaction that waits for one finds it again."""
    dialect = connection.dialect.name
    for name, difference in changes.items():
        writes.note_addition(connection, _STATE[name])
        if difference.gone:
            keys = [f"key_{column.name}" for column in columns()[name] if column.is_key]
            gone = [{"tenant": tenant_id, **dict(zip(keys, key, strict=True))} for key in difference.gone]
            connection.execute(_removal(name, dialect), gone)
        if dialect == "sqlite" and difference.put:
            _put_on_sqlite(connection, tenant_id, name=name, rows=difference.put)
            continue
        table, names = _plain_table(name, dialect), [column.name for column in columns()[name]]
        rows = [{"tenant_id": tenant_id, **dict(zip(names, row, strict=True))} for row in difference.put]
        # A row that is nothing but its key is there or not: it cannot change.
        write = writes.add_all if all(column.is_key for column in columns()[name]) else writes.put
        write(connection, table, rows=rows)


def _put_on_sqlite(connection: Connection, tenant_id: TenantId, *, name: str, rows: list[Row]) -> None:
    """Write rows whose values are as the database has them: the driver takes them without another look at each."""
    connection.exec_driver_sql(_plain_put(name), [(tenant_id, *row) for row in rows])


def end_sign_ins(connection: Connection, tenant_id: TenantId) -> None:
    """Delete the sign-ins under way: the user or the application that they name may be gone."""
    writes.remove(connection, tables.sign_ins, tenant_id=tenant_id)


def write_own_row(connection: Connection, tenant_id: TenantId, *, row: Mapping[str, Any]) -> None:
    """Write the tenant's row, except what is `FIXED`; its numbers rise to those of the row, and never fall."""
    own = _plain_table("tenants", connection.dialect.name)
    values = {name: value for name, value in row.items() if name not in FIXED and name not in NUMBERS}
    numbers = {name: case((own.c[name] < row[name], row[name]), else_=own.c[name]) for name in NUMBERS}
    connection.execute(update(own).where(own.c.id == tenant_id).values(**values, **numbers))


def add_own_row(connection: Connection, *, row: Mapping[str, Any]) -> None:
    """Add a tenant by its row. Its id, name and domain must be free."""
    writes.add_all(connection, _plain_table("tenants", connection.dialect.name), rows=[row])


def taken_elsewhere(connection: Connection, tenant_id: TenantId, *, rows: Rows) -> list[tuple[str, str, str]]:
    """Return the values that are unique among all tenants and that another tenant has: table, column, value."""
    taken = []
    for name, unique in unique_among_tenants():
        position = [state_column.name for state_column in columns()[name]].index(unique)
        values = {row[position] for row in rows.get(name, []) if row[position] is not None}
        statement = _elsewhere(name, unique)
        for some in in_parts(values):
            here = connection.execute(statement, {"tenant": tenant_id, "ids": some}).scalars()
            taken += [(name, unique, str(value)) for value in here]
    return taken


@cache
def unique_among_tenants() -> tuple[tuple[str, str], ...]:
    """Return the columns, each with its table, whose values no two rows of any tenants share."""
    return tuple(
        (name, next(iter(group)))
        for name, table in _STATE.items()
        for group in dict.fromkeys(_unique_groups(table))
        if len(group) == 1
    )


@cache
def unique_columns(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the columns of a table, in groups, whose values together no two rows of a tenant share."""
    groups = dict.fromkeys(group - {"tenant_id"} for group in _unique_groups(_STATE[name]))
    return tuple(tuple(sorted(group)) for group in groups)


# ---------------------------------------------------------------------------------------------------- comparing rows


def _difference(name: str, current: list[Row], *, wanted: list[Row]) -> Difference:
    places = _key_places(name)
    unique = _other_unique_places(name)

    def key(row: Row) -> Row:
        return tuple(row[place] for place in places)

    before = {key(row): row for row in current}
    after = {key(row): row for row in wanted}
    gone = [each for each in before if each not in after]
    lost = len(gone)
    added = changed = 0
    put = []
    for each, row in after.items():
        old = before.get(each)
        if old == row:
            continue
        put.append(row)
        if old is None:
            added += 1
            continue
        changed += 1
        # Rows that exchange a unique value would be in each other's way.
        if any(old[place] != row[place] for place in unique):
            gone.append(each)
    return Difference(gone, put, Change(lost, added, changed))


@cache
def _key_places(name: str) -> tuple[int, ...]:
    return tuple(place for place, column in enumerate(columns()[name]) if column.is_key)


@cache
def _other_unique_places(name: str) -> tuple[int, ...]:
    names = {column for group in _unique_groups(_STATE[name]) for column in group} - {"tenant_id"}
    return tuple(place for place, column in enumerate(columns()[name]) if column.name in names and not column.is_key)


def _unique_groups(table: Table) -> Iterator[frozenset[str]]:
    yield frozenset(column.name for column in table.primary_key)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield frozenset(column.name for column in constraint.columns)
    for each in table.columns:
        if each.unique:
            yield frozenset({each.name})


# --------------------------------------------------------------------------------------- statements, each built once


class _JsonText(TypeDecorator[str]):
    """The text of a JSON column of PostgreSQL."""

    impl = Text
    cache_ok = True

    def bind_expression(self, bindvalue: BindParameter[Any]) -> ColumnElement[Any]:
        return cast(bindvalue, JSON)


@cache
def _plain_table(name: str, dialect: str) -> Table:
    """Return a table with columns that leave their values as the database has them."""
    known = tables.metadata.tables[name]
    plain = (
        Column(column.name, _plain(column.type, dialect=dialect), primary_key=column.primary_key)
        for column in known.columns
    )
    return Table(name, MetaData(info=GUARDED), *plain)


def _plain(type_: TypeEngine[Any], *, dialect: str) -> TypeEngine[Any]:
    match _kind(type_):
        case Kind.BYTES:
            return LargeBinary()
        case Kind.BOOLEAN:
            return Boolean()
        case Kind.INTEGER:
            return BigInteger() if isinstance(type_, BigInteger) else Integer()
        case Kind.JSON if dialect == "postgresql":
            return _JsonText()
        case _:
            return String()


def _kind(type_: TypeEngine[Any]) -> Kind:
    if isinstance(type_, Moment):
        return Kind.TIME
    plain = type_.impl if isinstance(type_, TypeDecorator) else type_
    for base, kind in (
        (JSON, Kind.JSON),
        (LargeBinary, Kind.BYTES),
        (Boolean, Kind.BOOLEAN),
        (Integer, Kind.INTEGER),
    ):
        if isinstance(plain, base):
            return kind
    return Kind.TEXT


def _described(column: Column[Any]) -> StateColumn:
    of_type = frozenset(map(str, column.type.enumeration)) if isinstance(column.type, Choice) else None
    return StateColumn(
        name=str(column.name),
        kind=_kind(column.type),
        is_optional=bool(column.nullable),
        is_key=column.primary_key,
        choices=column.info.get("choices", of_type),
        read=column.type.read if isinstance(column.type, OrderDocument) else None,
        is_long=isinstance(column.type, BigInteger),
        default=json.loads(str(column.server_default.arg)) if column.server_default is not None else None,  # type: ignore[attr-defined]
    )


@cache
def _rows_of(name: str, dialect: str) -> Prepared:
    """Return the statement that reads a tenant's rows. It is written as text: a first start reads what it has created,
    and built from expressions the statements would take most of that time.
    """
    owner = "id" if name == "tenants" else "tenant_id"
    keys = ", ".join(f'"{column.name}"' for column in columns()[name] if column.is_key)
    return _read_statement(name, dialect, rest=f'FROM "{name}" AS own WHERE {owner} = :tenant ORDER BY {keys}')


@cache
def _rows_of_keys(name: str, dialect: str) -> Prepared:
    """Return the statement that reads those rows of a tenant whose keys are in `keys`, a JSON list of lists."""
    is_sqlite = dialect == "sqlite"
    given = "json_each(:keys) AS given" if is_sqlite else "json_array_elements(CAST(:keys AS JSON)) AS given(value)"
    described = [each for each in columns()[name] if each.is_key]
    conditions = ['own."tenant_id" = :tenant']
    for place, each in enumerate(described):
        value = f"json_extract(given.value, '$[{place}]')"
        if not is_sqlite:
            value = f"CAST(given.value ->> {place} AS {'BIGINT' if each.kind is Kind.INTEGER else 'VARCHAR'})"
        conditions.append(f'own."{each.name}" = {value}')
    # SQLite takes the tables of a CROSS JOIN in their order: a look into the index for each key.
    return _read_statement(
        name, dialect, rest=f'FROM {given} CROSS JOIN "{name}" AS own WHERE {" AND ".join(conditions)}'
    )


def _read_statement(name: str, dialect: str, *, rest: str) -> Prepared:
    described = columns()[name]
    values = ", ".join(
        f'CAST(own."{column.name}" AS TEXT) AS "{column.name}"'
        if column.kind is Kind.JSON and dialect == "postgresql"
        else f'own."{column.name}"'
        for column in described
    )
    types = (Boolean if state_column.kind is Kind.BOOLEAN else None for state_column in described)
    return Prepared(
        text(f"SELECT {values} {rest}").columns(
            *(column(state_column.name, kind) for state_column, kind in zip(described, types, strict=True))
        )
    )


@cache
def _counts() -> Prepared:
    """Return the question whether there is the tenant, and how many rows it has in each table."""
    numbers = (f'(SELECT count(*) FROM "{name}" WHERE tenant_id = :tenant)' for name in _STATE)  # noqa: S608
    statement = f"SELECT EXISTS (SELECT 1 FROM tenants WHERE id = :tenant), {', '.join(numbers)}"  # noqa: S608
    return Prepared(text(statement).columns(column("is_there"), *map(column, _STATE)))


@cache
def _removal(name: str, dialect: str) -> Delete:
    table = _plain_table(name, dialect)
    keys = [table.c[column.name] == bindparam(f"key_{column.name}") for column in columns()[name] if column.is_key]
    return delete(table).where(and_(of_tenant(table), *keys))


@cache
def _plain_put(name: str) -> str:
    """Return SQLite's INSERT that replaces, with the tenant's id and then the columns as parameters."""
    names = [f'"{column.name}"' for column in columns()[name]]
    keys = ", ".join(f'"{column.name}"' for column in _STATE[name].primary_key)
    changes = ", ".join(
        f'"{column.name}" = excluded."{column.name}"' for column in columns()[name] if not column.is_key
    )
    then = f"DO UPDATE SET {changes}" if changes else "DO NOTHING"
    parameters = ", ".join("?" * (len(names) + 1))
    return f'INSERT INTO "{name}" ("tenant_id", {", ".join(names)}) VALUES ({parameters}) ON CONFLICT ({keys}) {then}'  # noqa: S608


@cache
def _elsewhere(name: str, column: str) -> Select[Any]:
    table = _STATE[name]
    chosen = table.c[column].in_(bindparam("ids", expanding=True))
    elsewhere = select(table.c[column]).where(chosen, of_other_tenants(table))
    return across_tenants(elsewhere, "what no two rows of any tenants share")
