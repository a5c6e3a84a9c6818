"""Actions as they are offered, ordered for many devices at once, and asked for by the device itself.

The rules are those of `actions`, in words for people.

Each device is ordered the action by the operation for one device; the kind of refusal decides in which list of the
answer its id stands.
"""

from __future__ import annotations

from collections.abc import Iterable

from fauxtune.core.engine.device_actions.support import check
from fauxtune.core.engine.device_actions.table import TABLE
from fauxtune.core.errors import FauxtuneError, Invalid, NotEmulated, NotFound, UnsupportedAction
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices import actions, ending
from fauxtune.operations.devices.actions import Order, action_target, is_ending, perform, user_to_end
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import locks
from fauxtune.storage.rows.devices import JoinedDeviceRow

#: The actions that people look for first.
USUAL = (DeviceAction.SYNC, DeviceAction.LOCK, DeviceAction.RETIRE, DeviceAction.WIPE, DeviceAction.DELETE)


def why_not(tx: Transaction, record: JoinedDeviceRow | None, *, action: DeviceAction) -> str | None:
    """Return why the action cannot be ordered, as a sentence; None if it can. `record`: Graph's, if there is one."""
    if record is None:
        return "Intune has no record of this device any more."
    if action is DeviceAction.DELETE:
        return None
    try:
        target = action_target(tx, record)
        check(action, target)
        if action in {DeviceAction.WIPE, DeviceAction.RETIRE}:
            user_to_end(tx, record, action=action)
        elif action is not DeviceAction.SYNC and record.enrollment_state is not EnrollmentState.ACTIVE:
            raise is_ending(record, action=action)
    except UnsupportedAction:
        return _sentence(f"{TABLE[action][tx.tenant.edition].otherwise}.")
    except FauxtuneError as error:
        return _sentence(error.message.removeprefix(f"{action}: "))
    return None


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


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


def pending_orders(tx: Transaction, caller: DeviceCaller) -> list[Order]:
    """Return the orders that the device has not completed, the oldest first. Raises as `identified`."""
    return list(actions.pending(tx, identified(tx, caller)))


def complete_order(
    tx: Transaction,
    caller: DeviceCaller,
    *,
    order_id: str,
    error: str | None,
    is_supported: bool,
    answer: JsonObject | None,
) -> None:
    """Complete an order; `error` says why it failed. After a WIPE the enrolment has ended. Raises as `identified`."""
    row = identified(tx, caller, lock=True)
    actions.complete(tx, row, action_id=order_id, error=error, supported=is_supported, answer=answer)


def unenroll(tx: Transaction, caller: DeviceCaller) -> None:
    """End the enrolment because the user leaves. Raises NotAllowed if the user may not, else as `identified`."""
    ending.unenroll(tx, identified(tx, caller, lock=True))
