"""Snapshots of tenants."""

from __future__ import annotations

from sqlalchemy import Connection, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.snapshots import SnapshotContent, SnapshotRow
from fauxtune.storage.tables import snapshots
from fauxtune.storage.tenancy import of_tenant

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
