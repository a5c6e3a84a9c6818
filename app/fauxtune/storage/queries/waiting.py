"""The devices that a profile reaches and that have still to plan: for the lists of statuses and their counts.

Unverified: that the real service lists them. Graph's complianceStatus has no word for "pending"; its overviews count
such devices (pendingCount), and public programs wait over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, exists, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.profiles.catalog import kind
from fauxtune.storage.queries import concern
from fauxtune.storage.queries.configuration import assignment_targets
from fauxtune.storage.tables import assignments, enrollments, profiles


def waiting(
    connection: Connection, tenant_id: TenantId, *, profile_ids: Sequence[str]
) -> dict[str, list[EnrollmentId]]:
    """Return for each of these profiles the devices that it reaches, for which it is made, and that have still to plan.
    It runs at most four statements, however many profiles there are; one if all devices are settled.
    """
    devices_of: dict[str, list[EnrollmentId]] = {profile_id: [] for profile_id in profile_ids}
    targets: dict[str, list[dict[str, object]]] = {}
    variants: dict[str, frozenset[Variant]] = {}
    for row in connection.execute(_ASSIGNED, {"tenant": tenant_id, "profiles": list(profile_ids)}).mappings():
        known = kind(row["profile_kind"])
        targets.setdefault(row["profile_id"], []).append(dict(row))
        variants[row["profile_id"]] = frozenset() if known is None else known.reached
    if not targets:
        return devices_of
    assigned = {profile_id: assignment_targets(rows) for profile_id, rows in targets.items()}
    reached = concern.reach(connection, tenant_id, assigned=assigned, unsettled=True)
    for profile_id, devices in reached.items():
        devices_of[profile_id] = [device for device, variant in devices if variant in variants[profile_id]]
    return devices_of


#: Nothing while every device has settled.
_ASSIGNED = (
    select(assignments, profiles.c.kind.label("profile_kind"))
    .join(profiles, (profiles.c.tenant_id == assignments.c.tenant_id) & (profiles.c.id == assignments.c.profile_id))
    .where(
        assignments.c.tenant_id == bindparam("tenant"),
        assignments.c.profile_id.in_(bindparam("profiles", expanding=True)),
        exists().where(
            enrollments.c.tenant_id == assignments.c.tenant_id,
            enrollments.c.state == EnrollmentState.ACTIVE.value,
            enrollments.c.generation != enrollments.c.settled_generation,
        ),
    )
    .order_by(assignments.c.position)
)
