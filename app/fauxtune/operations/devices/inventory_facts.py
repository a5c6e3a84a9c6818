"""A device's facts about itself, written into its enrolment, Graph's record of it and the Entra device.

Graph: managedDevice; Intune refreshes the inventory of hardware every seven days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.graph.device_facts import reported, shown
from fauxtune.core.model.ids import DirectoryDeviceId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.directory.users_and_groups import differing
from fauxtune.operations.runtime.transaction import Transaction
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


@dataclass(frozen=True, slots=True)
class News:
    """All facts that are known now of a device that reports new ones, and the names of these. `replans`: its plan
    depends on what is new.
    """

    facts: JsonObject
    names: frozenset[str]
    replans: bool


def note_facts(tx: Transaction, enrollment: EnrollmentRow, *, facts: Mapping[str, object]) -> bool:
    """Write the facts that are new, by the names of managedDevice; those that are not of the right type, or that a
    device reports no more, change nothing. Return whether any was new.
    """
    news = write_news(tx, enrollment, facts=facts)
    if news is not None:
        queries.change_enrollment(tx.connection, enrollment.id, facts=news.facts)
    return news is not None


def write_news(tx: Transaction, enrollment: EnrollmentRow, *, facts: Mapping[str, object]) -> News | None:
    """Do what `note_facts` does, except that the caller writes the enrolment. None: nothing is new."""
    accepted = reported(facts, now=tx.now, user_id=enrollment.user_id, before=enrollment.facts)
    changes = {name: value for name, value in accepted.items() if enrollment.facts.get(name) != value}
    if not changes:
        return None
    known = {**enrollment.facts, **changes}
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
    return News(known, frozenset(changes), replans=not _PLANNED_WITH.isdisjoint(changes))


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
