"""Which actions an administrator can order for a device at this moment, and why not the others. Nothing is ordered.

The rules are those of `actions`, in words for people.
"""

from __future__ import annotations

from fauxtune.core.engine.device_actions.support import check
from fauxtune.core.engine.device_actions.table import TABLE
from fauxtune.core.errors import FauxtuneError, UnsupportedAction
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.states import EnrollmentState
from fauxtune.operations.devices.actions import action_target, is_ending, user_to_end
from fauxtune.operations.runtime.transaction import Transaction
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
