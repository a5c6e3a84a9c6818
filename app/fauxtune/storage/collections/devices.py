"""Managed devices."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.tables import enrollments, managed_devices


def _managed(tenant_id: TenantId) -> Select[Any]:
    columns = (managed_devices, enrollments.c.last_checkin_at, enrollments.c.variant)
    return (
        select(*columns)
        .join(enrollments, enrollments.c.id == managed_devices.c.enrollment_id)
        .where(managed_devices.c.tenant_id == tenant_id)
    )


DEVICES: dict[str, Collection] = {
    "managedDevices": Collection(
        statement=_managed,
        document=managed_devices.c.document,
        columns={
            "id": managed_devices.c.id,
            "lastSyncDateTime": func.coalesce(enrollments.c.last_checkin_at, enrollments.c.enrolled_at),
        },
        order=(enrollments.c.enrolled_at, managed_devices.c.id),
    ),
}
