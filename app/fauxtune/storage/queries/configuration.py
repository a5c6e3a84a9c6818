"""Profiles, assignments and their states on devices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from fauxtune.core.engine.targeting import Assignment, TargetKind
from fauxtune.core.model.ids import EnrollmentId, GroupId, ProfileId, TenantId
from fauxtune.core.profiles.world import Profile
from fauxtune.storage import rows
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
_THEIR_ASSIGNMENTS = (
    select(assignments)
    .where(
        assignments.c.tenant_id == bindparam("tenant"),
        assignments.c.profile_id.in_(bindparam("profiles", expanding=True)),
    )
    .order_by(assignments.c.profile_id, assignments.c.position)
)
_EXISTING = select(profiles.c.id).where(
    profiles.c.tenant_id == bindparam("tenant"), profiles.c.id.in_(bindparam("ids", expanding=True))
)
_STANDING = select(assignments.c.id).where(
    assignments.c.tenant_id == bindparam("tenant"), assignments.c.id.in_(bindparam("ids", expanding=True))
)
_STATES_OF_DEVICE = select(profile_states).where(profile_states.c.enrollment_id == bindparam("device"))


def profile(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> Row | None:
    """The profile with this id."""
    statement = select(profiles).where(profiles.c.tenant_id == tenant_id, profiles.c.id == profile_id.lower())
    row = connection.execute(statement).mappings().first()
    return None if row is None else dict(row)


def add_profile(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new profile."""
    rows.add(connection, profiles, tenant_id=tenant_id, **values)


def change_profile(connection: Connection, tenant_id: TenantId, *, profile_id: str, **values: Any) -> None:
    """Change columns of a profile."""
    rows.change(connection, profiles, where={"tenant_id": tenant_id, "id": profile_id}, values=values)


def delete_profile(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> None:
    """The profile, its assignments and its states. What devices hold of it goes when they plan again."""
    rows.remove(connection, profiles, tenant_id=tenant_id, id=profile_id)
    rows.remove(connection, assignments, tenant_id=tenant_id, profile_id=profile_id)
    rows.remove(connection, profile_states, tenant_id=tenant_id, profile_id=profile_id)


def assignments_of(connection: Connection, tenant_id: TenantId, *, profile_id: str) -> list[Row]:
    """The profile's assignments in the order in which they were made."""
    statement = (
        select(assignments)
        .where(assignments.c.tenant_id == tenant_id, assignments.c.profile_id == profile_id)
        .order_by(assignments.c.position)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def replace_assignments(connection: Connection, tenant_id: TenantId, *, profile_id: str, new: Sequence[Row]) -> None:
    """The full new set."""
    rows.remove(connection, assignments, tenant_id=tenant_id, profile_id=profile_id)
    rows.add_all(
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
    values = {"tenant": tenant_id, "profiles": [each.id for each in made]}
    targets = connection.execute(_THEIR_ASSIGNMENTS, values).mappings()
    by_profile: dict[ProfileId, list[Assignment]] = {each.id: [] for each in made}
    for each in assignment_targets(dict(row) for row in targets):
        by_profile[each.profile].append(each)
    return [(each, by_profile[each.id]) for each in made]


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
    rows.put(connection, profile_states, rows=states)


def drop_state(connection: Connection, enrollment_id: EnrollmentId, *, profile_id: str) -> None:
    """The profile no longer concerns the device."""
    rows.remove(connection, profile_states, enrollment_id=enrollment_id, profile_id=profile_id)
