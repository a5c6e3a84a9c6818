"""Profiles, the profiles that they refer to, their assignments, and their states on devices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Unpack

from sqlalchemy import (
    Connection,
    Integer,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.model.ids import AssignmentId, EnrollmentId, GroupId, ProfileId, TenantId
from fauxtune.core.profiles.catalog import ENROLLMENT_KINDS
from fauxtune.core.profiles.family import Profile
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.database import is_dry_run
from fauxtune.storage.rows.configuration import (
    AssignmentChanges,
    AssignmentRow,
    ProfileChanges,
    ProfileRow,
    ProfileStateRow,
)
from fauxtune.storage.tables import assignments, profile_states, profiles, resources
from fauxtune.storage.tenancy import by_key, of_tenant, rows_of

#: The families of the policies that devices are given besides profiles: of the settings catalog, and of compliance.
_FAMILIES = ("configurationPolicies", "deviceCompliancePolicies")
#: The family of enrolment configurations, of which devices are given two kinds. The default of a kind, which has the
#: priority 0, reaches everybody.
_ENROLLMENT = "deviceEnrollmentConfigurations"
_GIVEN = tuple(enrollment_kind.name for enrollment_kind in ENROLLMENT_KINDS)

_COLUMNS = (profiles.c.id, profiles.c.kind, profiles.c.version, profiles.c.document, profiles.c.navigations)
# What every planning reads, built once: building a statement costs more than running it.
_REACHING = select(assignments.c.profile_id).where(
    of_tenant(assignments),
    or_(
        assignments.c.kind.in_([TargetKind.ALL_DEVICES.value, TargetKind.ALL_USERS.value]),
        assignments.c.group_id.in_(bindparam("groups", expanding=True)),
    ),
)
_POLICIES = select(
    resources.c.id,
    resources.c.kind,
    resources.c.version,
    resources.c.document,
    type_coerce(literal_column("'{}'"), profiles.c.navigations.type),
    resources.c.priority,
    resources.c.created_at,
).where(of_tenant(resources), resources.c.parent_id == "")
_BOTH = union_all(
    select(*_COLUMNS, cast(null(), Integer).label("priority"), profiles.c.created_at).where(
        of_tenant(profiles), profiles.c.id.in_(_REACHING)
    ),
    _POLICIES.where(resources.c.family.in_(_FAMILIES), resources.c.id.in_(_REACHING)),
    _POLICIES.where(
        resources.c.family == _ENROLLMENT,
        resources.c.kind.in_(_GIVEN),
        or_(resources.c.priority == 0, resources.c.id.in_(_REACHING)),
    ),
).subquery()
_CANDIDATES = Prepared(select(*list(_BOTH.c)[:-1]).order_by(_BOTH.c.created_at, _BOTH.c.id))
_ASSIGNMENTS = Prepared(
    rows_of(assignments)
    .where(
        assignments.c.profile_id.in_(bindparam("profiles", expanding=True)),
    )
    .order_by(assignments.c.profile_id, assignments.c.position)
)
_ASSIGNMENTS_OF = Prepared(
    rows_of(assignments).where(assignments.c.profile_id == bindparam("profile")).order_by(assignments.c.position)
)
_NAMED = (of_tenant(profiles), profiles.c.id.in_(bindparam("ids", expanding=True)))
_PROFILE = Prepared(rows_of(profiles).where(profiles.c.id == bindparam("profile")))
_BY_ID = Prepared(select(profiles).where(*_NAMED))
_NAMES = select(profiles.c.id, profiles.c.document["displayName"].as_string()).where(*_NAMED)
_NAMED_POLICY = (
    of_tenant(resources),
    resources.c.family.in_((*_FAMILIES, _ENROLLMENT)),
    resources.c.id.in_(bindparam("ids", expanding=True)),
)
_POLICY_NAMES = union_all(
    _NAMES,
    select(
        resources.c.id,
        func.coalesce(
            resources.c.document["name"].as_string(), resources.c.document["displayName"].as_string(), resources.c.id
        ),
    ).where(*_NAMED_POLICY),
)
_STANDING = Prepared(
    union_all(
        select(profiles.c.id, literal_column("0")).where(*_NAMED),
        select(resources.c.id, literal_column("0")).where(*_NAMED_POLICY),
        select(assignments.c.id, literal_column("1")).where(
            of_tenant(assignments),
            assignments.c.id.in_(bindparam("assignments", expanding=True)),
        ),
    )
)
_STATES_OF_DEVICE = Prepared(select(profile_states).where(by_key(profile_states.c.enrollment_id, bindparam("device"))))


def profile(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> ProfileRow | None:
    """Return the profile with this id, in any case."""
    key = ProfileId(profile_id.lower())
    return reads.first(connection, _PROFILE, row=ProfileRow, values={"tenant": tenant_id, "profile": key})


def profiles_by_id(
    connection: Connection, tenant_id: TenantId, *, ids: Collection[ProfileId]
) -> dict[ProfileId, ProfileRow]:
    """Return these profiles, by id."""
    if not ids:
        return {}
    rows = reads.every(connection, _BY_ID, row=ProfileRow, values={"tenant": tenant_id, "ids": sorted(ids)})
    return {row.id: row for row in rows}


def names(connection: Connection, tenant_id: TenantId, *, ids: Collection[ProfileId]) -> dict[ProfileId, str]:
    """Return the displayNames of these profiles."""
    if not ids:
        return {}
    rows = connection.execute(_NAMES, {"tenant": tenant_id, "ids": sorted(ids)})
    return {ProfileId(row[0]): str(row[1]) for row in rows}


def names_of_policies(
    connection: Connection, tenant_id: TenantId, *, ids: Collection[ProfileId]
) -> dict[ProfileId, str]:
    """Return the names of these profiles, policies of the settings catalog and compliance policies."""
    if not ids:
        return {}
    rows = connection.execute(_POLICY_NAMES, {"tenant": tenant_id, "ids": sorted(ids)})
    return {ProfileId(row[0]): str(row[1]) for row in rows}


def referring(
    connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId, navigations: Iterable[str], limit: int
) -> list[ProfileRow]:
    """Return the profiles that refer to this one through one of the navigations, oldest first; at most `limit`."""
    leads_here = or_(*(profiles.c.navigations[name].as_string() == profile_id for name in navigations))
    statement = (
        rows_of(profiles, tenant_id).where(leads_here).order_by(profiles.c.created_at, profiles.c.id).limit(limit)
    )
    return reads.every(connection, statement, row=ProfileRow)


def add_profile(connection: Connection, row: ProfileRow) -> None:
    """Add a profile."""
    writes.add_row(connection, profiles, row=row)


def change_profile(
    connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId, **changes: Unpack[ProfileChanges]
) -> None:
    """Change columns of a profile."""
    writes.change(connection, profiles, where={"tenant_id": tenant_id, "id": profile_id}, values=changes)


def delete_profile(connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId) -> None:
    """Delete the profile, its assignments and its states. Devices give up its items when they plan again."""
    writes.remove(connection, profiles, tenant_id=tenant_id, id=profile_id)
    writes.remove(connection, assignments, tenant_id=tenant_id, profile_id=profile_id)
    if not is_dry_run(connection):  # nothing in it reads the states
        writes.remove(connection, profile_states, tenant_id=tenant_id, profile_id=profile_id)


def assignments_of(connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId) -> list[AssignmentRow]:
    """Return the profile's assignments in the order in which they were made."""
    values = {"tenant": tenant_id, "profile": profile_id}
    return reads.every(connection, _ASSIGNMENTS_OF, row=AssignmentRow, values=values)


