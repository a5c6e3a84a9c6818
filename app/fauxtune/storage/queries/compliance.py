"""Compliance as it was last judged: the policies that can reach devices, the devices whose time has come, and counts.

The counts are by policy, by setting, and of the devices of a tenant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, exists, func, literal, or_, select, update

from fauxtune.core.engine.compliance.states import DeviceState
from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.model.ids import EnrollmentId, GroupId, ProfileId, TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.collections.compliance import COMPLIANCE_USER_STATUSES, SHOWN_STATUS, joined
from fauxtune.storage.columns import Moment
from fauxtune.storage.queries.collections import whole
from fauxtune.storage.queries.configuration import assignment_targets, assignments_by_profile
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.resources import (
    ComplianceSettingsRow,
    ComplianceStateRow,
    DeviceComplianceRow,
    ResourceRow,
    RetireListRow,
)
from fauxtune.storage.tables import (
    assignments,
    compliance_states,
    device_compliance,
    enrollments,
    managed_devices,
    resources,
    users,
)
from fauxtune.storage.tenancy import by_keys, of_tenant, rows_of, same_tenant

#: The family of compliance policies.
POLICIES = "deviceCompliancePolicies"

_CANDIDATES = Prepared(
    rows_of(resources)
    .where(
        resources.c.family == POLICIES,
        resources.c.parent_id == "",
        resources.c.id.in_(
            select(assignments.c.profile_id).where(
                of_tenant(assignments),
                or_(
                    assignments.c.kind.in_([TargetKind.ALL_DEVICES.value, TargetKind.ALL_USERS.value]),
                    assignments.c.group_id.in_(bindparam("groups", expanding=True)),
                ),
            )
        ),
    )
    .order_by(resources.c.created_at, resources.c.id)
)
_STATES = Prepared(
    select(compliance_states)
    .where(by_keys(compliance_states.c.enrollment_id, bindparam("ids", expanding=True)))
    .order_by(compliance_states.c.enrollment_id, compliance_states.c.policy_id)
)
_DEVICES = Prepared(
    select(device_compliance).where(by_keys(device_compliance.c.enrollment_id, bindparam("ids", expanding=True)))
)
_OF_POLICY = Prepared(rows_of(compliance_states).where(compliance_states.c.policy_id == bindparam("policy")))
#: States that a device without contact cannot have.
_FINE = (DeviceState.UNKNOWN, DeviceState.COMPLIANT, DeviceState.IN_GRACE_PERIOD)
_LAST_CONTACT = func.coalesce(enrollments.c.last_checkin_at, enrollments.c.enrolled_at)
_JUDGED = and_(
    of_tenant(enrollments),
    enrollments.c.state != EnrollmentState.ENDED.value,
    managed_devices.c.enrollment_id == enrollments.c.id,
)
_USER_IS_GONE = and_(
    enrollments.c.user_id.is_not(None),
    ~exists().where(same_tenant(users, enrollments), users.c.id == enrollments.c.user_id, users.c.licensed),
)
#: Devices out of contact, or without their user, that still count as if nothing had happened.
_OUT_OF_CONTACT = Prepared(
    select(enrollments)
    .where(
        _JUDGED,
        or_(bindparam("since", type_=Moment) > _LAST_CONTACT, _USER_IS_GONE),
        managed_devices.c.compliance_state.in_([device_state.value for device_state in _FINE]),
    )
    .order_by(enrollments.c.id)
    .limit(bindparam("limit"))
)
_DUE = Prepared(
    select(enrollments)
    .join(device_compliance, device_compliance.c.enrollment_id == enrollments.c.id)
    .where(
        of_tenant(device_compliance),
        device_compliance.c.due_at <= bindparam("now"),
        enrollments.c.state != EnrollmentState.ENDED.value,
    )
    .order_by(enrollments.c.id)
    .limit(bindparam("limit"))
)
_FIRST_DUE = select(func.min(device_compliance.c.due_at)).where(of_tenant(device_compliance))


def candidates(
    connection: Connection, tenant_id: TenantId, *, groups: Iterable[GroupId]
) -> list[tuple[ResourceRow, list[Assignment]]]:
    """Return the compliance policies of which at least one assignment names one of these groups, or everybody; each
    with all of its assignments, for the engine to decide. Oldest policy first.
    """
    values = {"tenant": tenant_id, "groups": sorted(groups)}
    rows = reads.every(connection, _CANDIDATES, row=ResourceRow, values=values)
    assigned = assignments_by_profile(connection, tenant_id, ids=[ProfileId(row.id) for row in rows])
    return [(row, assignment_targets(assigned[ProfileId(row.id)])) for row in rows]


def states_of_devices(
    connection: Connection, ids: Collection[EnrollmentId]
) -> dict[EnrollmentId, dict[str, ComplianceStateRow]]:
    """Return the states of policies on these devices, by device and policy."""
    known: dict[EnrollmentId, dict[str, ComplianceStateRow]] = {device: {} for device in ids}
    for row in reads.many(connection, _STATES, row=ComplianceStateRow, ids=ids):
        known[row.enrollment_id][row.policy_id] = row
    return known


def states_of_policy(connection: Connection, tenant_id: TenantId, *, policy_id: str) -> list[ComplianceStateRow]:
    """Return the states of a policy on all devices."""
    values = {"tenant": tenant_id, "policy": policy_id}
    return reads.every(connection, _OF_POLICY, row=ComplianceStateRow, values=values)


def devices(connection: Connection, ids: Collection[EnrollmentId]) -> dict[EnrollmentId, DeviceComplianceRow]:
    """Return the states of these devices; a device that was never judged has no row."""
    return {row.enrollment_id: row for row in reads.many(connection, _DEVICES, row=DeviceComplianceRow, ids=ids)}


def put_states(connection: Connection, rows: Sequence[ComplianceStateRow]) -> None:
    """Add states of policies, in place of those of the same device and policy."""
    writes.put_rows(connection, compliance_states, rows=rows)


def put_devices(connection: Connection, rows: Sequence[DeviceComplianceRow]) -> None:
    """Add states of devices, in place of those that they had."""
    writes.put_rows(connection, device_compliance, rows=rows)


def drop_state(connection: Connection, enrollment_id: EnrollmentId, *, policy_id: str) -> None:
    """Drop the state of a policy that no longer reaches the device."""
    writes.remove(connection, compliance_states, enrollment_id=enrollment_id, policy_id=policy_id)


def drop_policy(connection: Connection, tenant_id: TenantId, *, policy_id: str) -> None:
    """Drop the states of a policy on all devices."""
    writes.remove(connection, compliance_states, tenant_id=tenant_id, policy_id=policy_id)


def drop_device(connection: Connection, enrollment_id: EnrollmentId) -> None:
    """Drop all that is known of a device's compliance."""
    writes.remove(connection, compliance_states, enrollment_id=enrollment_id)
    writes.remove(connection, device_compliance, enrollment_id=enrollment_id)


