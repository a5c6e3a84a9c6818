"""Counts of how profiles fare: by device, by user, in the whole tenant. As in lists, of devices that have a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.states import ProfileStatus
from fauxtune.storage.collections.statuses import DEVICE_STATUSES, USER_STATUSES, worst
from fauxtune.storage.queries.collections import whole
from fauxtune.storage.queries.concern import entitled
from fauxtune.storage.tables import enrollments, managed_devices, profile_states, profiles

Row = dict[str, Any]

#: As many ids as one statement can well name.
_CHUNK = 500


def device_counts(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> dict[str, int]:
    """How many devices have each status of a profile, those that have still to plan with it among the pending."""
    return _grouped(connection, whole(connection, tenant_id, collection=DEVICE_STATUSES, parent=profile_id))


def user_counts(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> dict[str, int]:
    """How many users have each status of a profile: that of the device where it fares worst."""
    return _grouped(connection, whole(connection, tenant_id, collection=USER_STATUSES, parent=profile_id))


def device_summary(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """How many devices have each status: that of the profile that fares worst there."""
    statement = _known(tenant_id, select(worst(profile_states.c.status).label("status")))
    return _grouped(connection, statement.group_by(profile_states.c.enrollment_id))


def user_summary(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """How many users have each status: that of the profile that fares worst on any of their devices."""
    return _grouped(connection, _users(tenant_id))


def reached_devices(connection: Connection, tenant_id: TenantId, *, ids: Sequence[EnrollmentId]) -> dict[str, int]:
    """By variant: how many of these devices there are. A device whose user is gone or has no licence is given nothing,
    and is not counted.
    """
    found: dict[str, int] = {}
    counted = (
        select(enrollments.c.variant, func.count())
        .select_from(enrollments)
        .where(enrollments.c.tenant_id == tenant_id)
        .group_by(enrollments.c.variant)
    )
    statement = entitled(counted)
    for start in range(0, len(ids), _CHUNK):
        for variant, number in connection.execute(statement.where(enrollments.c.id.in_(ids[start : start + _CHUNK]))):
            found[variant] = found.get(variant, 0) + number
    return found


def conflicts(connection: Connection, tenant_id: TenantId) -> list[Row]:
    """The profiles that are in conflict with others: "profile_id", "name", "kind", and on how many "devices"."""
    name = profiles.c.document["displayName"].as_string()
    columns = (profiles.c.id.label("profile_id"), name.label("name"), profiles.c.kind)
    same = and_(profiles.c.tenant_id == profile_states.c.tenant_id, profiles.c.id == profile_states.c.profile_id)
    statement = (
        _known(tenant_id, select(*columns, func.count().label("devices")))
        .join(profiles, same)
        .where(profile_states.c.status == ProfileStatus.CONFLICT.value)
        .group_by(profiles.c.id, name, profiles.c.kind)
        .order_by(profiles.c.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def _known(tenant_id: TenantId, statement: Select[Any]) -> Select[Any]:
    """States on devices that have a record."""
    has_record = managed_devices.c.enrollment_id == profile_states.c.enrollment_id
    return statement.select_from(profile_states.join(managed_devices, has_record)).where(
        profile_states.c.tenant_id == tenant_id
    )


def _users(tenant_id: TenantId) -> Select[Any]:
    statement = _known(tenant_id, select(worst(profile_states.c.status).label("status")))
    return statement.where(managed_devices.c.user_id.is_not(None)).group_by(managed_devices.c.user_id)


def _grouped(connection: Connection, statement: Select[Any]) -> dict[str, int]:
    each = statement.subquery()
    found = connection.execute(select(each.c.status, func.count()).group_by(each.c.status))
    return {row[0]: row[1] for row in found}
