"""Device categories, and the counts of devices that a tenant's overview shows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.storage import rows
from fauxtune.storage.tables import device_categories, enrollments, managed_devices

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
    rows.add(connection, device_categories, tenant_id=tenant_id, **values)


def change_category(connection: Connection, tenant_id: TenantId, *, category_id: str, **values: Any) -> None:
    """Change columns of a category."""
    rows.change(connection, device_categories, where={"tenant_id": tenant_id, "id": category_id}, values=values)


def delete_category(connection: Connection, tenant_id: TenantId, *, category_id: str) -> None:
    """Drop a category; its devices are in none from now on."""
    rows.remove(connection, device_categories, tenant_id=tenant_id, id=category_id)
    rows.change(
        connection,
        managed_devices,
        where={"tenant_id": tenant_id, "category_id": category_id},
        values={"category_id": None},
    )


def devices_of_category(connection: Connection, tenant_id: TenantId, *, category_id: str) -> list[EnrollmentId]:
    """The enrolments whose records are in this category."""
    statement = select(managed_devices.c.enrollment_id).where(
        managed_devices.c.tenant_id == tenant_id, managed_devices.c.category_id == category_id
    )
    found = connection.execute(statement.order_by(managed_devices.c.enrollment_id)).scalars()
    return [EnrollmentId(each) for each in found]


def put_into_category(connection: Connection, tenant_id: TenantId, *, device_id: str, category_id: str | None) -> None:
    """The record's category."""
    where = {"tenant_id": tenant_id, "id": device_id}
    rows.change(connection, managed_devices, where=where, values={"category_id": category_id})


def counts_by_variant(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """How many devices of each kind have a record."""
    statement = (
        select(enrollments.c.variant, func.count())
        .join(managed_devices, managed_devices.c.enrollment_id == enrollments.c.id)
        .where(managed_devices.c.tenant_id == tenant_id)
        .group_by(enrollments.c.variant)
    )
    return {str(variant): int(number) for variant, number in connection.execute(statement)}


def makes_and_models(connection: Connection, tenant_id: TenantId) -> tuple[list[str], list[str]]:
    """The manufacturers and the models of the devices, each once."""
    found = []
    for name in ("manufacturer", "model"):
        value = managed_devices.c.document[name].as_string()
        statement = select(value).where(managed_devices.c.tenant_id == tenant_id).distinct()
        found.append(sorted(each for each in connection.execute(statement).scalars() if each))
    return found[0], found[1]
