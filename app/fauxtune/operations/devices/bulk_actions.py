"""One action on many devices. Graph: managedDevice: executeAction.

Each device is asked by the same operation as alone; what it refuses says into which list of the answer it goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fauxtune.core.errors import Invalid, NotEmulated, NotFound, UnsupportedAction
from fauxtune.core.model.actions import DeviceAction
from fauxtune.operations.devices.actions import perform
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import locks

#: The lists of a bulkManagedDeviceActionResult.
LISTS = ("successfulDeviceIds", "failedDeviceIds", "notFoundDeviceIds", "notSupportedDeviceIds")


def execute(
    tx: Transaction, device_ids: Iterable[str], *, action: DeviceAction, details: dict[str, Any] | None = None
) -> dict[str, list[str]]:
    """Ask these devices, in one transaction; where each id belongs."""
    told: dict[str, list[str]] = {name: [] for name in LISTS}
    asked = list(device_ids)
    locks.hold_devices(tx.connection, tx.tenant.id, ids=[each.lower() for each in asked])
    for device_id in asked:
        told[_outcome(tx, device_id, action=action, details=details)].append(device_id)
    return told


def _outcome(tx: Transaction, device_id: str, *, action: DeviceAction, details: dict[str, Any] | None) -> str:
    try:
        # Whatever is refused is refused before anything is written.
        perform(tx, device_id, action=action, details=details)
    except NotFound:
        return "notFoundDeviceIds"
    except (UnsupportedAction, NotEmulated):
        return "notSupportedDeviceIds"
    except Invalid:
        return "failedDeviceIds"
    return "successfulDeviceIds"
