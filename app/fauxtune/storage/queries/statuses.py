"""Counts of how profiles fare: by device, by user, in the whole tenant. As in lists, of devices that have a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.states import ProfileStatus
from fauxtune.storage.collections.statuses import worst
from fauxtune.storage.tables import enrollments, managed_devices, profile_states, profiles, users

Row = dict[str, Any]

#: As many ids as one statement can well name.
_CHUNK = 500
_PENDING = ProfileStatus.PENDING.value


def device_counts(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> dict[str, int]:
    """How many devices report each status of a profile."""
    statement = _known(tenant_id, select(profile_states.c.status, func.count()))
    found = statement.where(profile_states.c.profile_id == profile_id).group_by(profile_states.c.status)
    return {row[0]: row[1] for row in connection.execute(found)}


def user_counts(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> dict[str, int]:
    """How many users have each status of a profile: that of the device where it fares worst."""
    return _grouped(connection, _users(tenant_id).where(profile_states.c.profile_id == profile_id))


def device_summary(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """How many devices have each status: that of the profile that fares worst there."""
    statement = _known(tenant_id, select(worst(profile_states.c.status).label("status")))
    return _grouped(connection, statement.group_by(profile_states.c.enrollment_id))


def user_summary(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """How many users have each status: that of the profile that fares worst on any of their devices."""
    return _grouped(connection, _users(tenant_id))


def reached_devices(
    connection: Connection, tenant_id: TenantId, *, profile_id: str, ids: Sequence[EnrollmentId]
) -> dict[str, tuple[int, int]]:
    """By variant: how many of these devices there are, and how many of them have not said yet how the profile fares.
    A device whose user is gone or has no licence is given nothing, and is not counted.
    """
    state = profile_states.c.status
    waiting = func.count().filter(or_(state.is_(None), state == _PENDING))
    found: dict[str, tuple[int, int]] = {}
    for chunk in _chunks(ids):
        statement = _entitled(
            tenant_id, select(enrollments.c.variant, func.count(), waiting), profile_id=profile_id, ids=chunk
        )
        for variant, all_of_them, still in connection.execute(statement.group_by(enrollments.c.variant)):
            before = found.get(variant, (0, 0))
            found[variant] = (before[0] + all_of_them, before[1] + still)
    return found


def users_without_status(
    connection: Connection,
    tenant_id: TenantId,
    *,
    profile_id: str,
    ids: Sequence[EnrollmentId],
    variants: Sequence[str],
) -> int:
    """How many users of these devices, where they are of such a variant, have none yet that has planned with the
    profile.
    """
    # Asked once: beside each chunk of ids it would be asked as often as there are chunks.
    statement = _known(tenant_id, select(managed_devices.c.user_id)).where(profile_states.c.profile_id == profile_id)
    reported = set(connection.scalars(statement.distinct()))
    found: set[str] = set()
    for chunk in _chunks(ids):
        statement = _entitled(tenant_id, select(enrollments.c.user_id), profile_id=profile_id, ids=chunk).where(
            enrollments.c.variant.in_(variants),
            enrollments.c.user_id.is_not(None),
        )
        found.update(connection.scalars(statement.distinct()))
    return len(found - reported)


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


def _entitled(
    tenant_id: TenantId, statement: Select[Any], *, profile_id: str, ids: Sequence[EnrollmentId]
) -> Select[Any]:
    """These enrolments, unless their user is gone or has no licence; with the state of the profile, if there is one."""
    state = and_(profile_states.c.enrollment_id == enrollments.c.id, profile_states.c.profile_id == profile_id)
    user = and_(users.c.tenant_id == enrollments.c.tenant_id, users.c.id == enrollments.c.user_id)
    joined = enrollments.join(users, user, isouter=True).join(profile_states, state, isouter=True)
    return statement.select_from(joined).where(
        enrollments.c.tenant_id == tenant_id,
        enrollments.c.id.in_(ids),
        or_(enrollments.c.user_id.is_(None), users.c.licensed),
    )


def _chunks(ids: Sequence[EnrollmentId]) -> Iterator[Sequence[EnrollmentId]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
