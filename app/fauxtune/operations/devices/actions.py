"""What an admin asks of a device: wipe, retire, delete, syncDevice, and whatever travels to it. Graph: managedDevice.

Retire: the company's data goes. Wipe: everything goes. Delete: Graph's record goes now, and one or the other at the
device's next check-in, by kind and edition. What the removal table revokes is revoked when the action is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.engine.device_actions.support import (
    ActionTarget,
    Happening,
    check,
    check_wipe_option,
    effective_cause,
)
from fauxtune.core.engine.device_actions.table import NOTIFICATIONS_AN_HOUR
from fauxtune.core.engine.removal import decisions
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.actions import WAITING, ActionState, DeviceAction
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause, EnrollmentState, Incident, ItemState
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.devices.action_effects import EFFECTS, Done
from fauxtune.operations.devices.action_results import note_action, set_state
from fauxtune.operations.devices.enrollment import end, revoke_held, user_name
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import device_actions as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries

Row = dict[str, Any]

#: How much a device forgets, by what it goes through.
_SCOPES: dict[Happening, str] = {Cause.WIPE: "DEVICE", Cause.RETIRE: "COMPANY_DATA"}
#: The actions after which nothing more is asked of a device.
ENDS = (DeviceAction.WIPE, DeviceAction.RETIRE, DeviceAction.DELETE)
_KEEP = "keepEnrollmentData"


@dataclass(frozen=True, slots=True)
class Order:
    """An operation that waits for the device. `scope` is how much it forgets; empty for what it survives. `details` are
    Graph's words, and for resetPasscode the new passcode, for remoteLock of a Mac the PIN that unlocks it.
    """

    id: str
    action: DeviceAction
    created_at: datetime
    scope: str
    details: Row


def perform(tx: Transaction, device_id: str, *, action: DeviceAction, details: Row | None = None) -> None:
    """Any action by its name; `details` as its body says them, checked."""
    match action:
        case DeviceAction.WIPE:
            wipe(tx, device_id, options=details)
        case DeviceAction.RETIRE:
            retire(tx, device_id)
        case DeviceAction.DELETE:
            delete(tx, device_id)
        case DeviceAction.SYNC:
            sync(tx, device_id)
        case _:
            ask(tx, device_id, action=action, details=details)


def wipe(tx: Transaction, device_id: str, *, options: Row | None = None) -> None:
    """Factory reset; `options` are those of Graph's wipe. UnsupportedAction, with the reason, where the kind of device
    cannot, or not in this way; Invalid once its user was deleted.
    """
    record, device = _enrolled(tx, device_id)
    user = _user(tx, record, action=DeviceAction.WIPE)
    check(DeviceAction.WIPE, device)
    wanted = {name: value for name, value in (options or {}).items() if value and value != "default"}
    for name in wanted:
        check_wipe_option(name, device.variant)
    _order_end(tx, record, cause=Cause.WIPE, user=user, details=wanted)


def retire(tx: Transaction, device_id: str) -> None:
    """Remove company data. UnsupportedAction where the kind of device is wiped instead; Invalid once its user was
    deleted.
    """
    record, device = _enrolled(tx, device_id)
    user = _user(tx, record, action=DeviceAction.RETIRE)
    check(DeviceAction.RETIRE, device)
    _order_end(tx, record, cause=Cause.RETIRE, user=user)


def sync(tx: Transaction, device_id: str) -> None:
    """Ask the device to check in now."""
    record, _device = _enrolled(tx, device_id)
    _order(tx, record["enrollment_id"], action=DeviceAction.SYNC, details={})


def delete(tx: Transaction, device_id: str) -> None:
    """Drop the record now; when the device comes next it is wiped or loses the company's data, as the edition says of
    its kind. Unverified: that this can be done when its user is gone.
    """
    record = device_records.device(tx, device_id)
    row = queries.enrollment(tx.connection, record["enrollment_id"], lock=True)
    queries.delete_managed_device(tx.connection, tx.tenant.id, device_id=record["id"])
    if row is None or row["state"] == EnrollmentState.ENDED.value:
        return
    ordered = row["state"] == EnrollmentState.ENDING.value and any(each.scope for each in pending(tx, row))
    if not ordered:
        _order_end(tx, record, cause=Cause.DELETE, user=user_name(tx, row))


def ask(tx: Transaction, device_id: str, *, action: DeviceAction, details: Row | None = None) -> None:
    """Any other action. UnsupportedAction where the kind of device cannot, NotEmulated where only ours cannot; Invalid
    for a device whose end was ordered.
    """
    record, device = _enrolled(tx, device_id)
    check(action, device)
    row = queries.enrollment(tx.connection, record["enrollment_id"], lock=True)
    if row is None or row["state"] != EnrollmentState.ACTIVE.value:
        # Unverified: the real service's answer. Its end is all that such a device is told.
        raise Invalid(
            f"{action}: the device's {record['document']['managementState']} comes first; nothing follows it."
        )
    told = {name: value for name, value in (details or {}).items() if value is not None}
    if action is DeviceAction.NOTIFY:
        _check_rate(tx, row["id"])
    if action is DeviceAction.RESET_PASSCODE:
        told["passcode"] = f"{tx.ids.serial() % 10**8:08d}"
    if action is DeviceAction.LOCK and device.variant is Variant.MACOS:
        # Apple: a Mac is locked with a PIN of six digits, which unlocks it.
        told["unlockPin"] = f"{tx.ids.serial() % 10**6:06d}"
    _order(tx, row["id"], action=action, details=told)
    tx.record(f"{action}Requested", user=user_name(tx, row), device=row["id"])


def _check_rate(tx: Transaction, enrollment_id: EnrollmentId) -> None:
    """Invalid where a device had its notifications of the hour. Unverified: the real service's answer. It is not 429
    here: the tenant's clock may stand, and clients that obey Retry-After would wait for it.
    """
    since = tx.now - timedelta(hours=1)
    if (
        action_queries.orders_since(tx.connection, enrollment_id, action=DeviceAction.NOTIFY.value, since=since)
        >= NOTIFICATIONS_AN_HOUR
    ):
        raise Invalid(
            f"This device was sent {NOTIFICATIONS_AN_HOUR} notifications within an hour, and Intune sends it no more: "
            "wait, or put the tenant's clock forward."
        )


def pending(tx: Transaction, enrollment: Row) -> list[Order]:
    """The operations that wait for the device, oldest first. Synchronising is none: to check in is all of it."""
    return [
        Order(
            id=row["id"],
            action=DeviceAction(row["action"]),
            created_at=row["created_at"],
            scope=_scope(tx, enrollment, action=DeviceAction(row["action"])),
            details=row["details"] or {},
        )
        for row in action_queries.actions(tx.connection, enrollment["id"], states=WAITING)
        if row["action"] != DeviceAction.SYNC
    ]


def complete(
    tx: Transaction,
    enrollment: Row,
    *,
    action_id: str,
    error: str | None = None,
    supported: bool = True,
    location: dict[str, float] | None = None,
) -> None:
    """The device confirms, or says why it could not; not `supported`: it does not know the operation. `location` is
    the answer to locateDevice. NotFound for an operation that does not wait for it.
    """
    order = next((each for each in pending(tx, enrollment) if each.id == action_id), None)
    if order is None:
        raise NotFound(f"No operation '{action_id}' waits for this device.")
    action = {"id": order.id, "action": order.action.value}
    if error is not None:
        state = ActionState.FAILED if supported else ActionState.NOT_SUPPORTED
        set_state(tx, enrollment["id"], action=action, state=state)
        tx.record("refused", device=enrollment["id"], action=order.action.value, reason=error)
    elif order.scope and not order.details.get(_KEEP):
        action_queries.change_action(tx.connection, order.id, state=ActionState.DONE.value, completed_at=tx.now)
        end(tx, enrollment, cause=Cause(order.action.value))
    else:
        if order.scope:
            _start_over(tx, enrollment)
        effect = EFFECTS.get(order.action)
        shown = effect(tx, Done(enrollment, order.details, location=location)) if effect else None
        set_state(tx, enrollment["id"], action=action, state=ActionState.DONE, shown=shown)
        tx.record("actionDone", user=user_name(tx, enrollment), device=enrollment["id"], action=order.action.value)


def _order_end(tx: Transaction, record: Row, *, cause: Cause, user: str | None, details: Row | None = None) -> None:
    enrollment_id = record["enrollment_id"]
    row = queries.enrollment(tx.connection, enrollment_id, lock=True)
    assert row is not None
    waiting = action_queries.actions(tx.connection, enrollment_id, states=WAITING)
    if any(each["action"] == cause.value and (each["details"] or {}) == (details or {}) for each in waiting):
        return  # ordered already: the same again
    for earlier in waiting:
        set_state(tx, enrollment_id, action=earlier, state=ActionState.CANCELED)
    keeps = bool(details and details.get(_KEEP))
    state = EnrollmentState.ACTIVE if keeps else EnrollmentState.ENDING
    queries.change_enrollment(tx.connection, enrollment_id, state=state.value, cause=None if keeps else cause.value)
    if not keeps:
        revoke_held(tx, row, cause=cause, user=user)
    _write_order(tx, enrollment_id, action=DeviceAction(cause.value), details=details or {})
    if keeps:
        _call(tx, enrollment_id)
    else:
        # None of its check-ins is quiet any more, whatever its generation.
        tx.wake([enrollment_id])
    tx.record(f"{cause.value}Requested", user=user, device=enrollment_id)


def _start_over(tx: Transaction, enrollment: Row) -> None:
    """The device was reset and stays enrolled: it has nothing any more, and is given everything anew."""
    revoke_held(tx, enrollment, cause=Incident.WIPE_KEEPING_ENROLLMENT, user=user_name(tx, enrollment))
    rows = queries.ledger_rows(tx.connection, enrollment["id"]).values()
    gone = [decisions.row_after_reset(row) for row in rows if row.state is not ItemState.REMOVED]
    queries.put_ledger_rows(tx.connection, tx.tenant.id, enrollment_id=enrollment["id"], changed=gone, at=tx.now)
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment["id"]))


def _order(tx: Transaction, enrollment_id: EnrollmentId, *, action: DeviceAction, details: Row) -> None:
    """Write the order down in place of an earlier one of the same name, and call the device."""
    for earlier in action_queries.actions(tx.connection, enrollment_id, states=WAITING):
        if earlier["action"] == action.value:
            action_queries.change_action(
                tx.connection, earlier["id"], state=ActionState.CANCELED.value, completed_at=tx.now
            )
    _write_order(tx, enrollment_id, action=action, details=details)
    _call(tx, enrollment_id)


def _call(tx: Transaction, enrollment_id: EnrollmentId) -> None:
    """The device is to come, and its check-in is not to be a quiet one."""
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment_id))


def _write_order(tx: Transaction, enrollment_id: EnrollmentId, *, action: DeviceAction, details: Row) -> None:
    action_queries.add_action(
        tx.connection,
        id=tx.ids.uuid(),
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment_id,
        action=action.value,
        state=ActionState.PENDING.value,
        details=details or None,
        created_at=tx.now,
    )
    note_action(tx, enrollment_id, action=action.value, state=ActionState.PENDING.value)


def _user(tx: Transaction, record: Row, *, action: DeviceAction) -> str | None:
    """The name of the device's user. Intune: "Remove devices by using wipe, retire ...": once the users of managed
    devices are removed from the directory, Intune can no longer wipe or retire these. Unverified: the answer to who
    tries.
    """
    if not record["user_id"]:
        return None
    user = directory_queries.user(tx.connection, tx.tenant.id, user_id=record["user_id"])
    if user is None:
        raise Invalid(
            f"{action}: the device's user was deleted from the directory, so that it can be neither wiped nor retired "
            "any more. Wipe or retire devices before their user is deleted; the record can still be deleted."
        )
    return str(user["document"]["userPrincipalName"])


def _enrolled(tx: Transaction, device_id: str) -> tuple[Row, ActionTarget]:
    """The record of a device that is enrolled, and what its actions are judged by. Invalid for one whose user has
    unenrolled it, while its record stays. Unverified: the real service's answer.
    """
    record = device_records.device(tx, device_id)
    if record["enrollment_state"] == EnrollmentState.ENDED.value:
        raise Invalid("The user has unenrolled this device: nothing reaches it any more. Its record can be deleted.")
    shown = record["document"]
    device = ActionTarget(
        Variant(record["variant"]),
        tx.tenant.edition,
        os_version=shown.get("osVersion"),
        supervised=bool(shown.get("isSupervised")),
    )
    return record, device


def _scope(tx: Transaction, enrollment: Row, *, action: DeviceAction) -> str:
    """How much the device forgets; empty for an action after which it goes on."""
    if action not in ENDS:
        return ""
    return _SCOPES[effective_cause(Cause(action.value), Variant(enrollment["variant"]), edition=tx.tenant.edition)]
