"""The policy of a device that gets all of its items at once (Android)."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.policies.app_states import DeviceApp
from fauxtune.operations.apps.device_apps import ordered_apps
from fauxtune.operations.checkin.deliverables import Deliverable, deliverables
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries


@dataclass(frozen=True, slots=True)
class Policy:
    """The version of a policy and its items, in order."""

    version: int
    items: list[Deliverable]
    apps: list[DeviceApp]


def current_policy(
    tx: Transaction, caller: DeviceCaller, *, applied_version: str, key_store: KeyStore
) -> Policy | None:
    """Return the policy of the calling device; None if it has applied this version. Raises as `identified`."""
    row = identified(tx, caller)
    if str(row.policy_version) == applied_version:
        return None
    ledger = queries.ledger_rows(tx.connection, row.id)
    items = deliverables(tx, row, ledger=ledger, key_store=key_store)
    return Policy(row.policy_version, items, ordered_apps(tx, row))
