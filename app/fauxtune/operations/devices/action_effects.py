"""What follows when a device has done as it was asked: in Graph's record of it, and in the action's result.

Graph: managedDevice (deviceName), locateDeviceActionResult, resetPasscodeActionResult.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.model.actions import DeviceAction
from fauxtune.operations.devices.inventory_facts import note_facts
from fauxtune.operations.runtime.transaction import Transaction

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What a device did: the details of the order, and what the device says beside "done". `location`: the numbers of a
    deviceGeoLocation, by Graph's names.
    """

    enrollment: Row
    details: Row
    location: dict[str, float] | None = None


#: Gives what the action's result shows besides.
Effect = Callable[[Transaction, Done], Row | None]


def _renamed(tx: Transaction, done: Done) -> None:
    """The new name, wherever the device is named."""
    note_facts(tx, done.enrollment, facts={"deviceName": done.details["deviceName"]})


def _located(tx: Transaction, done: Done) -> Row | None:
    """Where the device is, if it said so."""
    if done.location is None:
        return None
    return {"deviceLocation": {"lastCollectedDateTime": iso(tx.now), **done.location}}


def _passcode_reset(_tx: Transaction, done: Done) -> Row:
    """The new passcode, for the admin to tell the user."""
    return {"passcode": done.details.get("passcode")}


def _locked(_tx: Transaction, done: Done) -> Row | None:
    """The PIN, where there is one, for the admin to tell the user."""
    pin = done.details.get("unlockPin")
    return None if pin is None else {"unlockPin": pin}


EFFECTS: dict[DeviceAction, Effect] = {
    DeviceAction.RENAME: _renamed,
    DeviceAction.LOCATE: _located,
    DeviceAction.RESET_PASSCODE: _passcode_reset,
    DeviceAction.LOCK: _locked,
}
