"""The devices that a change concerns: the generation of exactly those is raised, with one UPDATE per change (on
PostgreSQL it locks their rows first, in the order of `locks`).

A device whose generation is ahead of its settled one plans at its next check-in. Every function returns the enrolments
whose generations it raised, so that they can be pushed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    false,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.engine.assignment_filters.matching import Matching
from fauxtune.core.engine.planning.targeting import Assignment, Membership, TargetKind, target
from fauxtune.core.model.ids import DeviceCategoryId, EnrollmentId, GroupId, ProfileId, TenantId, UserId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage.collections.devices import CATEGORY, CATEGORY_NAME
from fauxtune.storage.database import is_dry_run
from fauxtune.storage.queries.configuration import assignment_targets, assignments_of
from fauxtune.storage.queries.directory import groups_above, groups_by_member, members_below
from fauxtune.storage.queries.filters_and_tags import filters_by_id, seen_by_filters
from fauxtune.storage.tables import assignments, device_categories, enrollments, managed_devices, users
from fauxtune.storage.tenancy import of_tenant, same_tenant


class _Raise:
    """Raises the live devices of a tenant that a condition selects. The statements are built once: that costs more than
    running them.
    """

    def __init__(self, where: ColumnElement[bool]) -> None:
        """`where` has parameters for what it compares with; `tenant` is one of them in any case."""
        ours = of_tenant(enrollments)
        live = and_(ours, enrollments.c.state != EnrollmentState.ENDED.value, where)
        chosen = select(enrollments.c.id).where(live)
        # Locked in order before any of them is changed: see `locks`.
        held = chosen.order_by(enrollments.c.id).with_for_update(key_share=True).cte("held")
        self._select = Prepared(chosen)
        self._raise = Prepared(_raised(live))
        self._hold_and_raise = Prepared(_raised(and_(ours, enrollments.c.id == held.c.id)))

    def __call__(self, connection: Connection, tenant_id: TenantId, **values: Any) -> list[EnrollmentId]:
        """Raise them; `values` are those of the condition's parameters."""
        statement = self._raise
        if is_dry_run(connection):
            # Which devices they are is all that matters: writing ten thousand rows takes longer than everything else.
            statement = self._select
        elif connection.dialect.name == "postgresql":
            statement = self._hold_and_raise
        return [EnrollmentId(row[0]) for row in statement.every(connection, {**values, "tenant": tenant_id})]


def _raised(where: ColumnElement[bool]) -> ReturningUpdate[tuple[str]]:
    raising = update(enrollments).where(where).values(generation=enrollments.c.generation + 1)
    return raising.returning(enrollments.c.id)


# It runs for each of many devices in a row: nothing is locked before.
_RAISE_ONE = Prepared(
    _raised(
        and_(
            of_tenant(enrollments),
            enrollments.c.id == bindparam("enrollment"),
            enrollments.c.state != EnrollmentState.ENDED.value,
        )
    )
)
_raise_user = _Raise(enrollments.c.user_id == bindparam("user"))
_raise_these = _Raise(enrollments.c.id.in_(bindparam("ids", expanding=True)))
_raise_category = _Raise(
    enrollments.c.id.in_(
        select(managed_devices.c.enrollment_id).where(
            of_tenant(managed_devices), managed_devices.c.category_id == bindparam("category")
        )
    )
)
_raise_tenant = _Raise(true())


def by_targets(connection: Connection, tenant_id: TenantId, *, targets: Sequence[Assignment]) -> list[EnrollmentId]:
    """Raise the devices that these assignments, inclusions and exclusions alike, can concern."""
    groups = _groups(targets)
    raise_reached = _raise_reached(frozenset(item.kind for item in targets), has_groups=bool(groups))
    return raise_reached(connection, tenant_id, members=groups)


@cache
def _raise_reached(kinds: frozenset[TargetKind], *, has_groups: bool) -> _Raise:
    """Return what raises the devices that targets of these kinds can concern; its parameter: `members`."""
    members: BindParameter[str] | None = bindparam("members", expanding=True) if has_groups else None
    return _Raise(_reached(bindparam("tenant"), kinds, members=members))


