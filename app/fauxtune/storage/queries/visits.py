"""The device that checks in: locked, with what else is stored of it, its steps, and which devices have still to plan.

A check-in reads only what is here. The devices that wait are for the lists of statuses and their counts.
Unverified: that the real service lists them. Graph's complianceStatus has no word for "pending"; its overviews count
such devices (pendingCount), and public programs wait over the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from sqlalchemy import Column, Connection, bindparam, delete, exists, func, select

from fauxtune.core.engine.planning.steps import PlannedStep, SentStep
from fauxtune.core.model.actions import WAITING, StepState
from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.profiles.catalog import kind
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.queries import concern
from fauxtune.storage.queries.configuration import assignment_targets
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.devices import DeviceIdentityChanges, DeviceIdentityRow, EnrollmentRow, StepRow
from fauxtune.storage.tables import (
    assignments,
    connector_requests,
    device_actions,
    device_identities,
    enrollments,
    group_members,
    key_holdings,
    ledger,
    profile_states,
    profiles,
    steps,
)
from fauxtune.storage.tenancy import by_key, of_tenant, same_tenant


@dataclass(frozen=True, slots=True)
class StoredParts:
    """Whether there may be anything: items of the ledger, requests to connectors, states of profiles, steps, groups
    that have the device, keys that it has, and actions that wait for it.
    """

    ledger: bool = True
    requests: bool = True
    states: bool = True
    steps: bool = True
    groups: bool = True
    keys: bool = True
    actions: bool = True


def _held(column: Column[Any]) -> Prepared:
    """Return a SELECT that locks the requests of the device and then its enrolment, on PostgreSQL: the count has to be
    there before the enrolment is found.
    """
    device = select(enrollments.c.id).where(by_key(column, bindparam("key"))).scalar_subquery()
    requests = (
        select(connector_requests.c.id)
        .where(connector_requests.c.enrollment_id == device)
        .order_by(connector_requests.c.id)
        .with_for_update(key_share=True)
        .cte("held_requests")
    )
    counted = select(func.count()).select_from(requests).scalar_subquery()
    return Prepared(select(enrollments.c.id).where(by_key(column, bindparam("key")), counted >= 0).with_for_update())


def _read(column: Column[Any]) -> Prepared:
    parts: list[Any] = [
        select(table.c.enrollment_id).where(table.c.enrollment_id == enrollments.c.id).exists()
        for table in (ledger, connector_requests, profile_states, steps)
    ]
    groups = select(group_members.c.member_id).where(
        same_tenant(group_members, enrollments),
        group_members.c.member_id == enrollments.c.directory_device_id,
    )
    keys = select(key_holdings.c.enrollment_id).where(
        key_holdings.c.enrollment_id == enrollments.c.id, key_holdings.c.until_number.is_(None)
    )
    waiting = select(device_actions.c.id).where(
        device_actions.c.enrollment_id == enrollments.c.id, device_actions.c.state.in_(WAITING)
    )
    known = select(enrollments, *parts, groups.exists(), keys.exists(), waiting.exists())
    return Prepared(known.where(by_key(column, bindparam("key"))))


# Built once: each check-in that is not quiet asks one of them.
_BY_CREDENTIAL = (_held(enrollments.c.credential_digest), _read(enrollments.c.credential_digest))
_BY_ID = (_held(enrollments.c.id), _read(enrollments.c.id))
_COLUMNS = len(enrollments.c)


def is_alone(connection: Connection) -> bool:
    """Whether transactions are one after the other, so that none can change what another one has read: on SQLite."""
    return connection.dialect.name == "sqlite"


def device_of_credential(connection: Connection, digest: str) -> tuple[EnrollmentRow | None, StoredParts]:
    """Return the enrolment whose credential has this digest; None without one. It is locked until the transaction ends,
    and its requests are before it (see `locks`).
    """
    return _locked(connection, _BY_CREDENTIAL, key=digest)


def device_of_id(connection: Connection, enrollment_id: EnrollmentId) -> tuple[EnrollmentRow | None, StoredParts]:
    """Return the enrolment with this id, locked as by `device_of_credential`."""
    return _locked(connection, _BY_ID, key=enrollment_id)


def _locked(
    connection: Connection, statements: tuple[Prepared, Prepared], *, key: str
) -> tuple[EnrollmentRow | None, StoredParts]:
    held, read = statements
    if connection.dialect.name == "postgresql":
        # A statement that waited for a lock sees the locked row as it is then, and all others as they were before.
        held.first(connection, {"key": key})
    row = read.first(connection, {"key": key})
    if row is None:
        return None, StoredParts()
    return EnrollmentRow(*row[:_COLUMNS]), StoredParts(*map(bool, row[_COLUMNS:]))


_OF_DEVICE = Prepared(
    select(steps).where(by_key(steps.c.enrollment_id, bindparam("device"))).order_by(steps.c.told_at, steps.c.id)
)
_OVER = Prepared(
    delete(steps).where(
        by_key(steps.c.enrollment_id, bindparam("device")), steps.c.id.in_(bindparam("ids", expanding=True))
    )
)
_OPEN = (StepState.WAITING.value, StepState.SENT.value, StepState.LATER.value)
_PUT_OFF = Prepared(
    select(steps.c.enrollment_id, steps.c.subject, steps.c.state)
    .where(of_tenant(steps), steps.c.state.in_(_OPEN))
    .order_by(steps.c.enrollment_id, steps.c.subject)
)
_IDENTITY = Prepared(select(device_identities).where(by_key(device_identities.c.digest, bindparam("digest"))))


def sent_steps(connection: Connection, enrollment_id: EnrollmentId) -> list[SentStep]:
    """Return the steps that were sent to the device and are not over, oldest first."""
    return [
        SentStep(id=row.id, step=PlannedStep(row.kind, row.subject, row.fingerprint), state=row.state)
        for row in steps_of(connection, enrollment_id)
    ]


def steps_of(connection: Connection, enrollment_id: EnrollmentId) -> list[StepRow]:
    """Return the same steps with the device's answers to questions."""
    return every(connection, _OF_DEVICE, row=StepRow, values={"device": enrollment_id})


