"""Named states of a tenant: kept, listed, restored and deleted; and the state that it had when it was created.

A snapshot is a row. Private keys are in no database: their files stay as long as a snapshot names them. The simulated
devices that the server hosts go along, in memory.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import orjson

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.operations.runtime import wire_across
from fauxtune.operations.runtime.dry_run import rolled_back
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import turn_of_state
from fauxtune.operations.tenants.deletion import check_present
from fauxtune.operations.tenants.keys import KeyFiles, remove_unnamed
from fauxtune.operations.tenants.replacing import Changes, Event, put_state
from fauxtune.operations.tenants.state_document import held_state, state_of
from fauxtune.storage.database import Connection
from fauxtune.storage.migrate import newest_revision
from fauxtune.storage.queries import tenants as queries
from fauxtune.storage.rows.tenants import SnapshotRow
from fauxtune.storage.tenant_state import Kind, Row, Rows, TenantState, columns, compare

# The state of a tenant as bytes that a snapshot stores: JSON, compressed. Nothing in them is executed when they are
# read.

#: The quickest: a state must be packed within milliseconds, and most of its bytes are keys, which no level shortens.
_LEVEL = 1


def packed(state: TenantState) -> bytes:
    """Return the state as bytes."""
    rows = {name: _texts(name, rows) for name, rows in state.rows.items() if rows}
    return zlib.compress(orjson.dumps({"tenant": state.tenant, "rows": rows}), _LEVEL)


def unpacked(content: bytes) -> TenantState:
    """Return the state that `packed` made into these bytes."""
    document = orjson.loads(zlib.decompress(content))
    rows: Rows = {name: _values(name, rows) for name, rows in document["rows"].items()}
    return TenantState(document["tenant"], rows)


@cache
def _places_of_bytes(name: str) -> tuple[int, ...]:
    return tuple(place for place, column in enumerate(columns()[name]) if column.kind is Kind.BYTES)


def _texts(name: str, rows: list[Row]) -> list[Row]:
    places = _places_of_bytes(name)
    if not places:
        return rows
    result = []
    for row in rows:
        values = list(row)
        for place in places:
            if values[place] is not None:
                values[place] = base64.b64encode(values[place]).decode()
        result.append(tuple(values))
    return result


def _values(name: str, rows: list[list[object]]) -> list[Row]:
    for row in rows:
        for place in _places_of_bytes(name):
            value = row[place]
            if isinstance(value, str):
                row[place] = base64.b64decode(value)
    return [tuple(row) for row in rows]


#: The snapshot of the tenant's beginning. No snapshot of a caller can have this name.
BEGINNING = "@beginning"
#: Snapshots of a tenant, and the bytes of all of them: a tenant of 50 devices takes about one MiB.
MOST, MOST_BYTES = 20, 64 * 1024 * 1024
#: A name is a part of URLs.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Restored:
    """The snapshot that was restored, and what changed."""

    snapshot: SnapshotRow
    changes: Changes


async def create_snapshot(emulator: Emulator, tenant: Tenant, *, name: str) -> SnapshotRow:
    """Keep the tenant's present state under a name. Raises Conflict when the name is taken, Invalid for what cannot be
    a name, and when there are too many snapshots.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(
            "A snapshot's name has 1 to 64 letters, digits, spaces, dots, hyphens and underscores, and begins with a "
            f"letter or digit; '{name[:100]}' cannot be a name.",
            target="name",
        )
    # The second of two that want one name is refused before it replaces the devices of the first.
    async with emulator.turns.across(turn_of_state(tenant)):
        return await _create(emulator, tenant, name=name)


async def _create(emulator: Emulator, tenant: Tenant, *, name: str) -> SnapshotRow:
    await emulator.runner.run(tenant, _check_room, name, size=0)
    saved = await emulator.device_host.snapshot(tenant.id)
    row, content = await _taken(emulator, tenant, name=name)
    emulator.hosted_snapshots.put(tenant.id, name, saved=saved)
    done = False
    try:
        await emulator.runner.run(tenant, _keep, row, content=content)
        done = True
    finally:
        if not done:
            emulator.hosted_snapshots.forget(tenant.id, name)
    return row


