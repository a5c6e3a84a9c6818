"""Counts of profiles' statuses by device, by user and in the whole tenant. As in lists, of devices with a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ProfileStatus
from fauxtune.storage import reads
from fauxtune.storage.collections.statuses import DEVICE_STATUSES, USER_STATUSES, worst
from fauxtune.storage.queries.collections import whole
from fauxtune.storage.queries.concern import entitled
from fauxtune.storage.rows.configuration import ProfileConflictRow
from fauxtune.storage.tables import enrollments, managed_devices, profile_states, profiles

#: The most ids in one statement.
_CHUNK = 500


def device_counts(connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId) -> dict[str, int]:
    """Count the devices by their status of a profile; those that have still to plan with it are pending."""
    return _grouped(connection, whole(connection, tenant_id, collection=DEVICE_STATUSES, parent=profile_id))


def user_counts(connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId) -> dict[str, int]:
    """Count the users by their status of a profile: the worst on any of their devices."""
    return _grouped(connection, whole(connection, tenant_id, collection=USER_STATUSES, parent=profile_id))


def device_summary(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Count the devices by their status: the worst of any profile there."""
    statement = _known(tenant_id, select(worst(profile_states.c.status).label("status")))
    return _grouped(connection, statement.group_by(profile_states.c.enrollment_id))


def user_summary(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Count the users by their status: the worst of any profile on any of their devices."""
    return _grouped(connection, _users(tenant_id))


def reached_devices(connection: Connection, tenant_id: TenantId, *, ids: Sequence[EnrollmentId]) -> dict[Variant, int]:
    """Count these devices by variant, without those whose user is deleted or has no licence: they get no profiles."""
    counts: dict[Variant, int] = {}
    counting = (
        select(enrollments.c.variant, func.count())
        .select_from(enrollments)
        .where(enrollments.c.tenant_id == tenant_id)
        .group_by(enrollments.c.variant)
    )
    statement = entitled(counting)
    for start in range(0, len(ids), _CHUNK):
        for variant, number in connection.execute(statement.where(enrollments.c.id.in_(ids[start : start + _CHUNK]))):
            counts[variant] = counts.get(variant, 0) + number
    return counts


def conflicts(connection: Connection, tenant_id: TenantId) -> list[ProfileConflictRow]:
    """Return the profiles that are in conflict with others."""
    name = profiles.c.document["displayName"].as_string()
    same = and_(profiles.c.tenant_id == profile_states.c.tenant_id, profiles.c.id == profile_states.c.profile_id)
    statement = (
        _known(tenant_id, select(profiles.c.id, name, profiles.c.kind, func.count()))
        .join(profiles, same)
        .where(profile_states.c.status == ProfileStatus.CONFLICT.value)
        .group_by(profiles.c.id, name, profiles.c.kind)
        .order_by(profiles.c.id)
    )
    return reads.every(connection, statement, row=ProfileConflictRow)


def _known(tenant_id: TenantId, statement: Select[Any]) -> Select[Any]:
    """Restrict the statement to states on devices that have a record."""
    has_record = managed_devices.c.enrollment_id == profile_states.c.enrollment_id
    return statement.select_from(profile_states.join(managed_devices, has_record)).where(
        profile_states.c.tenant_id == tenant_id
    )


def _users(tenant_id: TenantId) -> Select[Any]:
    statement = _known(tenant_id, select(worst(profile_states.c.status).label("status")))
    return statement.where(managed_devices.c.user_id.is_not(None)).group_by(managed_devices.c.user_id)


def _grouped(connection: Connection, statement: Select[Any]) -> dict[str, int]:
    statuses = statement.subquery()
    rows = connection.execute(select(statuses.c.status, func.count()).group_by(statuses.c.status))
    return {row[0]: row[1] for row in rows}
