"""A device's facts about itself, written into its enrolment, Graph's record of it and the Entra device.

Graph: managedDevice; Intune refreshes the inventory of hardware every seven days.
"""

from __future__ import annotations

from collections.abc import Mapping

from fauxtune.core.graph.device_facts import reported, shown
from fauxtune.core.model.ids import DirectoryDeviceId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.directory.users_and_groups import differing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import EnrollmentRow

#: The facts that Graph's device of the directory repeats, and their names there.
_IN_DIRECTORY = {
    "deviceName": "displayName",
    "osVersion": "operatingSystemVersion",
    "manufacturer": "manufacturer",
    "model": "model",
}
#: jailBroken -> isRooted of the directory's device.
_ROOTED = {"True": True, "False": False}
#: The facts on which filters of assignments and variables of profiles depend.
_PLANNED_WITH = frozenset(
    {
        "deviceName",
        "imei",
        "jailBroken",
        "manufacturer",
        "meid",
        "model",
        "osVersion",
        "processorArchitecture",
        "serialNumber",
        "skuFamily",
        "skuNumber",
        "udid",
        "wiFiMacAddress",
    }
)


def note_facts(tx: Transaction, enrollment: EnrollmentRow, *, facts: Mapping[str, object]) -> JsonObject:
    """Write the facts that are new, by the names of managedDevice, and return them; those that are not of the right
    type, or that a device reports no more, change nothing.
    """
    accepted = reported(facts, now=tx.now, user_id=enrollment.user_id, before=enrollment.facts)
    changes = {name: value for name, value in accepted.items() if enrollment.facts.get(name) != value}
    if not changes:
        return {}
    known = {**enrollment.facts, **changes}
    queries.change_enrollment(tx.connection, enrollment.id, facts=known)
    record = queries.managed_device_of(tx.connection, enrollment.id)
    if record is not None:
        properties = shown(known, owner=record.document["managedDeviceOwnerType"])
        # A property that an action has changed since, such as the name, stays until the device itself reports it.
        news = {name: value for name, value in properties.items() if name in changes or name not in known}
        document = {**record.document, **news}
        queries.change_managed_device(tx.connection, tx.tenant.id, managed_device_id=record.id, document=document)
    repeated = in_directory(changes)
    if repeated:
        _repeat(tx, enrollment.directory_device_id, changes=repeated)
    return changes


def concern_plan(changes: JsonObject) -> bool:
    """Whether the device has to be planned with these changed facts."""
    return not _PLANNED_WITH.isdisjoint(changes)


def plan_again(tx: Transaction, enrollment: EnrollmentRow) -> None:
    """Let the device plan again, as facts have changed on which its plan depends."""
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment.id))


def in_directory(facts: Mapping[str, object]) -> JsonObject:
    """Return the properties of the directory's device that repeat these facts."""
    repeated: JsonObject = {there: facts[here] for here, there in _IN_DIRECTORY.items() if facts.get(here)}
    rooted = _ROOTED.get(str(facts.get("jailBroken")))
    return repeated if rooted is None else {**repeated, "isRooted": rooted}


def _repeat(tx: Transaction, device_id: DirectoryDeviceId, *, changes: JsonObject) -> None:
    entra = directory_queries.directory_device(tx.connection, tx.tenant.id, device_id=device_id)
    if entra is not None:
        document = {**entra.document, **changes}
        names = differing(entra.document, changes)
        directory_queries.change_directory_device(
            tx.connection, tx.tenant.id, device_id=device_id, document=document, names=names
        )
