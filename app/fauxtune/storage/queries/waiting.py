"""The devices that a profile reaches and that have still to plan: for the lists of statuses and their counts.

Unverified: that the real service lists them. Graph's complianceStatus has no word for "pending"; its overviews count
such devices (pendingCount), and public programs wait over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, exists, select

from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.profiles.catalog import kind
from fauxtune.storage.queries import concern
from fauxtune.storage.queries.configuration import assignment_targets
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.tables import assignments, enrollments, profiles
from fauxtune.storage.tenancy import of_tenant, same_tenant


def waiting(
    connection: Connection, tenant_id: TenantId, *, profile_ids: Sequence[ProfileId]
) -> dict[ProfileId, list[EnrollmentId]]:
    """Return, for each of these profiles, the devices that it reaches, for which it is made, and that have still to
    plan. Four statements at most, however many profiles there are; one where all devices have settled.
    Profiles with the same devices share one list.
    """
    waiting_devices: dict[ProfileId, list[EnrollmentId]] = {profile_id: [] for profile_id in profile_ids}
    targets: dict[ProfileId, list[AssignmentRow]] = {}
    variants: dict[ProfileId, frozenset[Variant]] = {}
    for *columns, profile_kind in connection.execute(_ASSIGNED, {"tenant": tenant_id, "profiles": list(profile_ids)}):
        row, known = AssignmentRow(*columns), kind(profile_kind)
        targets.setdefault(row.profile_id, []).append(row)
        variants[row.profile_id] = frozenset() if known is None else known.reached
    if not targets:
        return waiting_devices
    assigned = {profile_id: assignment_targets(rows) for profile_id, rows in targets.items()}
    reached = concern.reach(connection, tenant_id, assigned=assigned, unsettled=True)
    fitting: dict[tuple[int, frozenset[Variant]], list[EnrollmentId]] = {}
    for profile_id, devices in reached.items():
        made_for = variants[profile_id]
        key = (id(devices), made_for)
        if key not in fitting:
            fitting[key] = [device for device, variant in devices if variant in made_for]
        waiting_devices[profile_id] = fitting[key]
    return waiting_devices


#: Nothing while every device has settled.
_ASSIGNED = (
    select(assignments, profiles.c.kind)
    .join(profiles, same_tenant(profiles, assignments) & (profiles.c.id == assignments.c.profile_id))
    .where(
        of_tenant(assignments),
        assignments.c.profile_id.in_(bindparam("profiles", expanding=True)),
        exists().where(
            same_tenant(enrollments, assignments),
            enrollments.c.state == EnrollmentState.ACTIVE.value,
            enrollments.c.generation != enrollments.c.settled_generation,
        ),
    )
    .order_by(assignments.c.position)
)
