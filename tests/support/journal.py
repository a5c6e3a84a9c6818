"""A tenant's history, rebuilt from its journal alone: who holds what, what is revoked, and what was issued when.

This module knows neither the engine nor the removal table nor the database. It takes each event at face value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Issue:
    """An issued certificate. One from the CA's counter has no device."""

    serial: str
    thumbprint: str
    device: str | None
    user: str | None
    at: datetime


@dataclass(slots=True)
class History:
    """The state of a tenant after the events so far."""

    #: Device -> item -> thumbprint.
    holds: dict[str, dict[str, str]] = field(default_factory=dict)
    #: The devices that Graph has a record of, with their users; and those that are still enrolled.
    records: dict[str, str | None] = field(default_factory=dict)
    enrolled: set[str] = field(default_factory=set)
    #: (user, thumbprint) of what is imported.
    imported: set[tuple[str, str]] = field(default_factory=set)
    issued: dict[str, Issue] = field(default_factory=dict)
    #: Device -> its PKCS certificates when its end was ordered.
    ending: dict[str, set[str]] = field(default_factory=dict)
    #: Serial -> when and why.
    revoked: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def issues_of(self, device: str) -> list[datetime]:
        """Return the times at which this device was issued certificates, in order."""
        return sorted(issue.at for issue in self.issued.values() if issue.device == device)


def read_journal(events: Iterable[Event]) -> History:
    """Rebuild the history from all events of a journal, oldest first."""
    history = History()
    for event in events:
        read = _READERS.get(event["type"])
        if read is not None:
            read(history, event)
    return history


def _enrolled(history: History, event: Event) -> None:
    history.holds[event["device"]] = {}
    history.records[event["device"]] = event["user"]
    history.enrolled.add(event["device"])


def _ended(history: History, event: Event) -> None:
    history.records.pop(event["device"], None)
    history.enrolled.discard(event["device"])


def _end_ordered(history: History, event: Event) -> None:
    held = history.holds[event["device"]]
    history.ending[event["device"]] = {mark for item, mark in held.items() if item.startswith("pkcs/")}


def _record_deleted(history: History, event: Event) -> None:
    _end_ordered(history, event)
    history.records.pop(event["device"], None)


def _imported(history: History, event: Event) -> None:
    history.imported.add((event["user"], event["certificate"]["thumbprint"]))


def _deleted(history: History, event: Event) -> None:
    """Read the event `deleted`, of a device or of an imported certificate."""
    if event["device"] is not None:
        _ended(history, event)
    else:
        history.imported.remove((event["user"], event["certificate"]["thumbprint"]))


def _issued(history: History, event: Event) -> None:
    serial, thumbprint = event["certificate"]["serial"], event["certificate"]["thumbprint"]
    history.issued[serial] = Issue(serial, thumbprint, event["device"], user=event["user"], at=event["time"])


def _installed(history: History, event: Event) -> None:
    # A root belongs to no user.
    if event["certificate"]["source"] != "root":
        history.holds[event["device"]][event["detail"]["item"]] = event["certificate"]["thumbprint"]


def _removed(history: History, event: Event) -> None:
    history.holds[event["device"]].pop(event["detail"]["item"], None)


def _revoked(history: History, event: Event) -> None:
    history.revoked.setdefault(event["certificate"]["serial"], (event["time"], event["detail"]["reason"]))


_READERS: dict[str, Callable[[History, Event], None]] = {
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
