"""What an admin asks of a device: wipe, retire, syncDevice, delete. Graph: managedDevice actions.

Retire: the company's data goes. Wipe: everything goes. Delete: Graph's record goes now, the company's data at the
device's next check-in. What the removal table revokes is revoked when the action is accepted.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import NotFound, UnsupportedAction
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.states import Cause, EnrollmentState
from fauxtune.operations.act import Act
from fauxtune.operations.checkin import note_action
from fauxtune.operations.enrollment import end, revoke_held, user_name
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import devices as queries

Row = dict[str, Any]

#: How much a device forgets, by the cause of its end.
SCOPES = {Cause.WIPE: "DEVICE", Cause.RETIRE: "COMPANY_DATA", Cause.DELETE: "COMPANY_DATA"}


def wipe(act: Act, device_id: str, *, keep_enrollment_data: bool = False) -> None:
    """Factory reset. UnsupportedAction, with the reason, where the kind of device cannot."""
    record, variant = _record(act, device_id)
    facts = FACTS[variant]
    if not facts.can_be_wiped:
        raise UnsupportedAction(
            f"A device of the kind {variant.value} cannot be wiped: retire it, which removes the whole work profile."
        )
    if keep_enrollment_data and not facts.can_keep_enrollment:
        raise UnsupportedAction(
            f"keepEnrollmentData is supported by Windows 10 and later, not by {variant.value}; leave it out or false.",
            target="keepEnrollmentData",
        )
    _order_end(act, record, cause=Cause.WIPE)


def retire(act: Act, device_id: str) -> None:
    """Remove company data. UnsupportedAction where the kind of device is wiped instead."""
    record, variant = _record(act, device_id)
    if not FACTS[variant].can_be_retired:
        raise UnsupportedAction(f"A device of the kind {variant.value} cannot be retired: wipe it.")
    _order_end(act, record, cause=Cause.RETIRE)


def sync(act: Act, device_id: str) -> None:
    """Ask the device to check in now."""
    record, _variant = _record(act, device_id)
    enrollment_id = record["enrollment_id"]
    act.wake(concern.by_enrollment(act.connection, act.tenant.id, enrollment_id=enrollment_id))
    _add(act, enrollment_id, action="syncDevice")
    note_action(act, enrollment_id, action="syncDevice", state="pending")


def delete(act: Act, device_id: str) -> None:
    """Drop the record now; the device loses the company's data when it comes next."""
    record, _variant = _record(act, device_id)
    row = queries.enrollment(act.connection, record["enrollment_id"], lock=True)
    queries.delete_managed_device(act.connection, act.tenant.id, device_id=record["id"])
    if row is not None and row["state"] != EnrollmentState.ENDED.value and not pending(act, row):
        _order_end(act, record, cause=Cause.DELETE)


def pending(act: Act, enrollment: Row) -> list[tuple[Row, str]]:
    """The operations that wait for the device, each with its scope."""
    found = queries.actions(act.connection, enrollment["id"], states=("pending", "active"))
    return [(row, SCOPES[Cause(row["action"])]) for row in found if row["action"] in SCOPES]


def complete(act: Act, enrollment: Row, *, action_id: str, error: str | None = None) -> None:
    """The device confirms, or says why it could not. NotFound for an operation that does not wait for it."""
    for row, _scope in pending(act, enrollment):
        if row["id"] == action_id:
            state = "done" if error is None else "failed"
            queries.change_action(act.connection, action_id, state=state, completed_at=act.now)
            if error is None:
                end(act, enrollment, cause=Cause(row["action"]))
            else:
                note_action(act, enrollment["id"], action=row["action"], state="failed")
                act.record("refused", device=enrollment["id"], action=row["action"], reason=error)
            return
    raise NotFound(f"No operation '{action_id}' waits for this device.")


def _order_end(act: Act, record: Row, *, cause: Cause) -> None:
    enrollment_id = record["enrollment_id"]
    row = queries.enrollment(act.connection, enrollment_id, lock=True)
    assert row is not None
    waiting = queries.actions(act.connection, enrollment_id, states=("pending", "active"))
    if any(each["action"] == cause.value for each in waiting):
        return  # ordered already: the same again
    for earlier in waiting:
        queries.change_action(act.connection, earlier["id"], state="canceled", completed_at=act.now)
    queries.change_enrollment(act.connection, enrollment_id, state=EnrollmentState.ENDING.value, cause=cause.value)
    revoke_held(act, row, cause=cause)
    _add(act, enrollment_id, action=cause.value)
    note_action(act, enrollment_id, action=cause.value, state="pending")
    act.wake(concern.by_enrollment(act.connection, act.tenant.id, enrollment_id=enrollment_id))
    act.record(f"{cause.value}Requested", user=user_name(act, row), device=enrollment_id)


def _add(act: Act, enrollment_id: str, *, action: str) -> None:
    queries.add_action(
        act.connection,
        id=act.ids.uuid(),
        tenant_id=act.tenant.id,
        enrollment_id=enrollment_id,
        action=action,
        state="pending",
        created_at=act.now,
    )


def _record(act: Act, device_id: str) -> tuple[Row, Variant]:
    record = queries.managed_device(act.connection, act.tenant.id, device_id=device_id)
    if record is None:
        raise NotFound(f"There is no managedDevice '{device_id}'.")
    return record, Variant(record["variant"])
