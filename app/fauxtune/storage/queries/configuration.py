"""Profiles, what they refer to, their assignments, and how they fare on devices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select

from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.model.ids import EnrollmentId, GroupId, ProfileId, TenantId
from fauxtune.core.profiles.family import Profile
from fauxtune.storage import writes
from fauxtune.storage.tables import assignments, profile_states, profiles

Row = dict[str, Any]

# What every planning asks, built once: building a statement costs more than running it.
_CANDIDATES = (
    select(profiles)
    .where(
        profiles.c.tenant_id == bindparam("tenant"),
        profiles.c.id.in_(
            select(assignments.c.profile_id).where(
                assignments.c.tenant_id == bindparam("tenant"),
                or_(
                    assignments.c.kind.in_([TargetKind.ALL_DEVICES.value, TargetKind.ALL_USERS.value]),
                    assignments.c.group_id.in_(bindparam("groups", expanding=True)),
                ),
            )
        ),
    )
    .order_by(profiles.c.created_at, profiles.c.id)
)
_ASSIGNMENTS = (
    select(assignments)
    .where(
        assignments.c.tenant_id == bindparam("tenant"),
        assignments.c.profile_id.in_(bindparam("profiles", expanding=True)),
    )
    .order_by(assignments.c.profile_id, assignments.c.position)
)
_NAMED = (profiles.c.tenant_id == bindparam("tenant"), profiles.c.id.in_(bindparam("ids", expanding=True)))
_BY_ID = select(profiles).where(*_NAMED)
_NAMES = select(profiles.c.id, profiles.c.document["displayName"].as_string()).where(*_NAMED)
_EXISTING = select(profiles.c.id).where(*_NAMED)
_STANDING = select(assignments.c.id).where(
    assignments.c.tenant_id == bindparam("tenant"), assignments.c.id.in_(bindparam("ids", expanding=True))
)
_STATES_OF_DEVICE = select(profile_states).where(profile_states.c.enrollment_id == bindparam("device"))


def profile(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> Row | None:
    """The profile with this id."""
    return profiles_by_id(connection, tenant_id, ids={profile_id.lower()}).get(profile_id.lower())


def profiles_by_id(connection: Connection, tenant_id: TenantId, *, ids: set[str]) -> dict[str, Row]:
    """These profiles, by id."""
    if not ids:
        return {}
    found = connection.execute(_BY_ID, {"tenant": tenant_id, "ids": sorted(ids)}).mappings()
    return {row["id"]: dict(row) for row in found}


def names(connection: Connection, tenant_id: TenantId, *, ids: set[ProfileId]) -> dict[ProfileId, str]:
    """What these profiles are called."""
    if not ids:
        return {}
    found = connection.execute(_NAMES, {"tenant": tenant_id, "ids": sorted(ids)})
    return {ProfileId(row[0]): str(row[1]) for row in found}


def referring(
    connection: Connection, tenant_id: TenantId, *, profile_id: str, navigations: Iterable[str], limit: int
) -> list[Row]:
    """The profiles that refer to this one through one of the navigations, oldest first; at most `limit` of them."""
    leads_here = or_(*(profiles.c.navigations[name].as_string() == profile_id for name in navigations))
    statement = (
        select(profiles)
        .where(profiles.c.tenant_id == tenant_id, leads_here)
        .order_by(profiles.c.created_at, profiles.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def add_profile(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new profile."""
    writes.add(connection, profiles, tenant_id=tenant_id, **values)


def change_profile(connection: Connection, tenant_id: TenantId, *, profile_id: str, **values: Any) -> None:
    """Change columns of a profile."""
    writes.change(connection, profiles, where={"tenant_id": tenant_id, "id": profile_id}, values=values)


