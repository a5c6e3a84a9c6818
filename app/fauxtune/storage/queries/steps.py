"""What devices were told step by step, and the identity certificates with which they come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from fauxtune.core.engine.planning.steps import PlannedStep, SentStep, StepKind, StepState
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.storage import writes
from fauxtune.storage.tables import device_identities, steps

Row = dict[str, Any]

_OF_DEVICE = select(steps).where(steps.c.enrollment_id == bindparam("device")).order_by(steps.c.told_at, steps.c.id)
_OVER = delete(steps).where(
    steps.c.enrollment_id == bindparam("device"), steps.c.id.in_(bindparam("ids", expanding=True))
)
_WAIT_AGAIN = (
    update(steps)
    .where(
        steps.c.enrollment_id == bindparam("device"),
        steps.c.state.in_([StepState.SENT.value, StepState.LATER.value]),
    )
    .values(state=StepState.WAITING.value)
)
_REFUSED = delete(steps).where(steps.c.enrollment_id == bindparam("device"), steps.c.state == StepState.REFUSED.value)
_OPEN = (StepState.WAITING.value, StepState.SENT.value, StepState.LATER.value)
_IDENTITY = select(device_identities).where(device_identities.c.digest == bindparam("digest"))


def told(connection: Connection, enrollment_id: str) -> list[SentStep]:
    """What the device was told and is not over."""
    found = connection.execute(_OF_DEVICE, {"device": enrollment_id}).mappings()
    return [
        SentStep(
            id=row["id"],
            step=PlannedStep(StepKind(row["kind"]), row["subject"], row["fingerprint"]),
            state=StepState(row["state"]),
        )
        for row in found
    ]


def put_off(connection: Connection, tenant_id: TenantId) -> dict[EnrollmentId, list[str]]:
    """The devices that have put off all that they were told and have not answered: the subjects of it, by device."""
    statement = (
        select(steps.c.enrollment_id, steps.c.subject, steps.c.state)
        .where(steps.c.tenant_id == tenant_id, steps.c.state.in_(_OPEN))
        .order_by(steps.c.enrollment_id, steps.c.subject)
    )
    found: dict[EnrollmentId, list[str]] = {}
    busy = set()
    for device, subject, state in connection.execute(statement):
        found.setdefault(EnrollmentId(device), []).append(subject)
        if state != StepState.LATER:
            busy.add(EnrollmentId(device))
    return {device: subjects for device, subjects in found.items() if device not in busy}


def question_answers(connection: Connection, enrollment_id: str) -> dict[str, Row]:
    """What the device answered to questions, by their names; those that it could not answer are left out."""
    found = connection.execute(_OF_DEVICE, {"device": enrollment_id}).mappings()
    return {
        row["subject"]: row["answer"]
        for row in found
        if row["kind"] == StepKind.QUESTION and row["state"] == StepState.ANSWERED and row["answer"] is not None
    }


def tell(
    connection: Connection, tenant_id: TenantId, *, enrollment_id: str, telling: Sequence[SentStep], at: datetime
) -> None:
    """Write down what the device is told now; what it was told before is told again."""
    writes.put(
        connection,
        steps,
        rows=[
            {
                "id": each.id,
                "tenant_id": tenant_id,
                "enrollment_id": enrollment_id,
                "kind": each.step.kind.value,
                "subject": each.step.subject,
                "fingerprint": each.step.fingerprint,
                "state": each.state.value,
                "answer": None,
                "told_at": at,
            }
            for each in telling
        ],
    )


def change_step(connection: Connection, step_id: str, **values: Any) -> None:
    """Change columns of a step."""
    writes.change(connection, steps, where={"id": step_id}, values=values)


def forget_steps(connection: Connection, enrollment_id: str, *, ids: Iterable[str] | None = None) -> None:
    """These steps of the device are over, or all of them."""
    if ids is None:
        connection.execute(delete(steps).where(steps.c.enrollment_id == enrollment_id))
    elif over := list(ids):
        connection.execute(_OVER, {"device": enrollment_id, "ids": over})


def begin_anew(connection: Connection, enrollment_id: str) -> None:
    """A new conversation: what was told or put off is told again, what was refused may be."""
    connection.execute(_WAIT_AGAIN, {"device": enrollment_id})
    connection.execute(_REFUSED, {"device": enrollment_id})


def identity(connection: Connection, digest: str) -> Row | None:
    """The device identity whose certificate has this SHA-256."""
    row = connection.execute(_IDENTITY, {"digest": digest}).mappings().first()
    return None if row is None else dict(row)


def add_identity(connection: Connection, **values: Any) -> None:
    """A new device identity."""
    writes.add(connection, device_identities, **values)


def change_identity(connection: Connection, digest: str, **values: Any) -> None:
    """Change columns of a device identity."""
    writes.change(connection, device_identities, where={"digest": digest}, values=values)