def assignments_by_profile(
    connection: Connection, tenant_id: TenantId, *, ids: Sequence[ProfileId]
) -> dict[ProfileId, list[AssignmentRow]]:
    """Return the assignments of each of these profiles, in the order in which they were made: one statement for all."""
    by_profile: dict[ProfileId, list[AssignmentRow]] = {profile_id: [] for profile_id in ids}
    if not by_profile:
        return {}
    values = {"tenant": tenant_id, "profiles": list(ids)}
    for row in reads.every(connection, _ASSIGNMENTS, row=AssignmentRow, values=values):
        by_profile[row.profile_id].append(row)
    return by_profile


def assignment(
    connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId, assignment_id: str
) -> AssignmentRow | None:
    """Return one assignment of this profile, by its id in any case."""
    statement = rows_of(assignments, tenant_id).where(
        assignments.c.profile_id == profile_id,
        assignments.c.id == assignment_id.lower(),
    )
    return reads.first(connection, statement, row=AssignmentRow)


def add_assignment(connection: Connection, row: AssignmentRow) -> None:
    """Add an assignment, after the profile's others: its `position` is given here."""
    last = select(func.max(assignments.c.position)).where(
        of_tenant(assignments, row.tenant_id), assignments.c.profile_id == row.profile_id
    )
    highest: int | None = connection.execute(last).scalar()
    position = 0 if highest is None else highest + 1
    writes.add_row(connection, assignments, row=replace(row, position=position))


