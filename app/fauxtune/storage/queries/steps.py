"""The steps that were sent to devices, and the identity certificates that devices have before they enrol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Unpack

from sqlalchemy import Connection, bindparam, delete, select

from fauxtune.core.engine.planning.steps import PlannedStep, SentStep
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.steps import StepState
from fauxtune.storage import writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.devices import DeviceIdentityChanges, DeviceIdentityRow, StepRow
from fauxtune.storage.tables import device_identities, steps
from fauxtune.storage.tenancy import by_key, of_tenant

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
