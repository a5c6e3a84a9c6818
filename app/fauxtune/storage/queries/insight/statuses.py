"""Counts of profiles' statuses by device, by user and in the whole tenant. As in lists, of devices with a record."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, type_coerce

from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ProfileStatus
from fauxtune.storage import reads
from fauxtune.storage.collections.statuses import USER_STATUSES, worst
from fauxtune.storage.columns import Choice, Word
from fauxtune.storage.odata import as_pairs
from fauxtune.storage.queries.collections import whole
from fauxtune.storage.queries.concern import entitled
from fauxtune.storage.queries.insight.groups_and_profiles import ProfileDeviceRow, named
from fauxtune.storage.queries.visits import waiting
from fauxtune.storage.rows.configuration import ProfileConflictRow
from fauxtune.storage.tables import enrollments, managed_devices, profile_states, profiles
from fauxtune.storage.tenancy import by_key, by_keys, of_tenant, of_tenant_unindexed, same_tenant

#: The most ids in one statement.
_CHUNK = 500
#: The devices that have still to plan, by profile.
Waiting = Mapping[ProfileId, Sequence[EnrollmentId]]


def device_counts(connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId) -> dict[str, int]:
    """Count the devices by their status of a profile; those that have still to plan with it are pending."""
    waiting_devices = waiting(connection, tenant_id, profile_ids=[profile_id])
    return device_counts_of_each(connection, tenant_id, waiting_devices=waiting_devices)[profile_id]


def device_counts_of_each(
    connection: Connection, tenant_id: TenantId, *, waiting_devices: Waiting
) -> dict[ProfileId, dict[str, int]]:
    """Count the devices by their status of each of these profiles: one statement, and one more if devices wait.
    `waiting_devices`: by profile, as `waiting` returns them.
    """
    counts: dict[ProfileId, dict[str, int]] = {profile_id: {} for profile_id in waiting_devices}
    if not counts:
        return counts
    state = profile_states.c
    reported = (
        select(state.profile_id, state.status, func.count())
        .join_from(profile_states, managed_devices, managed_devices.c.enrollment_id == state.enrollment_id)
        .where(of_tenant(state, tenant_id), state.profile_id.in_(sorted(counts)))
        .group_by(state.profile_id, state.status)
    )
    for profile_id, status, number in connection.execute(reported):
        counts[ProfileId(profile_id)][status.value] = number
    pending = ProfileStatus.PENDING.value
    for profile_id, number in _unreported(connection, waiting_devices).items():
        counts[profile_id][pending] = counts[profile_id].get(pending, 0) + number
    return counts


def _unreported(connection: Connection, waiting_devices: Waiting) -> dict[ProfileId, int]:
    """Count for each profile the devices that wait, and that have never reported it; without profiles that have none.

    Ten thousand devices wait for the same few profiles, and have reported the same ones: those that are alike in both
    are counted together.
    """
    kinds = _kinds(waiting_devices)
    if not kinds:
        return {}
    waits_for = dict(enumerate(dict.fromkeys(kinds.values())))
    numbers = {profiles_of: number for number, profiles_of in waits_for.items()}
    rows = as_pairs({device: str(numbers[profiles_of]) for device, profiles_of in kinds.items()})
    state = profile_states.c
    # Read in the index only of its key. The devices are those of the tenant: `waiting` found them there.
    names = select(func.aggregate_strings(state.profile_id, ",")).where(by_key(state.enrollment_id, rows.c.key))
    if len(waiting_devices) == 1:
        names = names.where(state.profile_id == next(iter(waiting_devices)))
    known = select(rows.c.value.label("kind"), names.scalar_subquery().label("reported")).subquery()
    statement = select(known.c.kind, known.c.reported, func.count()).group_by(known.c.kind, known.c.reported)
    counts = {profile_id: len(devices) for profile_id, devices in waiting_devices.items()}
    for kind, reported, number in connection.execute(statement):
        for profile_id in waits_for[int(kind)] & set((reported or "").split(",")):
            counts[ProfileId(profile_id)] -= number
    return {profile_id: number for profile_id, number in counts.items() if number}


def _kinds(waiting_devices: Waiting) -> dict[EnrollmentId, frozenset[ProfileId]]:
    """Return the profiles that each device waits for; equal sets are one object."""
    lists: dict[int, tuple[Sequence[EnrollmentId], set[ProfileId]]] = {}
    for profile_id, devices in waiting_devices.items():
        lists.setdefault(id(devices), (devices, set()))[1].add(profile_id)
    kinds: dict[EnrollmentId, frozenset[ProfileId]] = {}
    unions: dict[tuple[frozenset[ProfileId], frozenset[ProfileId]], frozenset[ProfileId]] = {}
    none: frozenset[ProfileId] = frozenset()
    for devices, profile_ids in lists.values():
        more = frozenset(profile_ids)
        for device in devices:
            before = kinds.get(device, none)
            kinds[device] = unions.get((before, more)) or unions.setdefault((before, more), before | more)
    return kinds


def devices_of_profile(
    connection: Connection,
    tenant_id: TenantId,
    *,
    profile_id: ProfileId,
    waiting_devices: Sequence[EnrollmentId],
    text: str = "",
    among: Collection[ProfileStatus] = (),
    offset: int = 0,
    limit: int,
    counts: Mapping[str, int],
) -> tuple[list[ProfileDeviceRow], int]:
    """Return one page of the devices that a profile reaches, those that have still to plan with it too, by name, and
    how many there are in all. `text`: a part of the device's name or of its user's; `among`: the statuses, if not all;
    `counts`: the numbers of devices by status.
    """
    total = sum(counts.get(each.value, 0) for each in among) if among else sum(counts.values())
    if not text and total <= offset:
        return [], total
    device, state = managed_devices.c, profile_states.c
    status = func.coalesce(type_coerce(state.status, Word), ProfileStatus.PENDING.value)
    same = (state.enrollment_id == device.enrollment_id) & (state.profile_id == profile_id)
    reached: ColumnElement[bool] = state.profile_id.is_not(None)
    if waiting_devices:
        reached = or_(reached, device.enrollment_id.in_(select(as_pairs(dict.fromkeys(waiting_devices, "")).c.key)))
    # One pass finds the page and counts all, if need be, in an index. Wide columns are read only for the page.
    chosen = (
        select(device.enrollment_id)
        .select_from(managed_devices)
        .outerjoin(profile_states, same)
        .where(of_tenant(device, tenant_id), reached)
    )
    if among:
        chosen = chosen.where(status.in_([profile_status.value for profile_status in among]))
    if text:
        chosen = chosen.where(or_(named(device.device_name, text), named(device.user_principal_name, text)))
    order = (device.device_name, device.enrollment_id)
    counted = chosen.add_columns(func.count().over()) if text else chosen
    page = connection.execute(counted.order_by(*order).offset(offset).limit(limit)).all()
    if not page:
        behind = offset and connection.execute(chosen.with_only_columns(func.count())).scalar_one()
        return [], int(behind)
    columns_of_page = (
        select(
            device.enrollment_id,
            device.device_name,
            device.user_principal_name,
            enrollments.c.variant,
            type_coerce(status, Choice(ProfileStatus)),
            state.reported_at,
            state.error_code,
            state.message,
        )
        .select_from(managed_devices)
        .join(enrollments, enrollments.c.id == device.enrollment_id)
        .outerjoin(profile_states, same)
        .where(by_keys(device.enrollment_id, [row[0] for row in page]))
        .order_by(*order)
    )
    return reads.every(connection, columns_of_page, row=ProfileDeviceRow), int(page[0][1]) if text else total


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
        .where(of_tenant_unindexed(enrollments, tenant_id))
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
    same = and_(same_tenant(profiles, profile_states), profiles.c.id == profile_states.c.profile_id)
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
        of_tenant(profile_states, tenant_id)
    )


def _users(tenant_id: TenantId) -> Select[Any]:
    statement = _known(tenant_id, select(worst(profile_states.c.status).label("status")))
    return statement.where(managed_devices.c.user_id.is_not(None)).group_by(managed_devices.c.user_id)


def _grouped(connection: Connection, statement: Select[Any]) -> dict[str, int]:
    statuses = statement.subquery()
    rows = connection.execute(select(statuses.c.status, func.count()).group_by(statuses.c.status))
    return {row[0]: row[1] for row in rows}