def change_assignment(
    connection: Connection, tenant_id: TenantId, *, assignment_id: AssignmentId, **changes: Unpack[AssignmentChanges]
) -> None:
    """Change columns of an assignment."""
    writes.change(connection, assignments, where={"tenant_id": tenant_id, "id": assignment_id}, values=changes)


def remove_assignment(connection: Connection, tenant_id: TenantId, *, assignment_id: AssignmentId) -> None:
    """Remove an assignment."""
    writes.remove(connection, assignments, tenant_id=tenant_id, id=assignment_id)


def replace_assignments(
    connection: Connection,
    tenant_id: TenantId,
    *,
    profile_id: ProfileId,
    new: Sequence[AssignmentRow],
    old: Sequence[AssignmentRow] | None = None,
) -> None:
    """Replace all assignments of a profile, in this order: their `position` is given here. `old`: those that there are,
    if they are known.
    """
    if old is None or old:
        writes.remove(connection, assignments, tenant_id=tenant_id, profile_id=profile_id)
    rows = [replace(row, position=position) for position, row in enumerate(new)]
    writes.add_rows(connection, assignments, rows=rows)


def assignment_targets(rows: Iterable[AssignmentRow]) -> list[Assignment]:
    """Return assignments as the engine reads them."""
    return [
        Assignment(
            id=row.id,
            profile=row.profile_id,
            kind=row.kind,
            group=row.group_id,
            removes=row.intent == "remove",
            filter=row.filter_id,
            filter_excludes=row.filter_type == "exclude",
        )
        for row in rows
    ]


def candidates(
    connection: Connection, tenant_id: TenantId, *, groups: Iterable[GroupId]
) -> list[tuple[Profile, list[Assignment]]]:
    """Return the profiles and policies of which at least one assignment names one of these groups, or everybody; each
    with all of its assignments, for the engine to decide. The oldest first.
    """
    values = {"tenant": tenant_id, "groups": sorted(groups)}
    candidate_profiles = [
        Profile(
            id=ProfileId(key),
            kind=kind,
            version=version,
            document=document,
            references=navigations,
            priority=priority,
        )
        for key, kind, version, document, navigations, priority in _CANDIDATES.every(connection, values)
    ]
    rows = assignments_by_profile(connection, tenant_id, ids=[candidate.id for candidate in candidate_profiles])
    return [
        (
            candidate_profile,
            _everywhere(candidate_profile.id)
            if candidate_profile.priority == 0
            else assignment_targets(rows[candidate_profile.id]),
        )
        for candidate_profile in candidate_profiles
    ]


def _everywhere(profile_id: ProfileId) -> list[Assignment]:
    """The targets of a default, which nobody can assign."""
    return [Assignment(id=AssignmentId(profile_id), profile=profile_id, kind=TargetKind.ALL_DEVICES)]


def standing(
    connection: Connection, tenant_id: TenantId, *, profile_ids: Collection[ProfileId], assignment_ids: Collection[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return those of these profiles that still exist, and those of these assignments."""
    if not profile_ids and not assignment_ids:
        return frozenset(), frozenset()
    values = {"tenant": tenant_id, "ids": sorted(profile_ids), "assignments": sorted(assignment_ids)}
    rows = _STANDING.every(connection, values)
    return frozenset(id_ for id_, kind in rows if kind == 0), frozenset(id_ for id_, kind in rows if kind == 1)


def states_of_device(connection: Connection, enrollment_id: EnrollmentId) -> dict[ProfileId, ProfileStateRow]:
    """Return the state of each profile on the device, by profile."""
    rows = reads.every(connection, _STATES_OF_DEVICE, row=ProfileStateRow, values={"device": enrollment_id})
    return {row.profile_id: row for row in rows}


def put_states(connection: Connection, states: Sequence[ProfileStateRow]) -> None:
    """Add states, in place of those of the same device and profile."""
    writes.put_rows(connection, profile_states, rows=states)


def drop_state(connection: Connection, enrollment_id: EnrollmentId, *, profile_id: ProfileId) -> None:
    """Drop the state of a profile that no longer reaches the device."""
    writes.remove(connection, profile_states, enrollment_id=enrollment_id, profile_id=profile_id)


def drop_states(connection: Connection, enrollment_id: EnrollmentId) -> None:
    """Drop the states of all profiles on the device."""
    writes.remove(connection, profile_states, enrollment_id=enrollment_id)
