"""References between profiles: what they lead to, and who refers to a profile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from fauxtune.core.model.ids import ProfileId, TenantId
from fauxtune.storage.tables import assignments, profiles

Row = dict[str, Any]

_OF_TENANT = profiles.c.tenant_id == bindparam("tenant")
_NAMED = profiles.c.id.in_(bindparam("ids", expanding=True))
# Asked at every planning of a device that has an account.
_NAMES = select(profiles.c.id, profiles.c.document["displayName"].as_string()).where(_OF_TENANT, _NAMED)
_BY_ID = select(profiles).where(_OF_TENANT, _NAMED)
_ASSIGNMENTS = (
    select(assignments)
    .where(
        assignments.c.tenant_id == bindparam("tenant"), assignments.c.profile_id.in_(bindparam("ids", expanding=True))
    )
    .order_by(assignments.c.profile_id, assignments.c.position)
)


def names(connection: Connection, tenant_id: TenantId, *, ids: set[ProfileId]) -> dict[ProfileId, str]:
    """What these profiles are called."""
    if not ids:
        return {}
    found = connection.execute(_NAMES, {"tenant": tenant_id, "ids": sorted(ids)})
    return {ProfileId(row[0]): str(row[1]) for row in found}


def profiles_by_id(connection: Connection, tenant_id: TenantId, *, ids: set[str]) -> dict[str, Row]:
    """These profiles, by id: one statement for all of them."""
    if not ids:
        return {}
    found = connection.execute(_BY_ID, {"tenant": tenant_id, "ids": sorted(ids)}).mappings()
    return {row["id"]: dict(row) for row in found}


def assignments_by_profile(connection: Connection, tenant_id: TenantId, *, ids: Sequence[str]) -> dict[str, list[Row]]:
    """The assignments of these profiles, by profile: one statement for all of them."""
    found: dict[str, list[Row]] = {each: [] for each in ids}
    for row in connection.execute(_ASSIGNMENTS, {"tenant": tenant_id, "ids": list(ids)}).mappings():
        found[row["profile_id"]].append(dict(row))
    return found


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
