"""Scope tags with the groups whose devices get them, and device categories with the records that are put into them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from sqlalchemy import Connection, func, select

from fauxtune.core.model.ids import DeviceCategoryId, ManagedDeviceId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage import reads, writes
from fauxtune.storage.reads import first
from fauxtune.storage.rows.devices import DeviceCategoryChanges, DeviceCategoryRow
from fauxtune.storage.rows.tenants import RoleScopeTagAssignmentRow, RoleScopeTagRow
from fauxtune.storage.tables import device_categories, managed_devices, role_scope_tag_assignments, role_scope_tags
from fauxtune.storage.tenancy import of_tenant, rows_of


def tag(connection: Connection, tenant_id: TenantId, *, tag_id: str) -> RoleScopeTagRow | None:
    """Return the tag with this id."""
    rows = tags(connection, tenant_id, ids=[tag_id])
    return rows[0] if rows else None


def tags(connection: Connection, tenant_id: TenantId, *, ids: Iterable[str]) -> list[RoleScopeTagRow]:
    """Return those of these tags that exist, in the order of their numbers."""
    statement = rows_of(role_scope_tags, tenant_id).where(role_scope_tags.c.id.in_(list(ids)))
    return reads.every(connection, statement.order_by(role_scope_tags.c.number), row=RoleScopeTagRow)


def tag_named(connection: Connection, tenant_id: TenantId, *, name: str) -> RoleScopeTagRow | None:
    """Return the tag with this name, in any case."""
    display_name = func.lower(role_scope_tags.c.document["displayName"].as_string())
    statement = rows_of(role_scope_tags, tenant_id).where(display_name == name.lower())
    return reads.first(connection, statement, row=RoleScopeTagRow)


def last_number(connection: Connection, tenant_id: TenantId) -> int:
    """Return the highest number of a tag; -1 where there is no tag."""
    highest = func.coalesce(func.max(role_scope_tags.c.number), -1)
    statement = select(highest).where(of_tenant(role_scope_tags, tenant_id))
    return int(connection.execute(statement).scalar_one())


def add_tag(connection: Connection, row: RoleScopeTagRow) -> None:
    """Add a tag."""
    writes.add_row(connection, role_scope_tags, row=row)


def change_tag(connection: Connection, tenant_id: TenantId, *, tag_id: str, document: JsonObject) -> None:
    """Replace the tag's document."""
    where = {"tenant_id": tenant_id, "id": tag_id}
    writes.change(connection, role_scope_tags, where=where, values={"document": document})


def delete_tag(connection: Connection, tenant_id: TenantId, *, tag_id: str) -> None:
    """Delete the tag and its assignments."""
    writes.remove(connection, role_scope_tag_assignments, tenant_id=tenant_id, tag_id=tag_id)
    writes.remove(connection, role_scope_tags, tenant_id=tenant_id, id=tag_id)


def replace_assignments(
    connection: Connection, tenant_id: TenantId, *, tag_id: str, documents: list[JsonObject]
) -> None:
    """Replace all assignments of a tag, in this order."""
    writes.remove(connection, role_scope_tag_assignments, tenant_id=tenant_id, tag_id=tag_id)
    rows = [
        RoleScopeTagAssignmentRow(tenant_id, tag_id, document["id"], position, document)
        for position, document in enumerate(documents)
    ]
    writes.add_rows(connection, role_scope_tag_assignments, rows=rows)


def assignments_of(connection: Connection, tenant_id: TenantId, *, tag_id: str) -> list[JsonObject]:
    """Return the documents of a tag's assignments, in order."""
    of_tag = (of_tenant(role_scope_tag_assignments, tenant_id), role_scope_tag_assignments.c.tag_id == tag_id)
    statement = select(role_scope_tag_assignments.c.document).where(*of_tag)
    return list(connection.execute(statement.order_by(role_scope_tag_assignments.c.position)).scalars())


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