def delete_profile(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> None:
    """The profile, its assignments and its states. What devices hold of it goes when they plan again."""
    writes.remove(connection, profiles, tenant_id=tenant_id, id=profile_id)
    writes.remove(connection, assignments, tenant_id=tenant_id, profile_id=profile_id)
    writes.remove(connection, profile_states, tenant_id=tenant_id, profile_id=profile_id)


def assignments_of(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> list[Row]:
    """The profile's assignments in the order in which they were made."""
    return assignments_by_profile(connection, tenant_id, ids=[profile_id])[profile_id]


def assignments_by_profile(connection: Connection, tenant_id: TenantId, *, ids: Sequence[str]) -> dict[str, list[Row]]:
    """The assignments of each of these profiles, in the order in which they were made: one statement for all."""
    found: dict[str, list[Row]] = {each: [] for each in ids}
    if not found:
        return {}
    for row in connection.execute(_ASSIGNMENTS, {"tenant": tenant_id, "profiles": list(ids)}).mappings():
        found[row["profile_id"]].append(dict(row))
    return found


def assignment(connection: Connection, tenant_id: TenantId, *, profile_id: str, assignment_id: str) -> Row | None:
    """One assignment of this profile."""
    statement = select(assignments).where(
        assignments.c.tenant_id == tenant_id,
        assignments.c.profile_id == profile_id,
        assignments.c.id == assignment_id.lower(),
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else dict(row)


def add_assignment(connection: Connection, tenant_id: TenantId, *, profile_id: str, new: Row) -> None:
    """One more assignment, after the others."""
    last = select(func.max(assignments.c.position)).where(
        assignments.c.tenant_id == tenant_id, assignments.c.profile_id == profile_id
    )
    found: int | None = connection.execute(last).scalar()
    at = 0 if found is None else found + 1
    writes.add(connection, assignments, tenant_id=tenant_id, profile_id=profile_id, position=at, **new)


def change_assignment(connection: Connection, tenant_id: TenantId, *, assignment_id: str, **values: Any) -> None:
    """Change columns of an assignment."""
    writes.change(connection, assignments, where={"tenant_id": tenant_id, "id": assignment_id}, values=values)


def remove_assignment(connection: Connection, tenant_id: TenantId, *, assignment_id: str) -> None:
    """The assignment goes."""
    writes.remove(connection, assignments, tenant_id=tenant_id, id=assignment_id)


def replace_assignments(connection: Connection, tenant_id: TenantId, *, profile_id: str, new: Sequence[Row]) -> None:
    """The full new set."""
    writes.remove(connection, assignments, tenant_id=tenant_id, profile_id=profile_id)
    writes.add_all(
        connection,
        assignments,
        rows=[{"tenant_id": tenant_id, "profile_id": profile_id, "position": at, **row} for at, row in enumerate(new)],
    )


def assignment_targets(found: Iterable[Row]) -> list[Assignment]:
    """Rows as the engine reads them."""
    return [
        Assignment(
            id=row["id"],
            profile=ProfileId(row["profile_id"]),
            kind=TargetKind(row["kind"]),
            group=None if row["group_id"] is None else GroupId(row["group_id"]),
            removes=row["intent"] == "remove",
            filter=row["filter_id"],
            filter_excludes=row["filter_type"] == "exclude",
        )
        for row in found
    ]


def candidates(
    connection: Connection, tenant_id: TenantId, *, groups: Iterable[GroupId]
) -> list[tuple[Profile, list[Assignment]]]:
    """Profiles of which at least one assignment names one of these groups, or everybody; each with all of its
    assignments, for the engine to decide. Oldest profile first.
    """
    found = connection.execute(_CANDIDATES, {"tenant": tenant_id, "groups": sorted(groups)}).mappings()
    made = [
        Profile(
            id=ProfileId(row["id"]),
            kind=row["kind"],
            version=row["version"],
            document=row["document"],
            references=row["navigations"],
        )
        for row in found
    ]
    targets = assignments_by_profile(connection, tenant_id, ids=[each.id for each in made])
    return [(each, assignment_targets(targets[each.id])) for each in made]


def existing(connection: Connection, tenant_id: TenantId, *, profile_ids: set[str]) -> frozenset[str]:
    """Those of these profiles that still exist."""
    if not profile_ids:
        return frozenset()
    found = connection.execute(_EXISTING, {"tenant": tenant_id, "ids": sorted(profile_ids)})
    return frozenset(row[0] for row in found)


def standing(connection: Connection, tenant_id: TenantId, *, assignment_ids: set[str]) -> frozenset[str]:
    """Those of these assignments that still stand."""
    if not assignment_ids:
        return frozenset()
    found = connection.execute(_STANDING, {"tenant": tenant_id, "ids": sorted(assignment_ids)})
    return frozenset(row[0] for row in found)


def states_of_device(connection: Connection, enrollment_id: EnrollmentId) -> dict[str, Row]:
    """How each profile fares on the device, by profile."""
    found = connection.execute(_STATES_OF_DEVICE, {"device": enrollment_id})
    return {row["profile_id"]: dict(row) for row in found.mappings()}


def put_states(connection: Connection, states: Sequence[Row]) -> None:
    """New or changed states."""
    writes.put(connection, profile_states, rows=states)


def drop_state(connection: Connection, enrollment_id: EnrollmentId, *, profile_id: str) -> None:
    """The profile no longer concerns the device."""
    writes.remove(connection, profile_states, enrollment_id=enrollment_id, profile_id=profile_id)
