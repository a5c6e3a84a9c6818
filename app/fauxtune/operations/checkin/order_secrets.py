"""What the command of an order has beside the order's details: secrets, which are read only while it is written."""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.model.actions import DeviceAction
from fauxtune.operations.devices.actions import Order
from fauxtune.storage.rows.devices import EnrollmentRow


def with_secrets(order: Order, enrollment: EnrollmentRow) -> Order:
    """Return the order with the secrets of its command. Apple, ClearPasscode: the token that the device sent."""
    if order.action is DeviceAction.RESET_PASSCODE and enrollment.wire_state is not None:
        token = enrollment.wire_state.get("unlockToken")
        return order if token is None else replace(order, secrets={"unlockToken": token})
    return order
