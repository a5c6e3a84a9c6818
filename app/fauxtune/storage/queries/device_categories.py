"""Device categories, and the records that are put into them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.tables import device_categories, managed_devices

Row = dict[str, Any]


def category(connection: Connection, tenant_id: TenantId, *, category_id: str) -> Row | None:
    """The category with this id."""
    statement = select(device_categories).where(
        device_categories.c.tenant_id == tenant_id, device_categories.c.id == category_id.lower()
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else dict(row)


def category_named(connection: Connection, tenant_id: TenantId, *, name: str) -> Row | None:
    """The category with this displayName, as it is written."""
    statement = select(device_categories).where(
        device_categories.c.tenant_id == tenant_id, device_categories.c.display_name == name
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else dict(row)


def add_category(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new category."""
    writes.add(connection, device_categories, tenant_id=tenant_id, **values)


def change_category(connection: Connection, tenant_id: TenantId, *, category_id: str, **values: Any) -> None:
    """Change columns of a category."""
    writes.change(connection, device_categories, where={"tenant_id": tenant_id, "id": category_id}, values=values)


def delete_category(connection: Connection, tenant_id: TenantId, *, category_id: str) -> None:
    """Drop a category; its devices are in none from now on."""
    writes.remove(connection, device_categories, tenant_id=tenant_id, id=category_id)
    writes.change(
        connection,
        managed_devices,
        where={"tenant_id": tenant_id, "category_id": category_id},
        values={"category_id": None},
    )


def put_into_category(connection: Connection, tenant_id: TenantId, *, device_id: str, category_id: str | None) -> None:
    """The record's category."""
    where = {"tenant_id": tenant_id, "id": device_id}
    writes.change(connection, managed_devices, where=where, values={"category_id": category_id})
