"""One action on many devices. Graph: managedDevice: executeAction.

Each device is ordered the action by the operation for one device; the kind of refusal decides in which list of the
answer its id stands.
"""

from __future__ import annotations

from collections.abc import Iterable

from fauxtune.core.errors import Invalid, NotEmulated, NotFound, UnsupportedAction
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.actions import perform
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import locks

#: The lists of a bulkManagedDeviceActionResult.
LISTS = ("successfulDeviceIds", "failedDeviceIds", "notFoundDeviceIds", "notSupportedDeviceIds")


def execute(
    tx: Transaction,
    managed_device_ids: Iterable[ManagedDeviceId],
    *,
    action: DeviceAction,
    details: JsonObject | None = None,
) -> dict[str, list[ManagedDeviceId]]:
    """Order the action for these devices, in one transaction; return the ids by the lists of the answer."""
    lists: dict[str, list[ManagedDeviceId]] = {name: [] for name in LISTS}
    ids = list(managed_device_ids)
    locks.hold_devices(tx.connection, tx.tenant.id, ids=[id_.lower() for id_ in ids])
    for id_ in ids:
        lists[_outcome(tx, id_, action=action, details=details)].append(id_)
    return lists


def _outcome(
    tx: Transaction, managed_device_id: ManagedDeviceId, *, action: DeviceAction, details: JsonObject | None
) -> str:
    try:
        # Every refusal comes before anything is written.
        perform(tx, managed_device_id, action=action, details=details)
    except NotFound:
        return "notFoundDeviceIds"
    except (UnsupportedAction, NotEmulated):
        return "notSupportedDeviceIds"
    except Invalid:
        return "failedDeviceIds"
    return "successfulDeviceIds"
