"""What follows when a device has carried out an action: in Graph's record of it, and in the action's result.

Graph: managedDevice (deviceName), locateDeviceActionResult, resetPasscodeActionResult.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fauxtune.core.clock import iso
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.inventory_facts import note_facts
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.devices import EnrollmentRow


@dataclass(frozen=True, slots=True)
class Done:
    """An action that a device carried out, with the details of its order. `location`: the numbers of a
    deviceGeoLocation that the device reported, by Graph's names.
    """

    enrollment: EnrollmentRow
    details: JsonObject
    location: dict[str, float] | None = None


#: Returns properties for the action's result in Graph.
Effect = Callable[[Transaction, Done], JsonObject | None]


def _renamed(tx: Transaction, done: Done) -> None:
    """Write the new name wherever the device is named."""
    note_facts(tx, done.enrollment, facts={"deviceName": done.details["deviceName"]})


def _located(tx: Transaction, done: Done) -> JsonObject | None:
    """Return the device's location, if it reported one."""
    if done.location is None:
        return None
    return {"deviceLocation": {"lastCollectedDateTime": iso(tx.now), **done.location}}


def _passcode_reset(_tx: Transaction, done: Done) -> JsonObject:
    """Return the new passcode, which the admin passes on to the user."""
    return {"passcode": done.details.get("passcode")}


def _locked(_tx: Transaction, done: Done) -> JsonObject | None:
    """Return the PIN that unlocks a Mac, which the admin passes on to the user."""
    pin = done.details.get("unlockPin")
    return None if pin is None else {"unlockPin": pin}


EFFECTS: dict[DeviceAction, Effect] = {
    DeviceAction.RENAME: _renamed,
    DeviceAction.LOCATE: _located,
    DeviceAction.RESET_PASSCODE: _passcode_reset,
    DeviceAction.LOCK: _locked,
}
