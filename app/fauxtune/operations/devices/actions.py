"""The actions that an admin orders for a device: wipe, retire, delete, syncDevice and others. Graph: managedDevice.

Retire removes the company's data, wipe everything. Delete removes Graph's record at once, and retires or wipes the
device at its next check-in, by kind and edition. Certificates that the removal table revokes are revoked when the
action is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fauxtune.core.engine.device_actions.support import (
    ActionTarget,
    Happening,
    check,
    check_wipe_option,
    effective_cause,
)
from fauxtune.core.engine.device_actions.table import NOTIFICATIONS_AN_HOUR, RETIREMENTS_A_DAY
from fauxtune.core.engine.removal import decisions
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.actions import WAITING, ActionState, DeviceAction
from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.states import Cause, EnrollmentState, Incident, ItemState
from fauxtune.core.model.tenants import Edition
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.devices.action_results import EFFECTS, Done, change_state, note_state, run_now
from fauxtune.operations.devices.audience import user_name
from fauxtune.operations.devices.autopilot import note_left
from fauxtune.operations.devices.ending import end, revoke_held, write_ledger
from fauxtune.operations.devices.escrow import forget_with_managed_device
from fauxtune.operations.runtime.transaction import ENROLLMENT, Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import device_records as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import DeviceActionRow, EnrollmentRow, JoinedDeviceRow

#: How much a device forgets, by the end of its enrolment.
_SCOPES: dict[Happening, str] = {Cause.WIPE: "DEVICE", Cause.RETIRE: "COMPANY_DATA"}
#: The actions that end an enrolment: nothing follows them.
ENDS = (DeviceAction.WIPE, DeviceAction.RETIRE, DeviceAction.DELETE)
_KEEP = "keepEnrollmentData"


@dataclass(frozen=True, slots=True)
class Order:
    """An operation that waits for the device. `scope` is how much it forgets; empty for one that keeps the enrolment.
    `details` are the parameters of Graph's action, and for resetPasscode of Android the new passcode, for remoteLock of
    a Mac the PIN that unlocks it. `secrets`: what the command has beside that, known only while it is written.
    """

    id: str
    action: DeviceAction
    created_at: datetime
    scope: str
    details: JsonObject
    secrets: JsonObject = field(default_factory=dict, repr=False)


def perform(
    tx: Transaction, managed_device_id: ManagedDeviceId, *, action: DeviceAction, details: JsonObject | None = None
) -> None:
    """Order any action by its name; `details` are the parameters of its body, checked."""
    match action:
        case DeviceAction.WIPE:
            wipe(tx, managed_device_id, options=details)
        case DeviceAction.RETIRE:
            retire(tx, managed_device_id)
        case DeviceAction.DELETE:
            delete(tx, managed_device_id)
        case DeviceAction.SYNC:
            sync(tx, managed_device_id)
        case DeviceAction.REMEDIATE:
            remediate(tx, managed_device_id, script=str((details or {}).get("scriptPolicyId")))
        case _:
            ask(tx, managed_device_id, action=action, details=details)


def wipe(tx: Transaction, managed_device_id: ManagedDeviceId, *, options: JsonObject | None = None) -> None:
    """Order a factory reset; `options` are those of Graph's wipe. Raises UnsupportedAction, with the reason, if the
    kind of device cannot be wiped, or not with these options; Invalid once its user was deleted.
    """
    record, device = _enrolled(tx, managed_device_id)
    user = user_to_end(tx, record, action=DeviceAction.WIPE)
    check(DeviceAction.WIPE, device)
    chosen = {name: value for name, value in (options or {}).items() if value and value != "default"}
    for name in chosen:
        check_wipe_option(name, device.variant)
    _order_end(tx, record, cause=Cause.WIPE, user=user, details=chosen)


def retire(tx: Transaction, managed_device_id: ManagedDeviceId) -> None:
    """Order the removal of company data. Raises UnsupportedAction if the kind of device is wiped instead; Invalid once
    its user was deleted, and for one more than the tenant has of a day.
    """
    record, device = _enrolled(tx, managed_device_id)
    user = user_to_end(tx, record, action=DeviceAction.RETIRE)
    check(DeviceAction.RETIRE, device)
    _check_day(tx)
    _order_end(tx, record, cause=Cause.RETIRE, user=user)


def sync(tx: Transaction, managed_device_id: ManagedDeviceId) -> None:
    """Order a check-in now."""
    record, _device = _enrolled(tx, managed_device_id)
    _order(tx, record.enrollment_id, action=DeviceAction.SYNC, details={})


def remediate(tx: Transaction, managed_device_id: ManagedDeviceId, *, script: str) -> None:
    """Let the device's agent run a remediation now. Raises UnsupportedAction for a kind of device without such an
    agent, NotFound for an unknown script; Invalid for a device whose end was ordered.
    """
    record, device = _enrolled(tx, managed_device_id)
    check(DeviceAction.REMEDIATE, device)
    row = queries.enrollment(tx.connection, record.enrollment_id, lock=True)
    if row is None or row.state is not EnrollmentState.ACTIVE:
        raise is_ending(record, action=DeviceAction.REMEDIATE)
    run_now(tx, row, key=script)
    _call(tx, row.id)
    tx.record(f"{DeviceAction.REMEDIATE}Requested", user=user_name(tx, row), device=row.id, script=script)


def delete(tx: Transaction, managed_device_id: ManagedDeviceId) -> None:
    """Drop the record now, and order a wipe or the removal of company data for the next check-in, by the edition and
    the kind of device. Unverified: that this can be done when its user is gone.
    """
    record = device_records.device(tx, managed_device_id)
    row = queries.enrollment(tx.connection, record.enrollment_id, lock=True)
    queries.delete_managed_device(tx.connection, tx.tenant.id, managed_device_id=record.id)
    if row is not None:
        forget_with_managed_device(tx, row.directory_device_id)
        if tx.tenant.setting(ENROLLMENT):
            note_left(tx, row.directory_device_id, record_id=record.id)
    if row is None or row.state is EnrollmentState.ENDED:
        return
    is_ordered = row.state is EnrollmentState.ENDING and any(order.scope for order in pending(tx, row))
    if not is_ordered:
        _order_end(tx, record, cause=Cause.DELETE, user=user_name(tx, row))


def ask(
    tx: Transaction, managed_device_id: ManagedDeviceId, *, action: DeviceAction, details: JsonObject | None = None
) -> None:
    """Order any other action. Raises UnsupportedAction if the kind of device cannot do it, NotEmulated if only the
    emulated ones cannot; Invalid for a device whose end was ordered.
    """
    record, device = _enrolled(tx, managed_device_id)
    check(action, device)
    row = queries.enrollment(tx.connection, record.enrollment_id, lock=True)
    if row is None or row.state is not EnrollmentState.ACTIVE:
        raise is_ending(record, action=action)
    parameters = {name: value for name, value in (details or {}).items() if value is not None}
    if action is DeviceAction.NOTIFY:
        _check_rate(tx, row.id)
    if action is DeviceAction.RESET_PASSCODE and row.platform is Platform.ANDROID:
        # On iOS and iPadOS the passcode is removed: the user sets a new one.
        parameters["passcode"] = f"{tx.ids.serial() % 10**8:08d}"
    if action is DeviceAction.LOCK and device.variant is Variant.MACOS:
        # Apple: a Mac is locked with a PIN of six digits, which unlocks it.
        parameters["unlockPin"] = f"{tx.ids.serial() % 10**6:06d}"
    _order(tx, row.id, action=action, details=parameters)
    tx.record(f"{action}Requested", user=user_name(tx, row), device=row.id)


def _check_rate(tx: Transaction, enrollment_id: EnrollmentId) -> None:
    """Raise Invalid if the device was sent all its notifications of this hour. Unverified: the real service's answer.
    It is not 429 here: the tenant's clock may be frozen, and clients that obey Retry-After would wait for it.
    """
    since = tx.now - timedelta(hours=1)
    if (
        action_queries.orders_since(tx.connection, enrollment_id, action=DeviceAction.NOTIFY, since=since)
        >= NOTIFICATIONS_AN_HOUR
    ):
        raise Invalid(
            f"This device was sent {NOTIFICATIONS_AN_HOUR} notifications within an hour, and Intune sends it no more: "
            "wait, or put the tenant's clock forward."
        )


def _check_day(tx: Transaction) -> None:
    """Raise Invalid if the tenant has retired as many devices within a day as it can. Unverified: the real service's
    answer, and that its day is the last 24 hours.
    """
    since = tx.now - timedelta(days=1)
    if tx.tenant.edition is Edition.APRIL_2020:
        return
    ordered = action_queries.orders_of_tenant(tx.connection, tx.tenant.id, action=DeviceAction.RETIRE, since=since)
    if ordered >= RETIREMENTS_A_DAY:
        raise Invalid(
            f"{RETIREMENTS_A_DAY:,} devices of the tenant were retired within a day, which is the most: wait, or put "
            "the tenant's clock forward."
        )


def pending(tx: Transaction, enrollment: EnrollmentRow) -> list[Order]:
    """Return the operations that wait for the device, oldest first. syncDevice is never among them: the check-in itself
    completes it.
    """
    return orders(tx, enrollment, waiting=_waiting(tx, enrollment))


def orders(tx: Transaction, enrollment: EnrollmentRow, *, waiting: Iterable[DeviceActionRow]) -> list[Order]:
    """Return what `pending` returns, of these actions that wait for the device."""
    return [_order_of(tx, enrollment, row=row) for row in waiting if row.action is not DeviceAction.SYNC]


def complete(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    action_id: str,
    error: str | None = None,
    supported: bool = True,
    answer: JsonObject | None = None,
) -> None:
    """Take in the device's confirmation of an operation, or its `error`; `supported` is false if the device does not
    know the operation. `answer` is what it brought back, such as the `location` of locateDevice. Raises NotFound for an
    operation that does not wait for the device.
    """
    row = next((row for row in _waiting(tx, enrollment) if row.id == action_id), None)
    if row is None:
        raise NotFound(f"No operation '{action_id}' waits for this device.")
    order = _order_of(tx, enrollment, row=row)
    if error is not None:
        change_state(tx, row, state=ActionState.FAILED if supported else ActionState.NOT_SUPPORTED)
        tx.record("refused", device=enrollment.id, action=row.action.value, reason=error)
    elif order.scope and not order.details.get(_KEEP):
        action_queries.change_action(tx.connection, row.id, state=ActionState.DONE, completed_at=tx.now)
        end(tx, enrollment, cause=Cause(row.action.value))
    else:
        if order.scope:
            _start_over(tx, enrollment)
        effect = EFFECTS.get(row.action)
        result = effect(tx, Done(enrollment, order.details, answer=answer or {})) if effect else None
        change_state(tx, row, state=ActionState.DONE, result=result)
        tx.record("actionDone", user=user_name(tx, enrollment), device=enrollment.id, action=row.action.value)


def _waiting(tx: Transaction, enrollment: EnrollmentRow) -> list[DeviceActionRow]:
    rows = action_queries.actions(tx.connection, enrollment.id, states=WAITING)
    return [row for row in rows if row.action is not DeviceAction.SYNC]


def _order_of(tx: Transaction, enrollment: EnrollmentRow, *, row: DeviceActionRow) -> Order:
    return Order(
        id=row.id,
        action=row.action,
        created_at=row.created_at,
        scope=_scope(tx, enrollment, action=row.action),
        details=row.details or {},
    )


def _order_end(
    tx: Transaction, record: JoinedDeviceRow, *, cause: Cause, user: str | None, details: JsonObject | None = None
) -> None:
    enrollment_id = record.enrollment_id
    row = queries.enrollment(tx.connection, enrollment_id, lock=True)
    assert row is not None
    waiting = action_queries.actions(tx.connection, enrollment_id, states=WAITING)
    action = DeviceAction(cause.value)
    if any(earlier.action is action and (earlier.details or {}) == (details or {}) for earlier in waiting):
        return  # the same was ordered already
    for earlier in waiting:
        change_state(tx, earlier, state=ActionState.CANCELED)
    keeps = bool(details and details.get(_KEEP))
    state = EnrollmentState.ACTIVE if keeps else EnrollmentState.ENDING
    # The generation rises, since pushes are counted by it: a connected device comes at once.
    generation = row.generation + 1
    ends = None if keeps else cause
    queries.change_enrollment(tx.connection, enrollment_id, state=state, cause=ends, generation=generation)
    if not keeps:
        revoke_held(tx, row, cause=cause, user=user)
    _write_order(tx, enrollment_id, action=action, details=details or {})
    tx.wake([enrollment_id])
    tx.record(f"{cause.value}Requested", user=user, device=enrollment_id)


def _start_over(tx: Transaction, enrollment: EnrollmentRow) -> None:
    """Note that the device was reset and stays enrolled: it holds nothing, and everything is installed again."""
    revoke_held(tx, enrollment, cause=Incident.WIPE_KEEPING_ENROLLMENT, user=user_name(tx, enrollment))
    rows = queries.ledger_rows(tx.connection, enrollment.id)
    gone = [decisions.row_after_reset(row) for row in rows.values() if row.state is not ItemState.REMOVED]
    causes = {row.key: Incident.WIPE_KEEPING_ENROLLMENT for row in gone}
    write_ledger(tx, enrollment.id, before=rows, changed=gone, causes=causes)
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment.id))


def _order(tx: Transaction, enrollment_id: EnrollmentId, *, action: DeviceAction, details: JsonObject) -> None:
    """Write the order in place of an earlier one of the same action, and call the device."""
    for earlier in action_queries.actions(tx.connection, enrollment_id, states=WAITING):
        if earlier.action is action:
            action_queries.change_action(tx.connection, earlier.id, state=ActionState.CANCELED, completed_at=tx.now)
    _write_order(tx, enrollment_id, action=action, details=details)
    _call(tx, enrollment_id)


def _call(tx: Transaction, enrollment_id: EnrollmentId) -> None:
    """Call the device to a check-in that is not quiet."""
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment_id))


def _write_order(tx: Transaction, enrollment_id: EnrollmentId, *, action: DeviceAction, details: JsonObject) -> None:
    row = DeviceActionRow(
        id=tx.ids.uuid(),
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment_id,
        action=action,
        state=ActionState.PENDING,
        details=details or None,
        created_at=tx.now,
        completed_at=None,
    )
    action_queries.add_action(tx.connection, row)
    note_state(tx, enrollment_id, action=action, state=ActionState.PENDING)


def user_to_end(tx: Transaction, record: JoinedDeviceRow, *, action: DeviceAction) -> str | None:
    """Return the name of the user of a device that is to be wiped or retired. Raises Invalid once the user was deleted.

    Intune: "Remove devices by using wipe, retire ...": once the users of managed devices are removed from the
    directory, Intune can no longer wipe or retire these. Unverified: the answer to an admin who tries.
    """
    if not record.user_id:
        return None
    user = directory_queries.user(tx.connection, tx.tenant.id, user_id=record.user_id)
    if user is None:
        raise Invalid(
            f"{action}: the device's user was deleted from the directory, so that it can be neither wiped nor retired "
            "any more. Wipe or retire devices before their user is deleted; the record can still be deleted."
        )
    return str(user.document["userPrincipalName"])


def action_target(tx: Transaction, record: JoinedDeviceRow) -> ActionTarget:
    """Return the facts that decide which actions an enrolled device can be ordered. Raises Invalid if its user has
    unenrolled it, and the record has stayed. Unverified: the real service's answer.
    """
    if record.enrollment_state is EnrollmentState.ENDED:
        raise Invalid("The user has unenrolled this device: nothing reaches it any more. Its record can be deleted.")
    document = record.document
    return ActionTarget(
        record.variant,
        tx.tenant.edition,
        os_version=document.get("osVersion"),
        supervised=bool(document.get("isSupervised")),
    )


def is_ending(record: JoinedDeviceRow, *, action: DeviceAction) -> Invalid:
    """Return the error for an action that a device whose end was ordered is not sent any more: its end is the last
    order. Unverified: the real service's answer.
    """
    return Invalid(f"{action} cannot be ordered any more: the device is ending ({record.document['managementState']}).")


def _enrolled(tx: Transaction, managed_device_id: ManagedDeviceId) -> tuple[JoinedDeviceRow, ActionTarget]:
    """Return the record of an enrolled device, and the facts that decide which actions it can be ordered."""
    record = device_records.device(tx, managed_device_id)
    return record, action_target(tx, record)


def _scope(tx: Transaction, enrollment: EnrollmentRow, *, action: DeviceAction) -> str:
    """Return how much the device forgets; empty for an action that does not end its enrolment."""
    if action not in ENDS:
        return ""
    return _SCOPES[effective_cause(Cause(action.value), enrollment.variant, edition=tx.tenant.edition)]