def out_of_contact(connection: Connection, tenant_id: TenantId, *, since: datetime, limit: int) -> list[EnrollmentRow]:
    """Return devices that were last in contact before `since`, or whose user is gone or has no licence, and that do not
    count as non-compliant yet.
    """
    values = {"tenant": tenant_id, "since": since, "limit": limit}
    return reads.every(connection, _OUT_OF_CONTACT, row=EnrollmentRow, values=values)


def due(connection: Connection, tenant_id: TenantId, *, now: datetime, limit: int) -> list[EnrollmentRow]:
    """Return devices whose compliance time alone may have changed."""
    values = {"tenant": tenant_id, "now": now, "limit": limit}
    return reads.every(connection, _DUE, row=EnrollmentRow, values=values)


def let_be_due(connection: Connection, tenant_id: TenantId, *, now: datetime) -> None:
    """Let all devices that were judged be judged again."""
    writes.change(connection, device_compliance, where={"tenant_id": tenant_id}, values={"due_at": now})


def first_due(connection: Connection, tenant_id: TenantId) -> datetime | None:
    """Return when the first device's compliance may change by time alone; None if no device was judged."""
    moment: datetime | None = connection.execute(_FIRST_DUE, {"tenant": tenant_id}).scalar()
    return moment


def to_retire(connection: Connection, tenant_id: TenantId) -> list[RetireListRow]:
    """Return the devices on the list of those to retire, the longest there first."""
    known = device_compliance.c
    policy = and_(
        same_tenant(resources, known),
        resources.c.family == POLICIES,
        resources.c.parent_id == "",
        resources.c.id == known.retire_policy_id,
    )
    statement = (
        select(
            known.enrollment_id,
            managed_devices.c.id,
            managed_devices.c.document,
            known.retire_policy_id,
            resources.c.document["displayName"].as_string(),
            known.retire_listed_at,
        )
        .select_from(device_compliance)
        .join(managed_devices, managed_devices.c.enrollment_id == known.enrollment_id)
        .outerjoin(resources, policy)
        .where(of_tenant(known, tenant_id), known.retire_listed_at.is_not(None))
        .order_by(known.retire_listed_at, managed_devices.c.id)
    )
    return reads.every(connection, statement, row=RetireListRow)


