"""Where each action of a device stands, and how Graph's record shows it. Graph: deviceActionResult, managementState.

An action is pending when it was accepted, active when the device was told of it, then done, failed or notSupported as
the device says. Graph shows one result per action name: the newest.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.model.actions import WAITING, ActionState, DeviceAction
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import device_actions as action_queries
from fauxtune.storage.queries import devices as queries

Row = dict[str, Any]

#: Results that say more than how it went: their type, and what they show before anything is known.
_TYPES: dict[str, tuple[str, Row]] = {
    DeviceAction.LOCATE: ("locateDeviceActionResult", {"deviceLocation": None}),
    DeviceAction.RESET_PASSCODE: ("resetPasscodeActionResult", {"passcode": None, "errorCode": 0}),
    DeviceAction.LOCK: ("remoteLockActionResult", {"unlockPin": None}),
    DeviceAction.DEFENDER_SCAN: ("windowsDefenderScanActionResult", {"scanType": None}),
    DeviceAction.DELETE_SHARED_USER: ("deleteUserFromSharedAppleDeviceActionResult", {"userPrincipalName": None}),
    DeviceAction.ROTATE_BITLOCKER_KEYS: ("rotateBitLockerKeysDeviceActionResult", {"errorCode": 0}),
}

#: managementState by the state of the action.
_SHOWN: dict[str, dict[str, str]] = {
    ActionState.PENDING: {DeviceAction.WIPE: "wipePending", DeviceAction.RETIRE: "retirePending"},
    ActionState.ACTIVE: {DeviceAction.WIPE: "wipeIssued", DeviceAction.RETIRE: "retireIssued"},
    ActionState.FAILED: {DeviceAction.WIPE: "wipeFailed", DeviceAction.RETIRE: "retireFailed"},
    ActionState.NOT_SUPPORTED: {DeviceAction.WIPE: "wipeFailed", DeviceAction.RETIRE: "retireFailed"},
    # Only a wipe that keeps the enrolment is ever shown as done.
    ActionState.DONE: {DeviceAction.WIPE: "managed"},
}


def contacted(tx: Transaction, enrollment: Row, *, ending: bool) -> int:
    """The device is here and is told what was asked of it: how many operations wait. One that ends synchronises
    nothing any more.
    """
    waiting = 0
    for action in action_queries.actions(tx.connection, enrollment["id"], states=WAITING):
        if action["action"] == DeviceAction.SYNC:
            if not ending:
                set_state(tx, enrollment["id"], action=action, state=ActionState.DONE)
            continue
        waiting += 1
        if action["state"] == ActionState.PENDING:
            set_state(tx, enrollment["id"], action=action, state=ActionState.ACTIVE)
    return waiting


def set_state(
    tx: Transaction, enrollment_id: str, *, action: Row, state: ActionState, shown: Row | None = None
) -> None:
    """An action goes on to a state; `shown` is what its result says besides."""
    over = {} if state in WAITING else {"completed_at": tx.now}
    action_queries.change_action(tx.connection, action["id"], state=state.value, **over)
    note_action(tx, enrollment_id, action=action["action"], state=state.value, shown=shown)


def note_action(tx: Transaction, enrollment_id: str, *, action: str, state: str, shown: Row | None = None) -> None:
    """Show an action's state in Graph's record of the device, if it still has one: one entry per action name."""
    record = queries.managed_device_of(tx.connection, enrollment_id)
    if record is None:
        return
    document = record["document"]
    results = {each["actionName"]: each for each in document.get("deviceActionResults") or ()}
    before = results.get(action, {}) if state != ActionState.PENDING else {}
    kind, unknown = _TYPES.get(action, (None, {}))
    results[action] = {
        **({} if kind is None else {"@odata.type": f"#microsoft.graph.{kind}"}),
        **{name: before.get(name, value) for name, value in unknown.items()},
        **(shown or {}),
        "actionName": action,
        "actionState": state,
        "startDateTime": before.get("startDateTime", iso(tx.now)),
        "lastUpdatedDateTime": iso(tx.now),
    }
    managed = _SHOWN.get(state, {}).get(action)
    changes = {"deviceActionResults": list(results.values()), **({"managementState": managed} if managed else {})}
    queries.change_managed_device(tx.connection, tx.tenant.id, device_id=record["id"], document={**document, **changes})
