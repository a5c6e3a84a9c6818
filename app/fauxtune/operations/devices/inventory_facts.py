"""A device's facts about itself, written into its enrolment, Graph's record of it and the Entra device.

Graph: managedDevice; Intune refreshes the inventory of hardware every seven days.
"""

from __future__ import annotations

from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import EnrollmentRow

#: The facts that Graph's device of the directory repeats, and their names there.
_IN_DIRECTORY = {"deviceName": "displayName", "osVersion": "operatingSystemVersion"}


def note_facts(tx: Transaction, enrollment: EnrollmentRow, *, facts: JsonObject) -> None:
    """Write the facts that are new, by the names of managedDevice; empty ones are ignored. The device plans again if
    any is new: filters of assignments and variables of profiles may depend on it.
    """
    known = {name: value for name, value in facts.items() if value not in (None, "")}
    changes = {name: value for name, value in known.items() if enrollment.facts.get(name) != value}
    if not changes:
        return
    queries.change_enrollment(tx.connection, enrollment.id, facts={**enrollment.facts, **changes})
    record = queries.managed_device_of(tx.connection, enrollment.id)
    if record is not None:
        properties = {name: value for name, value in changes.items() if name in record.document}
        document = {**record.document, **properties}
        queries.change_managed_device(tx.connection, tx.tenant.id, managed_device_id=record.id, document=document)
    directory_id = enrollment.directory_device_id
    entra = directory_queries.directory_device(tx.connection, tx.tenant.id, device_id=directory_id)
    repeated = {there: changes[here] for here, there in _IN_DIRECTORY.items() if here in changes}
    if entra is not None and repeated:
        document = {**entra.document, **repeated}
        directory_queries.change_directory_device(
            tx.connection, tx.tenant.id, device_id=directory_id, document=document
        )
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment.id))
