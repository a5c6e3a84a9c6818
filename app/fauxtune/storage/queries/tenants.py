"""Tenants, their journal, and their snapshots. Applications are in `applications`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, TypeAlias

import orjson
from sqlalchemy import (
    Connection,
    Delete,
    RowMapping,
    String,
    Table,
    bindparam,
    case,
    cast,
    column,
    delete,
    func,
    or_,
    select,
    text,
    update,
)

from fauxtune.core.clock import ClockMode, TenantClock
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import MOST_CONNECTOR_EVENTS, MOST_JOURNAL, Deterministic, Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import tables, writes
from fauxtune.storage.queries.locks import hold_for_deletion
from fauxtune.storage.queries.logs import forget_oldest
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.certificates import ConnectorEventRow
from fauxtune.storage.rows.tenants import JournalRow, SnapshotContent, SnapshotRow
from fauxtune.storage.tables import journal, metadata, snapshots, tenants
from fauxtune.storage.tenancy import of_tenant, rows_of

# Every change asks for numbers; built once, for building a statement costs more than running it.
_NEXT_NUMBERS = Prepared(
    update(tenants)
    .where(tenants.c.id == bindparam("tenant"))
    .values(
        journal_seq=tenants.c.journal_seq + bindparam("events"),
        connector_seq=tenants.c.connector_seq + bindparam("connector_events"),
    )
    .returning(tenants.c.journal_seq, tenants.c.connector_seq)
)


_NEXT_EXCHANGE = (
    update(tenants)
    .where(tenants.c.id == bindparam("tenant"))
    .values(exchanges=tenants.c.exchanges + 1)
    .returning(tenants.c.exchanges)
)
_NAMED = Prepared(
    select(tenants.c.id, tenants.c.name, tenants.c.domain).where(
        or_(
            tenants.c.id.in_(bindparam("keys", expanding=True)),
            func.lower(tenants.c.name).in_(bindparam("keys", expanding=True)),
            tenants.c.domain.in_(bindparam("keys", expanding=True)),
        )
    )
)
#: The tables that other transactions write once they hold the tenant's row (`locks`).
_AFTER_THE_TENANT = ("directory_changes", "directory_tracking", "fault_rules", "notifications", "tenant_versions")
_DELETION = delete(tenants).where(tenants.c.id == bindparam("tenant"))


@cache
def _of_tenants() -> tuple[str, ...]:
    """Return the names of the tables whose rows belong to tenants."""
    return tuple(str(name) for name, table in metadata.tables.items() if "tenant_id" in table.c)


@cache
def _tables_used() -> Prepared:
    """Return the question in which tables a tenant has rows. It is written as text: a first start asks it, and built
    from expressions it would take that start 50 ms.
    """
    questions = (f'EXISTS (SELECT 1 FROM "{name}" WHERE tenant_id = :tenant)' for name in _of_tenants())  # noqa: S608
    return Prepared(text(f"SELECT {', '.join(questions)}").columns(*map(column, _of_tenants())))


@cache
def _deletion_of(name: str) -> Delete:
    """Return the statement that deletes a tenant's rows of a table."""
    table = metadata.tables[name]
    return delete(table).where(of_tenant(table))


def all_tenants(connection: Connection) -> list[Tenant]:
    """Return every tenant, oldest first."""
    rows = connection.execute(select(tenants).order_by(tenants.c.created_at, tenants.c.id)).mappings()
    return [tenant_of(row) for row in rows]


def tenants_with(connection: Connection, switch: str) -> list[Tenant]:
    """Return the two oldest tenants that have turned this setting on."""
    statement = select(tenants).where(tenants.c.settings[switch].as_boolean())
    rows = connection.execute(statement.order_by(tenants.c.created_at, tenants.c.id).limit(2)).mappings()
    return [tenant_of(row) for row in rows]


def tenants_with_any(connection: Connection, switches: Collection[str]) -> list[TenantId]:
    """Return the ids of the tenants that have turned one of these settings on."""
    is_on = or_(*(tenants.c.settings[switch].as_boolean() for switch in switches))
    return list(connection.execute(select(tenants.c.id).where(is_on)).scalars())