def put_off(connection: Connection, tenant_id: TenantId) -> dict[EnrollmentId, list[str]]:
    """Return the subjects of the steps that devices have put off, by device: of devices that have put off all that they
    have not answered.
    """
    subjects: dict[EnrollmentId, list[str]] = {}
    busy = set()
    for enrollment_id, subject, state in _PUT_OFF.every(connection, {"tenant": tenant_id}):
        subjects.setdefault(EnrollmentId(enrollment_id), []).append(subject)
        if state != StepState.LATER:
            busy.add(EnrollmentId(enrollment_id))
    return {enrollment_id: names for enrollment_id, names in subjects.items() if enrollment_id not in busy}


def put_steps(connection: Connection, rows: Sequence[StepRow]) -> None:
    """Write new or changed steps."""
    writes.put_rows(connection, steps, rows=rows)


def delete_steps(connection: Connection, enrollment_id: EnrollmentId, *, ids: Iterable[str] | None = None) -> None:
    """Drop these steps of the device, or all of them: they are over."""
    if ids is None:
        writes.remove(connection, steps, enrollment_id=enrollment_id)
    elif over := list(ids):
        _OVER.run(connection, {"device": enrollment_id, "ids": over})


def identity(connection: Connection, digest: str) -> DeviceIdentityRow | None:
    """Return the device identity whose certificate has this SHA-256."""
    return first(connection, _IDENTITY, row=DeviceIdentityRow, values={"digest": digest})


def add_identity(connection: Connection, row: DeviceIdentityRow) -> None:
    """Insert a device identity."""
    writes.add_row(connection, device_identities, row=row)


def change_identity(connection: Connection, digest: str, **changes: Unpack[DeviceIdentityChanges]) -> None:
    """Change columns of a device identity."""
    writes.change(connection, device_identities, where={"digest": digest}, values=changes)


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
