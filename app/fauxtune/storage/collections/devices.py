"""Managed devices, and the categories that they are put into."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import BindParameter, Select, and_, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.rows.devices import DeviceCategoryRow, JoinedDeviceRow
from fauxtune.storage.tables import device_categories, enrollments, managed_devices
from fauxtune.storage.tenancy import of_tenant, rows_of, same_tenant

#: What a device without a category shows in its place.
NO_CATEGORY = "Unknown"


#: Joins a device's record with its category, whose name the record does not hold.
CATEGORY = and_(
    same_tenant(device_categories, managed_devices),
    device_categories.c.id == managed_devices.c.category_id,
)
CATEGORY_NAME = device_categories.c.display_name.label("category_name")


def managed(tenant_id: TenantId | BindParameter[TenantId]) -> Select[Any]:
    """Records with what their enrolment and their category know: outer joins, which a count can leave out."""
    columns = (
        managed_devices,
        enrollments.c.last_checkin_at,
        enrollments.c.variant,
        enrollments.c.state.label("enrollment_state"),
        CATEGORY_NAME,
    )
    return (
        select(*columns)
        .join(enrollments, enrollments.c.id == managed_devices.c.enrollment_id, isouter=True)
        .join(device_categories, CATEGORY, isouter=True)
        .where(of_tenant(managed_devices, tenant_id))
    )


def _of_users(tenant_id: TenantId, user_ids: Sequence[str]) -> Select[Any]:
    held = managed_devices.c.user_id
    return managed(tenant_id).where(held.in_(user_ids)).add_columns(held.label("part_of"))


def _of_user(tenant_id: TenantId, user_id: str) -> Select[Any]:
    return managed(tenant_id).where(managed_devices.c.user_id == user_id)


MANAGED_DEVICES: Collection[JoinedDeviceRow] = Collection(
    row=lambda values: JoinedDeviceRow(*values),
    statement=managed,
    document=managed_devices.c.document,
    columns={
        "id": managed_devices.c.id,
        "lastSyncDateTime": func.coalesce(enrollments.c.last_checkin_at, managed_devices.c.enrolled_at),
        "deviceCategoryDisplayName": func.coalesce(device_categories.c.display_name, NO_CATEGORY),
        "userId": managed_devices.c.user_id,
        "deviceName": managed_devices.c.device_name,
        "operatingSystem": managed_devices.c.operating_system,
        "complianceState": managed_devices.c.compliance_state,
        "managementAgent": managed_devices.c.management_agent,
        "managedDeviceOwnerType": managed_devices.c.owner_type,
        "ownerType": managed_devices.c.owner_type,
        "userPrincipalName": managed_devices.c.user_principal_name,
        "serialNumber": managed_devices.c.serial_number,
        "azureADDeviceId": managed_devices.c.azure_ad_device_id,
        "azureActiveDirectoryDeviceId": managed_devices.c.azure_ad_device_id,
        "enrolledDateTime": managed_devices.c.enrolled_at,
    },
    order=(managed_devices.c.enrolled_at, managed_devices.c.id),
    within=_of_user,
    of_many=_of_users,
)

DEVICE_CATEGORIES: Collection[DeviceCategoryRow] = Collection(
    row=lambda values: DeviceCategoryRow(*values),
    statement=partial(rows_of, device_categories),
    document=device_categories.c.document,
    columns={"id": device_categories.c.id, "displayName": device_categories.c.display_name},
    order=(device_categories.c.created_at, device_categories.c.id),
)
