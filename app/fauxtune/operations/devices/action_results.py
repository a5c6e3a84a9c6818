"""The states of a device's actions, and what follows when one is carried out. Graph: deviceActionResult.

An action is pending when it was accepted, active when it was sent to the device, then done, failed or notSupported as
the device reports. Graph shows one result per action name: the newest.

Graph: managedDevice (deviceName, lostModeState, activationLockBypassCode), locateDeviceActionResult,
resetPasscodeActionResult.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from fauxtune.core.clock import iso
from fauxtune.core.errors import NotFound
from fauxtune.core.model.actions import WAITING, ActionState, DeviceAction, EscrowKind
from fauxtune.core.model.ids import EnrollmentId, ResourceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.script_runs import ON_DEMAND, RemediationState, RunState
from fauxtune.core.policies.scripts import REMEDIATION
from fauxtune.operations.devices.escrow import keep_sealed
from fauxtune.operations.devices.records import note_facts
from fauxtune.operations.runtime.transaction import AGENTS, Transaction, switch_on
from fauxtune.storage.queries import device_records as action_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries import script_runs as script_run_queries
from fauxtune.storage.rows.devices import DeviceActionRow, EnrollmentRow
from fauxtune.storage.rows.resources import ScriptRunRow

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
    record = device_queries.managed_device_of(tx.connection, enrollment_id)
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
    device_queries.change_managed_device(
        tx.connection, tx.tenant.id, managed_device_id=record.id, document={**document, **changes}
    )


@dataclass(frozen=True, slots=True)
class Done:
    """An action that a device carried out, with the details of its order. `answer`: what the device brought back, such
    as the `location`, which has the numbers of a deviceGeoLocation by Graph's names.
    """

    enrollment: EnrollmentRow
    details: JsonObject
    answer: JsonObject = field(default_factory=dict)


#: Returns properties for the action's result in Graph.
Effect = Callable[[Transaction, Done], JsonObject | None]


def _renamed(tx: Transaction, done: Done) -> None:
    """Write the new name wherever the device is named."""
    note_facts(tx, done.enrollment, facts={"deviceName": done.details["deviceName"]})


def _located(tx: Transaction, done: Done) -> JsonObject | None:
    """Return the device's location, if it reported one."""
    location = done.answer.get("location")
    return None if location is None else {"deviceLocation": {"lastCollectedDateTime": iso(tx.now), **location}}


def _passcode_reset(_tx: Transaction, done: Done) -> JsonObject:
    """Return the new passcode, which the admin passes on to the user; None where the passcode was removed."""
    return {"passcode": done.details.get("passcode")}


def _locked(_tx: Transaction, done: Done) -> JsonObject | None:
    """Return the PIN that unlocks a Mac, which the admin passes on to the user."""
    pin = done.details.get("unlockPin")
    return None if pin is None else {"unlockPin": pin}


def _lost(state: str) -> Effect:
    """Return the effect that shows whether the device is in lost mode."""

    def show(tx: Transaction, done: Done) -> None:
        note_facts(tx, done.enrollment, facts={"lostModeState": state})

    return show


def _bypassed(tx: Transaction, done: Done) -> None:
    """Show the code that the device answered. Unverified: that the service does not delete it afterwards."""
    if "bypassCode" in done.answer:
        note_facts(tx, done.enrollment, facts={"activationLockBypassCode": done.answer["bypassCode"]})


def _scanned(_tx: Transaction, done: Done) -> JsonObject:
    """Return the kind of scan. Unverified: its words, for which Graph has no enumeration."""
    return {"scanType": "quick" if done.details.get("quickScan") else "full"}


def _key_rotated(tx: Transaction, done: Done) -> None:
    """Keep the new recovery key of a Mac; or, after the profile by which it escrows its key, ask for that at once."""
    sealed = done.answer.get("sealedKey")
    if sealed is None:
        device_queries.change_enrollment(tx.connection, done.enrollment.id, inventory_at=tx.now)
    else:
        keep_sealed(tx, done.enrollment, kind=EscrowKind.FILE_VAULT, sealed=base64.b64decode(sealed))


def _user_deleted(_tx: Transaction, done: Done) -> JsonObject:
    """Return whose data were deleted."""
    return {"userPrincipalName": done.details.get("userPrincipalName")}


EFFECTS: dict[DeviceAction, Effect] = {
    DeviceAction.RENAME: _renamed,
    DeviceAction.LOCATE: _located,
    DeviceAction.RESET_PASSCODE: _passcode_reset,
    DeviceAction.LOCK: _locked,
    DeviceAction.ENABLE_LOST_MODE: _lost("enabled"),
    DeviceAction.DISABLE_LOST_MODE: _lost("disabled"),
    DeviceAction.BYPASS_ACTIVATION_LOCK: _bypassed,
    DeviceAction.DEFENDER_SCAN: _scanned,
    DeviceAction.DELETE_SHARED_USER: _user_deleted,
    DeviceAction.ROTATE_FILEVAULT_KEY: _key_rotated,
}


def run_now(tx: Transaction, enrollment: EnrollmentRow, *, key: str) -> None:
    """Let a device run a remediation when its agent asks next, whether it is assigned or not. Raises NotFound."""
    script = resource_queries.resource(tx.connection, tx.tenant.id, family=REMEDIATION.family, resource_id=key)
    if script is None:
        raise NotFound(f"There is no deviceHealthScript '{key}'.")
    switch_on(tx, AGENTS)
    present = {row.script_id: row for row in script_run_queries.of_device(tx.connection, enrollment.id)}.get(script.id)
    new = ScriptRunRow(
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment.id,
        script_id=ResourceId(script.id),
        family=REMEDIATION.family,
        version=ON_DEMAND,
        number=1,
        attempts=0,
        state=RunState.PENDING.value,
        remediation=RemediationState.UNKNOWN.value,
        due_at=tx.now,
        ran_at=None,
        remediated_at=None,
        results=[],
    )
    script_run_queries.put(tx.connection, [new if present is None else replace(present, due_at=tx.now)])