async def keep_beginning(emulator: Emulator, tenant: Tenant) -> None:
    """Keep the tenant's present state as its beginning, to which `reset` returns."""
    saved = await emulator.device_host.snapshot(tenant.id)
    row, content = await _taken(emulator, tenant, name=BEGINNING)
    emulator.hosted_snapshots.put(tenant.id, BEGINNING, saved=saved)
    await emulator.runner.run(tenant, _write, row, content=content)


def keep_beginning_of_new(tx: Transaction, *, files: KeyFiles) -> None:
    """Keep the beginning of a tenant in the transaction that makes it. It has no devices yet, and is small."""
    state = held_state(tx.connection, tx.tenant.id)
    content = packed(state)
    row = _row(tx.tenant, BEGINNING, size=len(content), state=state, files=files, now=(tx.system_now or tx.now, tx.now))
    queries.put_snapshot(tx.connection, row, packed=content)


async def list_snapshots(emulator: Emulator, tenant: Tenant) -> list[SnapshotRow]:
    """Return the tenant's snapshots, the oldest first."""
    rows = await emulator.runner.read(queries.snapshots_of, tenant.id)
    return [row for row in rows if row.name != BEGINNING]


async def find_snapshot(emulator: Emulator, tenant: Tenant, *, name: str) -> SnapshotRow:
    """Return a snapshot without its content. Raises NotFound."""
    return await emulator.runner.read(_found, tenant, name=_of_caller(name))


async def what_restoring_changes(emulator: Emulator, tenant: Tenant, *, name: str | None) -> Restored:
    """Return what would change if the snapshot were restored now (None: if the tenant were reset). Changes nothing."""
    row, state = await _content(emulator, tenant, name=BEGINNING if name is None else _of_caller(name))
    changes = await rolled_back(
        emulator.runner.database, lambda connection: compare(connection, tenant.id, wanted=state.rows)
    )
    if changes is None:
        raise NotFound(f"There is no tenant '{tenant.id}'.")
    return Restored(row, changes)


async def restore_snapshot(emulator: Emulator, tenant: Tenant, *, name: str) -> Restored:
    """Give the tenant the state of a snapshot. Raises NotFound, or Conflict for one of another version's tables."""
    event = Event("snapshotRestored", {"snapshot": name})
    async with emulator.turns.across(turn_of_state(tenant)):
        return await _restore(emulator, tenant, name=_of_caller(name), event=event)


async def reset(emulator: Emulator, tenant: Tenant) -> Restored:
    """Give the tenant the state that it had when it was created. What was recorded of its wire is dropped."""
    async with emulator.turns.across(turn_of_state(tenant)):
        restored = await _restore(emulator, tenant, name=BEGINNING, event=Event("tenantReset", {}))
    await wire_across.forget(emulator, tenant.id)
    return restored


async def edition_after_reset(emulator: Emulator, tenant: Tenant) -> Edition:
    """Return the edition that the tenant had when it was created, and has after a reset."""
    _, state = await _content(emulator, tenant, name=BEGINNING)
    return Edition(json.loads(state.tenant["settings"])["edition"])


async def delete_snapshot(emulator: Emulator, tenant: Tenant, *, name: str) -> None:
    """Delete a snapshot, and the private keys that only it names. Raises NotFound."""
    row = await emulator.runner.run(tenant, _delete, _of_caller(name))
    emulator.hosted_snapshots.forget(tenant.id, name)
    await remove_unnamed(emulator, tenant.id, files=KeyFiles(row.key_files["service"], row.key_files["connector"]))


def _of_caller(name: str) -> str:
    """Return the name. Raises NotFound for the beginning's, which is no snapshot of a caller."""
    if name == BEGINNING:
        raise NotFound(f"There is no snapshot '{name}'. The beginning is restored by a reset.")
    return name


async def _restore(emulator: Emulator, tenant: Tenant, *, name: str, event: Event) -> Restored:
    row, state = await _content(emulator, tenant, name=name)
    missing = await asyncio.to_thread(_missing_keys, emulator, row)
    if missing:
        raise Conflict(f"The key '{missing[0]}' of the snapshot is not in the data folder: it cannot be restored.")
    host = emulator.device_host
    # None checks in while the state is replaced.
    present = await host.snapshot(tenant.id)
    if present:
        await host.forget(tenant.id)
    done = False
    try:
        changes = await put_state(emulator, tenant, state=state, event=event)
        done = True
    finally:
        if present and not done:
            await host.restore(tenant.id, present)
            await check_present(emulator, tenant)
    saved = emulator.hosted_snapshots.get(tenant.id, row.name)
    if saved:
        await host.restore(tenant.id, saved)
        await check_present(emulator, tenant)
    return Restored(row, changes)


