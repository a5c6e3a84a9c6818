"""Device categories, and the records that are put into them."""

from __future__ import annotations

from typing import Unpack

from sqlalchemy import Connection

from fauxtune.core.model.ids import DeviceCategoryId, ManagedDeviceId, TenantId
from fauxtune.storage import writes
from fauxtune.storage.reads import first
from fauxtune.storage.rows.devices import DeviceCategoryChanges, DeviceCategoryRow
from fauxtune.storage.tables import device_categories, managed_devices
from fauxtune.storage.tenancy import rows_of


def category(connection: Connection, tenant_id: TenantId, *, category_id: DeviceCategoryId) -> DeviceCategoryRow | None:
    """Return the category with this id, in any case."""
    statement = rows_of(device_categories, tenant_id).where(device_categories.c.id == category_id.lower())
    return first(connection, statement, row=DeviceCategoryRow)


def category_named(connection: Connection, tenant_id: TenantId, *, name: str) -> DeviceCategoryRow | None:
    """Return the category with this displayName, in this case."""
    statement = rows_of(device_categories, tenant_id).where(device_categories.c.display_name == name)
    return first(connection, statement, row=DeviceCategoryRow)


def add_category(connection: Connection, row: DeviceCategoryRow) -> None:
    """Insert a category."""
    writes.add_row(connection, device_categories, row=row)


def change_category(
    connection: Connection,
    tenant_id: TenantId,
    *,
    category_id: DeviceCategoryId,
    **changes: Unpack[DeviceCategoryChanges],
) -> None:
    """Change columns of a category."""
    writes.change(connection, device_categories, where={"tenant_id": tenant_id, "id": category_id}, values=changes)


def delete_category(connection: Connection, tenant_id: TenantId, *, category_id: DeviceCategoryId) -> None:
    """Drop a category; its devices have no category from now on."""
    writes.remove(connection, device_categories, tenant_id=tenant_id, id=category_id)
    writes.change(
        connection,
        managed_devices,
        where={"tenant_id": tenant_id, "category_id": category_id},
        values={"category_id": None},
    )


def put_into_category(
    connection: Connection,
    tenant_id: TenantId,
    *,
    managed_device_id: ManagedDeviceId,
    category_id: DeviceCategoryId | None,
) -> None:
    """Write the record's category; None: it has no category."""
    where = {"tenant_id": tenant_id, "id": managed_device_id}
    writes.change(connection, managed_devices, where=where, values={"category_id": category_id})