def take_from_retire_list(connection: Connection, tenant_id: TenantId, *, enrollment_id: EnrollmentId) -> None:
    """Take a device from the list of those to retire."""
    where = {"tenant_id": tenant_id, "enrollment_id": enrollment_id}
    writes.change(
        connection, device_compliance, where=where, values={"retire_policy_id": None, "retire_listed_at": None}
    )


def ask_for_facts(connection: Connection, tenant_id: TenantId, *, by: datetime) -> None:
    """Let the devices that are asked for their facts be asked by this moment at the latest, by no quiet check-in."""
    later = (of_tenant(enrollments, tenant_id), enrollments.c.inventory_at > by)
    due_at = case((enrollments.c.due_at > by, literal(by, Moment)), else_=enrollments.c.due_at)
    connection.execute(update(enrollments).where(*later).values(inventory_at=by, due_at=due_at))


def ask_for_report(connection: Connection, ids: Collection[EnrollmentId]) -> None:
    """Let the next check-in of these devices be read in full: a quiet one does not judge them."""
    for some in reads.in_parts(ids):
        connection.execute(update(enrollments).where(by_keys(enrollments.c.id, some)).values(report_digest=None))


_state = compliance_states.c


def device_counts(connection: Connection, tenant_id: TenantId, *, policy_id: str) -> dict[str, int]:
    """Count the devices by their status of a policy."""
    status = SHOWN_STATUS.label("status")
    statement = joined(tenant_id, select(status, func.count())).where(_state.policy_id == policy_id).group_by(status)
    return {str(word): number for word, number in connection.execute(statement)}


def user_counts(connection: Connection, tenant_id: TenantId, *, policy_id: str) -> dict[str, int]:
    """Count the users by their status of a policy: the worst on any of their devices."""
    users = whole(connection, tenant_id, collection=COMPLIANCE_USER_STATUSES, parent=policy_id).subquery()
    rows = connection.execute(select(users.c.status, func.count()).group_by(users.c.status))
    return {str(word): number for word, number in rows}


def state_counts(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Count the devices of the tenant by their complianceState."""
    column = managed_devices.c.compliance_state
    statement = select(column, func.count()).where(of_tenant(managed_devices, tenant_id)).group_by(column)
    return {str(word): number for word, number in connection.execute(statement)}


def setting_states(
    connection: Connection, tenant_id: TenantId, *, policy_id: str | None = None
) -> Iterator[ComplianceSettingsRow]:
    """Yield the states of settings on each device, by policy: of one policy, or of all; those of the built-in policy
    have no kind.
    """
    columns: tuple[Any, ...] = (
        _state.policy_id,
        resources.c.kind,
        _state.settings,
        _state.grace_ends_at,
        _state.user_id,
        managed_devices.c.id,
        managed_devices.c.document,
    )
    same = (
        same_tenant(resources, _state)
        & (resources.c.family == "deviceCompliancePolicies")
        & (resources.c.parent_id == "")
        & (resources.c.id == _state.policy_id)
    )
    statement = (
        select(*columns)
        .select_from(compliance_states)
        .join(managed_devices, managed_devices.c.enrollment_id == _state.enrollment_id)
        .outerjoin(resources, same)
        .where(of_tenant(_state, tenant_id))
        .order_by(managed_devices.c.id, _state.policy_id)
    )
    if policy_id is not None:
        statement = statement.where(_state.policy_id == policy_id)
    yield from reads.every(connection, statement, row=ComplianceSettingsRow)


def unjudged(connection: Connection, tenant_id: TenantId) -> int:
    """Count the devices with a record that were never judged."""
    judged = select(compliance_states.c.enrollment_id).where(of_tenant(_state, tenant_id))
    statement = (
        select(func.count())
        .select_from(managed_devices)
        .join(enrollments, enrollments.c.id == managed_devices.c.enrollment_id)
        .where(of_tenant(managed_devices, tenant_id), managed_devices.c.enrollment_id.not_in(judged))
    )
    total: int = connection.execute(statement).scalar_one()
    return total