async def _taken(emulator: Emulator, tenant: Tenant, *, name: str) -> tuple[SnapshotRow, bytes]:
    state, files = await state_of(emulator, tenant)
    content = await asyncio.to_thread(packed, state)
    now = (emulator.runner.clock.now(), emulator.runner.now(tenant))
    return _row(tenant, name, size=len(content), state=state, files=files, now=now), content


def _row(
    tenant: Tenant, name: str, *, size: int, state: TenantState, files: KeyFiles, now: tuple[datetime, datetime]
) -> SnapshotRow:
    """Return the row of a snapshot. `now`: the system's time and the tenant's."""
    return SnapshotRow(
        tenant_id=tenant.id,
        name=name,
        created_at=now[0],
        tenant_time=now[1],
        revision=newest_revision(),
        size=size,
        counts={table: len(rows) for table, rows in state.rows.items() if rows},
        key_files={"service": sorted(set(files.service)), "connector": sorted(set(files.connector))},
    )


def _keep(tx: Transaction, row: SnapshotRow, *, content: bytes) -> None:
    _check_room(tx, row.name, size=row.size)
    queries.put_snapshot(tx.connection, row, packed=content)


def _write(tx: Transaction, row: SnapshotRow, *, content: bytes) -> None:
    queries.put_snapshot(tx.connection, row, packed=content)


def _check_room(tx: Transaction, name: str, *, size: int) -> None:
    rows = [row for row in queries.snapshots_of(tx.connection, tx.tenant.id) if row.name != BEGINNING]
    if any(row.name == name for row in rows):
        raise Conflict(f"There is a snapshot '{name}' already: delete it, or take another name.", target="name")
    if len(rows) >= MOST:
        raise Invalid(f"A tenant has at most {MOST} snapshots: delete one that is not needed.")
    if sum(row.size for row in rows) + size > MOST_BYTES:
        raise Invalid(
            f"The snapshots of a tenant take at most {MOST_BYTES // 1024 // 1024} MiB: delete one that is not needed."
        )


def _delete(tx: Transaction, name: str) -> SnapshotRow:
    row = _found(tx.connection, tx.tenant, name=name)
    queries.delete_snapshot(tx.connection, tx.tenant.id, name=name)
    return row


async def _content(emulator: Emulator, tenant: Tenant, *, name: str) -> tuple[SnapshotRow, TenantState]:
    row, content = await emulator.runner.read(_read, tenant, name=name)
    if row.revision != newest_revision():
        what = "The tenant's beginning" if name == BEGINNING else f"The snapshot '{name}'"
        raise Conflict(
            f"{what} was kept with revision {row.revision} of the database's tables, and now they have revision "
            f"{newest_revision()}: it cannot be restored. Delete it, and create one of the present state."
        )
    return row, await asyncio.to_thread(unpacked, content)


def _read(connection: Connection, tenant: Tenant, *, name: str) -> tuple[SnapshotRow, bytes]:
    row = _found(connection, tenant, name=name)
    content = queries.content(connection, tenant.id, name=name)
    assert content is not None
    return row, content


def _found(connection: Connection, tenant: Tenant, *, name: str) -> SnapshotRow:
    row = queries.snapshot(connection, tenant.id, name=name)
    if row is not None:
        return row
    if name == BEGINNING:
        raise Conflict(
            f"The state in which the tenant '{tenant.name}' was created is not known: it is older than this version. "
            "Create a snapshot of a state to which it shall return, and restore that."
        )
    known = [other.name for other in queries.snapshots_of(connection, tenant.id) if other.name != BEGINNING]
    raise NotFound(f"There is no snapshot '{name}'. There are: {', '.join(known) or 'none'}.")


def _missing_keys(emulator: Emulator, row: SnapshotRow) -> list[str]:
    return [name for name in row.key_files["service"] if not emulator.keys.has(name)] + [
        name for name in row.key_files["connector"] if not emulator.connector_keys.has(name)
    ]