def deterministic_tenants(connection: Connection) -> list[TenantId]:
    """Return the ids of the tenants whose chance comes from a number."""
    return list(connection.execute(select(tenants.c.id).where(tenants.c.number.is_not(None))).scalars())


def number_exchange(connection: Connection, tenant_id: TenantId) -> int | None:
    """Return the number of the next request of a deterministic tenant; None if it does not exist any more."""
    return connection.execute(_NEXT_EXCHANGE, {"tenant": tenant_id}).scalar_one_or_none()


def tenant_by_key(connection: Connection, key: str) -> Tenant | None:
    """Return the tenant with this id, name or domain, in any case."""
    folded = key.lower()
    statement = select(tenants).where(
        or_(tenants.c.id == folded, func.lower(tenants.c.name) == folded, tenants.c.domain == folded)
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else tenant_of(row)


def taken_key(connection: Connection, keys: Sequence[str]) -> str | None:
    """Return the first of these keys that is the id, the name or the domain of a tenant, in any case."""
    folded = [key.lower() for key in keys]
    rows = _NAMED.every(connection, {"keys": folded})
    taken = {str(name).lower() for row in rows for name in row}
    return next((key for key in keys if key.lower() in taken), None)


def tenant_to_change(connection: Connection, tenant_id: TenantId) -> Tenant | None:
    """Return the tenant, locked against other changes until the transaction ends."""
    row = connection.execute(select(tenants).where(tenants.c.id == tenant_id).with_for_update()).mappings().first()
    return None if row is None else tenant_of(row)


def add_tenant(connection: Connection, tenant: Tenant) -> None:
    """Add a tenant; its name and domain must be free."""
    writes.add_all(
        connection, tenants, rows=[{**_values(tenant), "journal_seq": 0, "connector_seq": 0, "exchanges": 0}]
    )


def change_tenant(connection: Connection, tenant: Tenant) -> None:
    """Write the tenant's clock and settings."""
    writes.change(connection, tenants, where={"id": tenant.id}, values=_values(tenant))


def delete_tenant(connection: Connection, tenant_id: TenantId) -> None:
    """Delete the tenant and everything that belongs to it, also what others insert meanwhile."""
    if connection.dialect.name == "postgresql":
        _delete_rows(connection, tenant_id, but=_AFTER_THE_TENANT)
        hold_for_deletion(connection, tenant_id)
    _delete_rows(connection, tenant_id)
    connection.execute(_DELETION, {"tenant": tenant_id})


def _delete_rows(connection: Connection, tenant_id: TenantId, *, but: Collection[str] = ()) -> None:
    for name in tables_with_rows(connection, tenant_id):
        if name not in but:
            connection.execute(_deletion_of(name), {"tenant": tenant_id})


def tables_with_rows(connection: Connection, tenant_id: TenantId) -> list[str]:
    """Return the names of the tables that have rows which belong to the tenant: one statement, where most tables have
    none.
    """
    (row,) = _tables_used().every(connection, {"tenant": tenant_id})
    return [name for name, is_used in zip(_of_tenants(), row, strict=True) if is_used]


def add_events(
    connection: Connection,
    tenant_id: TenantId,
    *,
    events: Sequence[JournalRow] = (),
    connector_events: Sequence[ConnectorEventRow] = (),
    numbered: bool = True,
) -> int:
    """Add events of the journal and of the connectors' log under the tenant's next numbers; return the journal's last
    one. The oldest of too many go. If it is to be `numbered` without events, one number is left out. Call it last: it
    holds the tenant's row until the commit. Raises NotFound if the tenant was deleted meanwhile.
    """
    counts = {"events": max(int(numbered), len(events)), "connector_events": len(connector_events)}
    last = _NEXT_NUMBERS.first(connection, {"tenant": tenant_id, **counts})
    if last is None:
        raise NotFound("The tenant was deleted meanwhile; nothing was changed.")
    of_journal, of_connectors = last
    writes.add_rows(connection, journal, rows=events, seq=_numbers(of_journal, events))
    numbers = _numbers(of_connectors, connector_events)
    writes.add_rows(connection, tables.connector_events, rows=connector_events, number=numbers)
    forget_oldest(
        connection,
        journal,
        numbered_by="seq",
        tenant_id=tenant_id,
        last=of_journal,
        added=counts["events"],
        most=MOST_JOURNAL,
    )
    forget_oldest(
        connection,
        tables.connector_events,
        numbered_by="number",
        tenant_id=tenant_id,
        last=of_connectors,
        added=counts["connector_events"],
        most=MOST_CONNECTOR_EVENTS,
    )
    return int(of_journal)


def _numbers(last: int, rows: Sequence[object]) -> range:
    """Return the numbers of rows of which the last has this one."""
    return range(last - len(rows) + 1, last + 1)


def events(
    connection: Connection,
    tenant_id: TenantId,
    *,
    after: int,
    types: tuple[str, ...] = (),
    device: str | None = None,
    limit: int = 1000,
) -> list[JournalRow]:
    """Return the events after a number, in their order."""
    statement = rows_of(journal, tenant_id).where(journal.c.seq > after)
    if types:
        statement = statement.where(journal.c.type.in_(types))
    if device is not None:
        statement = statement.where(journal.c.device == device)
    return every(connection, statement.order_by(journal.c.seq).limit(limit), row=JournalRow)


#: What the marks of certificates need of an event: its number, type and user, the certificate that it names, and its
#: detail if that was asked for.
NamingEvent: TypeAlias = "tuple[int, str, str | None, JsonObject | None, JsonObject | None]"


def events_of_certificates(
    connection: Connection, tenant_id: TenantId, *, after: int, also: tuple[str, ...], certificates: bool, limit: int
) -> list[NamingEvent]:
    """Return the events after a number that name a certificate, unless these are not wanted, and those of the types
    `also`, with their details; in their order.
    """
    values = {"tenant": tenant_id, "after": after, "also": also, "most": limit}
    rows = _naming(certificates=certificates).every(connection, values)
    if not rows:
        return []
    numbers, types, users, named, details = zip(*rows, strict=True)
    return list(zip(numbers, types, users, _read_at_once(named), _read_at_once(details), strict=True))


@cache
def _naming(*, certificates: bool) -> Prepared:
    # JSON as text: all of a column is read at once, and a detail only where it is wanted.
    others, detail = journal.c.type.in_(bindparam("also", expanding=True)), cast(journal.c.detail, String)
    named, certificate = journal.c.certificate.is_not(None), cast(journal.c.certificate, String)
    return Prepared(
        select(journal.c.seq, journal.c.type, journal.c.user, certificate, case((others, detail), else_=None))
        .where(
            of_tenant(journal, bindparam("tenant")),
            journal.c.seq > bindparam("after"),
            or_(named, others) if certificates else others,
        )
        .order_by(journal.c.seq)
        .limit(bindparam("most"))
    )


def _read_at_once(texts: Sequence[str | None]) -> list[JsonObject | None]:
    """Return the values of texts of JSON; those of equal texts are one value."""
    different = list(dict.fromkeys(text for text in texts if text))
    values: dict[str | None, JsonObject] = dict(zip(different, orjson.loads(f"[{','.join(different)}]"), strict=True))
    return [values.get(text) for text in texts]


def newest_events(
    connection: Connection,
    tenant_id: TenantId,
    *,
    before: int | None = None,
    types: tuple[str, ...] = (),
    device: str | None = None,
    user: str | None = None,
    limit: int,
) -> list[JournalRow]:
    """Return the newest events, those with a number below `before` if it is given; the newest first."""
    statement = rows_of(journal, tenant_id)
    if before is not None:
        statement = statement.where(journal.c.seq < before)
    if types:
        statement = statement.where(journal.c.type.in_(types))
    for named, value in ((journal.c.device, device), (journal.c.user, user)):
        if value is not None:
            statement = statement.where(named == value)
    return every(connection, statement.order_by(journal.c.seq.desc()).limit(limit), row=JournalRow)


def row_counts(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Return the number of rows of the tenant in each table."""
    counts = {}
    for name, table in tables.metadata.tables.items():
        counts[name] = _count(connection, table, tenant_id=tenant_id)
    return counts


def _count(connection: Connection, table: Table, *, tenant_id: TenantId) -> int:
    ours = of_tenant(table, tenant_id) if "tenant_id" in table.c else table.c.id == tenant_id
    return connection.execute(select(func.count()).select_from(table).where(ours)).scalar_one()


def tenant_of(row: RowMapping) -> Tenant:
    """Return the tenant of a row."""
    return Tenant(
        id=TenantId(row["id"]),
        name=row["name"],
        domain=row["domain"],
        created_at=row["created_at"],
        ca_host=row["ca_host"],
        ca_name=row["ca_name"],
        public_http_url=row["public_http_url"],
        clock=TenantClock(
            mode=ClockMode(row["clock_mode"]),
            frozen_at=row["clock_frozen_at"],
            offset=timedelta(microseconds=row["clock_offset"]),
        ),
        settings=dict(row["settings"]),
        keys=row["keys"],
        deterministic=None
        if row["number"] is None
        else Deterministic(row["number"], timedelta(microseconds=row["tick"])),
    )


def _values(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "domain": tenant.domain,
        "created_at": tenant.created_at,
        "ca_host": tenant.ca_host,
        "ca_name": tenant.ca_name,
        "public_http_url": tenant.public_http_url,
        "clock_mode": tenant.clock.mode.value,
        "clock_frozen_at": tenant.clock.frozen_at,
        "clock_offset": tenant.clock.offset // timedelta(microseconds=1),
        "settings": dict(tenant.settings),
        "keys": tenant.keys,
        "number": None if tenant.deterministic is None else tenant.deterministic.number,
        "tick": 0 if tenant.deterministic is None else tenant.deterministic.tick // timedelta(microseconds=1),
    }


_SNAPSHOTS = select(*(column for column in snapshots.columns if column.name != "content"))
_KEY_FILES = select(snapshots.c.key_files).where(of_tenant(snapshots))


def snapshots_of(connection: Connection, tenant_id: TenantId) -> list[SnapshotRow]:
    """Return all snapshots of the tenant, the oldest first."""
    statement = _SNAPSHOTS.where(of_tenant(snapshots, tenant_id))
    return every(connection, statement.order_by(snapshots.c.created_at, snapshots.c.name), row=SnapshotRow)


def snapshot(connection: Connection, tenant_id: TenantId, *, name: str) -> SnapshotRow | None:
    """Return the snapshot of this name."""
    statement = _SNAPSHOTS.where(of_tenant(snapshots, tenant_id), snapshots.c.name == name)
    return first(connection, statement, row=SnapshotRow)


def content(connection: Connection, tenant_id: TenantId, *, name: str) -> bytes | None:
    """Return what the snapshot of this name contains."""
    statement = select(snapshots.c.content).where(of_tenant(snapshots, tenant_id), snapshots.c.name == name)
    row = first(connection, statement, row=SnapshotContent)
    return None if row is None else row.content


def key_files(connection: Connection, tenant_id: TenantId) -> list[dict[str, list[str]]]:
    """Return the names of the private keys of each of the tenant's snapshots, by `service` and `connector`."""
    return list(connection.execute(_KEY_FILES, {"tenant": tenant_id}).scalars())


def put_snapshot(connection: Connection, row: SnapshotRow, *, packed: bytes) -> None:
    """Write a snapshot, in place of one of the same name."""
    writes.put(connection, snapshots, rows=[{**writes.values_of(row), "content": packed}])


def delete_snapshot(connection: Connection, tenant_id: TenantId, *, name: str) -> int:
    """Delete a snapshot; return how many there were."""
    return writes.remove(connection, snapshots, tenant_id=tenant_id, name=name)
