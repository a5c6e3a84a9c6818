"""Whom a change concerns: raising the generation of exactly those devices, with one UPDATE per change.

A device whose generation is ahead of its settled one plans at its next check-in. Every function gives back the
enrolments it touched, so that they can be pushed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, false, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.engine.filters import Matching
from fauxtune.core.engine.targeting import Assignment, Membership, TargetKind, target
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState
from fauxtune.storage.queries.assignments import CATEGORY, CATEGORY_NAME, filters_by_id, seen_by_filters
from fauxtune.storage.queries.directory import groups_above, members_below
from fauxtune.storage.tables import assignments, device_categories, enrollments, managed_devices


def by_targets(connection: Connection, tenant_id: TenantId, *, targets: Sequence[Assignment]) -> list[EnrollmentId]:
    """The devices that these assignments, inclusions and exclusions alike, can concern."""
    return _raise(connection, tenant_id, where=_reached(tenant_id, targets))


def by_member(connection: Connection, tenant_id: TenantId, *, group_id: str, member_id: str) -> list[EnrollmentId]:
    """The devices of a member that joined or left a group, if that group or one above it is assigned anything."""
    above = {group_id, *groups_above(connection, tenant_id, member_id=group_id)}
    assigned = select(assignments.c.id).where(
        assignments.c.tenant_id == tenant_id, assignments.c.group_id.in_(sorted(above))
    )
    if connection.execute(assigned.limit(1)).first() is None:
        return []
    return _raise(connection, tenant_id, where=_of_members(tenant_id, [member_id]))


def by_user(connection: Connection, tenant_id: TenantId, *, user_id: str) -> list[EnrollmentId]:
    """The devices of one user."""
    return _raise(connection, tenant_id, where=enrollments.c.user_id == user_id)


def by_enrollment(connection: Connection, tenant_id: TenantId, *, enrollment_id: EnrollmentId) -> list[EnrollmentId]:
    """One device."""
    return _raise(connection, tenant_id, where=enrollments.c.id == enrollment_id)


def by_enrollments(
    connection: Connection, tenant_id: TenantId, *, enrollment_ids: Sequence[EnrollmentId]
) -> list[EnrollmentId]:
    """These devices."""
    return _raise(connection, tenant_id, where=enrollments.c.id.in_(enrollment_ids))


def by_tenant(connection: Connection, tenant_id: TenantId) -> list[EnrollmentId]:
    """Every device of the tenant: a switch was turned."""
    return _raise(connection, tenant_id, where=enrollments.c.tenant_id == tenant_id)


def targeted(connection: Connection, tenant_id: TenantId, *, targets: Sequence[Assignment]) -> list[EnrollmentId]:
    """The active devices that one profile's assignments really reach: core.engine.targeting's rule, in SQL."""
    if any(each.removes or each.filter for each in targets):
        return _targeted_one_by_one(connection, tenant_id, targets=targets)
    excluded = [each.group for each in targets if each.kind is TargetKind.EXCLUSION and each.group]
    included = [each.group for each in targets if each.kind is TargetKind.GROUP and each.group]
    kinds = {each.kind for each in targets}
    out = members_below(tenant_id, [*excluded], name="excluded")
    inside = members_below(tenant_id, [*included], name="included")
    has_user = enrollments.c.user_id.is_not(None)
    by_user = has_user if TargetKind.ALL_USERS in kinds else has_user & enrollments.c.user_id.in_(inside)
    by_device: ColumnElement[bool] = enrollments.c.directory_device_id.in_(inside)
    if TargetKind.ALL_DEVICES in kinds:
        by_device = enrollments.c.tenant_id == tenant_id
    statement = select(enrollments.c.id).where(
        enrollments.c.tenant_id == tenant_id,
        enrollments.c.state == EnrollmentState.ACTIVE.value,
        or_(
            by_user & enrollments.c.user_id.not_in(out),
            by_device & enrollments.c.directory_device_id.not_in(out),
        ),
    )
    return [EnrollmentId(row[0]) for row in connection.execute(statement.order_by(enrollments.c.id))]


def _targeted_one_by_one(
    connection: Connection, tenant_id: TenantId, *, targets: Sequence[Assignment]
) -> list[EnrollmentId]:
    """The same where a filter looks at each device: SQL says in which of the groups it is, the engine decides."""
    groups = sorted({each.group for each in targets if each.group})
    inside = [members_below(tenant_id, [group], name=f"inside_{at}") for at, group in enumerate(groups)]
    columns: list[ColumnElement[Any]] = [
        enrollments.c.id,
        enrollments.c.user_id,
        enrollments.c.variant,
        managed_devices.c.document,
        CATEGORY_NAME,
    ]
    for at, below in enumerate(inside):
        by_user = func.coalesce(enrollments.c.user_id.in_(below), false())
        columns += [by_user.label(f"user_{at}"), enrollments.c.directory_device_id.in_(below).label(f"device_{at}")]
    bringing = [each for each in targets if not each.removes and each.kind is not TargetKind.EXCLUSION]
    statement = (
        select(*columns)
        .outerjoin(managed_devices, managed_devices.c.enrollment_id == enrollments.c.id)
        .outerjoin(device_categories, CATEGORY)
        .where(
            enrollments.c.tenant_id == tenant_id,
            enrollments.c.state == EnrollmentState.ACTIVE.value,
            _reached(tenant_id, bringing),
        )
        .order_by(enrollments.c.id)
    )
    filters = filters_by_id(connection, tenant_id, ids=[each.filter for each in targets if each.filter])
    found = []
    for row in connection.execute(statement).mappings():
        membership = Membership(
            has_user=row["user_id"] is not None,
            user_groups=frozenset(group for at, group in enumerate(groups) if row[f"user_{at}"]),
            device_groups=frozenset(group for at, group in enumerate(groups) if row[f"device_{at}"]),
        )
        matches = Matching(filters, record=seen_by_filters(dict(row)), variant=Variant(row["variant"]))
        if target(targets, membership, matches=matches) is not None:
            found.append(EnrollmentId(row["id"]))
    return found


def _reached(tenant_id: TenantId, targets: Sequence[Assignment]) -> ColumnElement[bool]:
    kinds = {each.kind for each in targets}
    if TargetKind.ALL_DEVICES in kinds:
        return enrollments.c.tenant_id == tenant_id
    conditions: list[ColumnElement[bool]] = []
    if TargetKind.ALL_USERS in kinds:
        conditions.append(enrollments.c.user_id.is_not(None))
    groups = sorted({each.group for each in targets if each.group})
    if groups:
        conditions.append(_of_members(tenant_id, [*groups]))
    return or_(*conditions) if conditions else false()


def _of_members(tenant_id: TenantId, member_ids: list[str]) -> ColumnElement[bool]:
    """The devices of these users, groups and devices."""
    below = members_below(tenant_id, member_ids)
    return or_(
        enrollments.c.user_id.in_(member_ids),
        enrollments.c.directory_device_id.in_(member_ids),
        enrollments.c.user_id.in_(below),
        enrollments.c.directory_device_id.in_(below),
    )


def _raise(connection: Connection, tenant_id: TenantId, *, where: ColumnElement[bool]) -> list[EnrollmentId]:
    statement = (
        update(enrollments)
        .where(enrollments.c.tenant_id == tenant_id, enrollments.c.state != EnrollmentState.ENDED.value, where)
        .values(generation=enrollments.c.generation + 1)
        .returning(enrollments.c.id)
    )
    return [EnrollmentId(row[0]) for row in connection.execute(statement)]