def by_member(connection: Connection, tenant_id: TenantId, *, group_id: str, member_id: str) -> list[EnrollmentId]:
    """Raise the devices of a member that joined or left a group, if that group or one above it is assigned anything."""
    above = {group_id, *groups_above(connection, tenant_id, member_id=group_id)}
    assigned = select(assignments.c.id).where(
        of_tenant(assignments, tenant_id), assignments.c.group_id.in_(sorted(above))
    )
    if connection.execute(assigned.limit(1)).first() is None:
        return []
    raise_members = _raise_reached(frozenset(), has_groups=True)
    return raise_members(connection, tenant_id, members=[member_id])


def by_user(connection: Connection, tenant_id: TenantId, *, user_id: UserId) -> list[EnrollmentId]:
    """Raise the devices of one user."""
    return _raise_user(connection, tenant_id, user=user_id)


def by_enrollment(connection: Connection, tenant_id: TenantId, *, enrollment_id: EnrollmentId) -> list[EnrollmentId]:
    """Raise one device."""
    values = {"tenant": tenant_id, "enrollment": enrollment_id}
    return [EnrollmentId(row[0]) for row in _RAISE_ONE.every(connection, values)]


def by_enrollments(
    connection: Connection, tenant_id: TenantId, *, enrollment_ids: Sequence[EnrollmentId]
) -> list[EnrollmentId]:
    """Raise these devices."""
    return _raise_these(connection, tenant_id, ids=list(enrollment_ids))


def by_category(connection: Connection, tenant_id: TenantId, *, category_id: DeviceCategoryId) -> list[EnrollmentId]:
    """Raise the devices whose records are in this category."""
    return _raise_category(connection, tenant_id, category=category_id)


def by_tenant(connection: Connection, tenant_id: TenantId) -> list[EnrollmentId]:
    """Raise every device of the tenant: a setting was changed."""
    return _raise_tenant(connection, tenant_id)


def targeted_by_profile(connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId) -> list[EnrollmentId]:
    """Return the active devices that the profile's assignments really reach."""
    return [device for device, _variant in reached_by_profile(connection, tenant_id, profile_id=profile_id)]


def reached_by_profile(
    connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId
) -> list[tuple[EnrollmentId, Variant]]:
    """Return the active devices that the profile's assignments really reach, with their variants."""
    targets = assignment_targets(assignments_of(connection, tenant_id, profile_id=profile_id))
    return reach(connection, tenant_id, assigned={profile_id: targets})[profile_id]


def targeted(connection: Connection, tenant_id: TenantId, *, targets: Sequence[Assignment]) -> list[EnrollmentId]:
    """Return the active devices that one profile's assignments really reach."""
    profile_id = ProfileId("")
    return [device for device, _variant in reach(connection, tenant_id, assigned={profile_id: targets})[profile_id]]


