"""What a tenant's journal tells, read by somebody who has nothing else: who holds what, what is revoked, and what was
issued when.

It knows neither the engine nor the removal table nor the database; of the words of the journal it takes each at its
face value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Issue:
    """A certificate that came to be. `device` is None for one from the CA's counter."""

    serial: str
    thumbprint: str
    device: str | None
    user: str | None
    at: datetime


@dataclass(slots=True)
class Retold:
    """Everything that follows from the events so far."""

    #: Device -> item -> thumbprint.
    holds: dict[str, dict[str, str]] = field(default_factory=dict)
    #: The devices that Graph has a record of, with their users; and those whose enrolment goes on.
    records: dict[str, str | None] = field(default_factory=dict)
    enrolled: set[str] = field(default_factory=set)
    #: (user, thumbprint) of what is imported.
    imported: set[tuple[str, str]] = field(default_factory=set)
    issued: dict[str, Issue] = field(default_factory=dict)
    #: Device -> what it held of its own when its end was ordered.
    ending: dict[str, set[str]] = field(default_factory=dict)
    #: Serial -> when and why.
    revoked: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def issues_of(self, device: str) -> list[datetime]:
        """When this device was issued certificates, in order."""
        return sorted(each.at for each in self.issued.values() if each.device == device)


def retell(events: Iterable[Event]) -> Retold:
    """The journal, from its beginning."""
    told = Retold()
    for event in events:
        heard = _HEARD.get(event["type"])
        if heard is not None:
            heard(told, event)
    return told


def _enrolled(told: Retold, event: Event) -> None:
    told.holds[event["device"]] = {}
    told.records[event["device"]] = event["user"]
    told.enrolled.add(event["device"])


def _ended(told: Retold, event: Event) -> None:
    told.records.pop(event["device"], None)
    told.enrolled.discard(event["device"])


def _end_ordered(told: Retold, event: Event) -> None:
    held = told.holds[event["device"]]
    told.ending[event["device"]] = {mark for item, mark in held.items() if item.startswith("pkcs/")}


def _record_deleted(told: Retold, event: Event) -> None:
    _end_ordered(told, event)
    told.records.pop(event["device"], None)


def _imported(told: Retold, event: Event) -> None:
    told.imported.add((event["user"], event["certificate"]["thumbprint"]))


def _deleted(told: Retold, event: Event) -> None:
    """Of a device or of an imported certificate."""
    if event["device"] is not None:
        _ended(told, event)
    else:
        told.imported.remove((event["user"], event["certificate"]["thumbprint"]))


def _issued(told: Retold, event: Event) -> None:
    serial, thumbprint = event["certificate"]["serial"], event["certificate"]["thumbprint"]
    told.issued[serial] = Issue(serial, thumbprint, event["device"], user=event["user"], at=event["time"])


def _installed(told: Retold, event: Event) -> None:
    # A root is nobody's certificate.
    if event["certificate"]["source"] != "root":
        told.holds[event["device"]][event["detail"]["item"]] = event["certificate"]["thumbprint"]


def _removed(told: Retold, event: Event) -> None:
    told.holds[event["device"]].pop(event["detail"]["item"], None)


def _revoked(told: Retold, event: Event) -> None:
    told.revoked.setdefault(event["certificate"]["serial"], (event["time"], event["detail"]["reason"]))


_HEARD: dict[str, Callable[[Retold, Event], None]] = {
    "enrolled": _enrolled,
    "retired": _ended,
    "wiped": _ended,
    "unenrolled": _ended,
    "retireRequested": _end_ordered,
    "wipeRequested": _end_ordered,
    "deleteRequested": _record_deleted,
    "deleted": _deleted,
    "imported": _imported,
    "issued": _issued,
    "renewed": _issued,
    "installed": _installed,
    "removed": _removed,
    "revoked": _revoked,
}
