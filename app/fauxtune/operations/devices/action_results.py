"""The states of a device's actions, and how Graph's record shows them. Graph: deviceActionResult, managementState.

An action is pending when it was accepted, active when it was sent to the device, then done, failed or notSupported as
the device reports. Graph shows one result per action name: the newest.
"""

from __future__ import annotations

from collections.abc import Iterable

from fauxtune.core.clock import iso
from fauxtune.core.model.actions import WAITING, ActionState, DeviceAction
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import device_records as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import DeviceActionRow

#: Results with properties of their own: their type, and the values before the device has reported.
_TYPES: dict[DeviceAction, tuple[str, JsonObject]] = {
    DeviceAction.LOCATE: ("locateDeviceActionResult", {"deviceLocation": None}),
    DeviceAction.RESET_PASSCODE: ("resetPasscodeActionResult", {"passcode": None, "errorCode": 0}),
    DeviceAction.LOCK: ("remoteLockActionResult", {"unlockPin": None}),
    DeviceAction.DEFENDER_SCAN: ("windowsDefenderScanActionResult", {"scanType": None}),
    DeviceAction.DELETE_SHARED_USER: ("deleteUserFromSharedAppleDeviceActionResult", {"userPrincipalName": None}),
    DeviceAction.ROTATE_BITLOCKER_KEYS: ("rotateBitLockerKeysDeviceActionResult", {"errorCode": 0}),
}

#: managementState by the state of the action.
_MANAGEMENT_STATES: dict[ActionState, dict[DeviceAction, str]] = {
    ActionState.PENDING: {DeviceAction.WIPE: "wipePending", DeviceAction.RETIRE: "retirePending"},
    ActionState.ACTIVE: {DeviceAction.WIPE: "wipeIssued", DeviceAction.RETIRE: "retireIssued"},
    ActionState.FAILED: {DeviceAction.WIPE: "wipeFailed", DeviceAction.RETIRE: "retireFailed"},
    ActionState.NOT_SUPPORTED: {DeviceAction.WIPE: "wipeFailed", DeviceAction.RETIRE: "retireFailed"},
    # Only a wipe that keeps the enrolment is ever shown as done.
    ActionState.DONE: {DeviceAction.WIPE: "managed"},
}


def actions_sent(tx: Transaction, actions: Iterable[DeviceActionRow], *, ending: bool) -> int:
    """Note that a device has checked in, and so is sent these actions that wait for it; return how many operations wait
    for it. A device that is `ending` does not synchronise any more.
    """
    waiting = 0
    for row in actions:
        if row.action is DeviceAction.SYNC:
            if not ending:
                change_state(tx, row, state=ActionState.DONE)
            continue
        waiting += 1
        if row.state is ActionState.PENDING:
            change_state(tx, row, state=ActionState.ACTIVE)
    return waiting


def change_state(
    tx: Transaction, row: DeviceActionRow, *, state: ActionState, result: JsonObject | None = None
) -> None:
    """Change an action's state; `result` are properties for its result in Graph."""
    if state in WAITING:
        action_queries.change_action(tx.connection, row.id, state=state)
    else:
        action_queries.change_action(tx.connection, row.id, state=state, completed_at=tx.now)
    note_state(tx, row.enrollment_id, action=row.action, state=state, result=result)


def note_state(
    tx: Transaction,
    enrollment_id: EnrollmentId,
    *,
    action: DeviceAction,
    state: ActionState,
    result: JsonObject | None = None,
) -> None:
    """Show an action's state in Graph's record of the device, if it still has one: one entry per action name."""
    record = queries.managed_device_of(tx.connection, enrollment_id)
    if record is None:
        return
    document = record.document
    results = {entry["actionName"]: entry for entry in document.get("deviceActionResults") or ()}
    before = results.get(action, {}) if state is not ActionState.PENDING else {}
    kind, unknown = _TYPES.get(action, (None, {}))
    results[action.value] = {
        **({} if kind is None else {"@odata.type": f"#microsoft.graph.{kind}"}),
        **{name: before.get(name, value) for name, value in unknown.items()},
        **(result or {}),
        "actionName": action.value,
        "actionState": state.value,
        "startDateTime": before.get("startDateTime", iso(tx.now)),
        "lastUpdatedDateTime": iso(tx.now),
    }
    management_state = _MANAGEMENT_STATES.get(state, {}).get(action)
    changes: JsonObject = {"deviceActionResults": list(results.values())}
    if management_state is not None:
        changes["managementState"] = management_state
    queries.change_managed_device(
        tx.connection, tx.tenant.id, managed_device_id=record.id, document={**document, **changes}
    )