def reach(
    connection: Connection,
    tenant_id: TenantId,
    *,
    assigned: Mapping[ProfileId, Sequence[Assignment]],
    unsettled: bool = False,
) -> dict[ProfileId, list[tuple[EnrollmentId, Variant]]]:
    """Return for each profile the active devices, with their variants, that its assignments really reach. SQL finds the
    members of the groups and the facts that filters see; the engine decides, once for all devices that are alike in
    these. `unsettled`: only devices with a record that have still to plan, and whose user exists and has a
    licence. Profiles that reach the same devices share one list.
    """
    every = [item for targets in assigned.values() for item in targets]
    groups = groups_by_member(connection, tenant_id, group_ids={item.group for item in every if item.group})
    filters = filters_by_id(connection, tenant_id, ids={item.filter for item in every if item.filter})
    documents = {filter_id: row.document for filter_id, row in filters.items()}
    nothing: frozenset[Any] = frozenset()
    alike: dict[tuple[bool, frozenset[GroupId], frozenset[GroupId], frozenset[str]], list[Any]] = {}
    statement = _active(tenant_id, every, seen=bool(filters))
    if unsettled:
        statement = entitled(statement).where(
            enrollments.c.generation != enrollments.c.settled_generation,
            # Filters join the records too: this looks at them on its own.
            exists().where(managed_devices.c.enrollment_id == enrollments.c.id).correlate(enrollments),
        )
    for row in connection.execute(statement).all():  # row by row takes three times as long
        enrollment_id, user_id, device_id, variant = row[:4]
        met = nothing
        if filters:
            matching = Matching(documents, record=seen_by_filters(*row[4:]), variant=variant)
            met = frozenset(filter(matching, filters))
        kind = (user_id is not None, groups.get(user_id, nothing), groups.get(device_id, nothing), met)
        alike.setdefault(kind, []).append((EnrollmentId(enrollment_id), variant))
    # Most profiles reach the same devices: they share one list.
    reached: dict[tuple[int, ...], list[tuple[EnrollmentId, Variant]]] = {}
    lists = {}
    kinds = [(Membership(*kind[:3]), kind[3].__contains__, devices) for kind, devices in alike.items()]
    for profile_id, targets in assigned.items():
        key = tuple(
            place
            for place, (membership, matches, _devices) in enumerate(kinds)
            if target(targets, membership, matches=matches) is not None
        )
        if key not in reached:
            reached[key] = sorted(device for place in key for device in kinds[place][2])
        lists[profile_id] = reached[key]
    return lists


def entitled(devices: Select[Any]) -> Select[Any]:
    """Restrict the selected enrolments to those without a user or with a licensed one: no profile reaches others."""
    user = and_(same_tenant(users, enrollments), users.c.id == enrollments.c.user_id)
    return devices.outerjoin(users, user).where(or_(enrollments.c.user_id.is_(None), users.c.licensed))


def _active(tenant_id: TenantId, targets: Sequence[Assignment], *, seen: bool) -> Select[Any]:
    """Select the active devices. `seen`: with the facts that filters see; then only devices that can be reached, for a
    record costs more to read than everything else.
    """
    held = enrollments.c
    statement = (
        select(held.id, held.user_id, held.directory_device_id, held.variant)
        .select_from(enrollments)
        .where(of_tenant(held, tenant_id), held.state == EnrollmentState.ACTIVE.value)
        .order_by(held.id)
    )
    if not seen:
        return statement
    bringing = [item for item in targets if not item.removes and item.kind is not TargetKind.EXCLUSION]
    return (
        statement.add_columns(managed_devices.c.document, CATEGORY_NAME)
        .outerjoin(managed_devices, managed_devices.c.enrollment_id == held.id)
        .outerjoin(device_categories, CATEGORY)
        .where(_reached(tenant_id, {item.kind for item in bringing}, members=_groups(bringing) or None))
    )


def _groups(targets: Sequence[Assignment]) -> list[GroupId]:
    return sorted({item.group for item in targets if item.group})


def _reached(tenant: Any, kinds: Collection[TargetKind], *, members: Any | None) -> ColumnElement[bool]:
    """Whether targets of these kinds and these groups (None: of none) can concern an enrolment. Tenant and members may
    be bound parameters.
    """
    if TargetKind.ALL_DEVICES in kinds:
        in_tenant: ColumnElement[bool] = of_tenant(enrollments, tenant)
        return in_tenant
    conditions: list[ColumnElement[bool]] = []
    if TargetKind.ALL_USERS in kinds:
        conditions.append(enrollments.c.user_id.is_not(None))
    if members is not None:
        # It is one of these devices, or one of a member of these groups or of these users.
        below = members_below(tenant, members)
        conditions += [
            enrollments.c.user_id.in_(members),
            enrollments.c.directory_device_id.in_(members),
            enrollments.c.user_id.in_(below),
            enrollments.c.directory_device_id.in_(below),
        ]
    return or_(*conditions) if conditions else false()
