"""The list of devices to retire, onto which the scheduled action `retire` of compliance policies puts them.

Intune, "Configure actions for noncompliant devices", 2024-01-23: nothing is retired until an administrator confirms it;
a device that is taken from the list comes on it again when the action applies again, which is with its next failure.
"""

from __future__ import annotations

from collections.abc import Collection

from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries


def decide(tx: Transaction, *, is_confirmed: bool, devices: Collection[str] | None) -> None:
    """Retire these devices of the list (None: all of them), or take them from it. Ids that are not on the list are
    passed over. Raises UnsupportedAction for a device that cannot be retired.
    """
    wanted = None if devices is None else {each.lower() for each in devices}
    for row in queries.to_retire(tx.connection, tx.tenant.id):
        if wanted is not None and row.device_id.lower() not in wanted:
            continue
        queries.take_from_retire_list(tx.connection, tx.tenant.id, enrollment_id=row.enrollment_id)
        if is_confirmed:
            device_actions.retire(tx, row.device_id)
