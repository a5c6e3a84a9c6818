"""What follows when a device has carried out an action: in Graph's record of it, and in the action's result.

Graph: managedDevice (deviceName, lostModeState, activationLockBypassCode), locateDeviceActionResult,
resetPasscodeActionResult.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from fauxtune.core.clock import iso
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.escrow import EscrowKind
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.escrow import keep_sealed
from fauxtune.operations.devices.inventory_facts import note_facts
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import EnrollmentRow


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
        queries.change_enrollment(tx.connection, done.enrollment.id, inventory_at=tx.now)
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
