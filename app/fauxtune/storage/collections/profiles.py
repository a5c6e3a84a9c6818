"""Profiles, and how they fare."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.odata import TYPE_COLUMN
from fauxtune.storage.tables import managed_devices, profile_states, profiles


def _statuses(tenant_id: TenantId) -> Select[Any]:
    columns = (profile_states, managed_devices.c.document.label("device"), managed_devices.c.id.label("device_id"))
    return (
        select(*columns)
        .join(managed_devices, managed_devices.c.enrollment_id == profile_states.c.enrollment_id)
        .where(profile_states.c.tenant_id == tenant_id)
    )


def _of_device(name: str) -> ColumnElement[Any]:
    found: ColumnElement[Any] = managed_devices.c.document[name].as_string()
    return found


PROFILES: dict[str, Collection] = {
    "deviceConfigurations": Collection(
        statement=lambda tenant_id: select(profiles).where(profiles.c.tenant_id == tenant_id),
        document=profiles.c.document,
        columns={"id": profiles.c.id, "version": profiles.c.version, TYPE_COLUMN: profiles.c.kind},
        order=(profiles.c.created_at, profiles.c.id),
    ),
    "deviceStatuses": Collection(
        statement=_statuses,
        document=managed_devices.c.document,
        columns={
            "status": profile_states.c.status,
            "lastReportedDateTime": profile_states.c.reported_at,
            "deviceDisplayName": _of_device("deviceName"),
            "userName": _of_device("userDisplayName"),
            "deviceModel": _of_device("model"),
            "userPrincipalName": _of_device("userPrincipalName"),
        },
        order=(managed_devices.c.id,),
        parent=profile_states.c.profile_id,
    ),
}
