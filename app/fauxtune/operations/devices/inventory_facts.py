"""What a device says it is, taken into its enrolment, Graph's record of it and the Entra device.

Graph: managedDevice; Intune refreshes the inventory of hardware every seven days.
"""

from __future__ import annotations

from typing import Any

from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries

Row = dict[str, Any]

#: What Graph's device of the directory repeats.
_IN_DIRECTORY = {"deviceName": "displayName", "osVersion": "operatingSystemVersion"}


def note_facts(tx: Transaction, enrollment: Row, *, facts: Row) -> None:
    """Keep what is new; `facts` go by the names of managedDevice. What is empty says nothing. Filters of assignments
    and variables of profiles may depend on it: then the device plans again.
    """
    said = {name: value for name, value in facts.items() if value not in (None, "")}
    changes = {name: value for name, value in said.items() if enrollment["facts"].get(name) != value}
    if not changes:
        return
    queries.change_enrollment(tx.connection, enrollment["id"], facts={**enrollment["facts"], **changes})
    record = queries.managed_device_of(tx.connection, enrollment["id"])
    if record is not None:
        shown = {name: value for name, value in changes.items() if name in record["document"]}
        document = {**record["document"], **shown}
        queries.change_managed_device(tx.connection, tx.tenant.id, device_id=record["id"], document=document)
    directory_id = enrollment["directory_device_id"]
    entra = directory_queries.directory_device(tx.connection, tx.tenant.id, device_id=directory_id)
    repeated = {there: changes[here] for here, there in _IN_DIRECTORY.items() if here in changes}
    if entra is not None and repeated:
        document = {**entra["document"], **repeated}
        directory_queries.change_directory_device(
            tx.connection, tx.tenant.id, device_id=directory_id, document=document
        )
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment["id"]))
