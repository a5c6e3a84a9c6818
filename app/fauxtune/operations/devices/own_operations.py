"""The operations that an enrolled device asks for by itself: its pending orders, their completion, and its
unenrolment.
"""

from __future__ import annotations

from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices import actions, ending
from fauxtune.operations.devices.actions import Order
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.runtime.transaction import Transaction


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
