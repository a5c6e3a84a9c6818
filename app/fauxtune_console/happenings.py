"""Events of the journal as lines of a page: what happened, and links to the things that it happened to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fauxtune.core.model.certificates import Mark
from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.core.model.words.journal_words import Tone, cause_words, tone, words
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries.insight import overview as queries
from fauxtune.storage.rows.tenants import JournalRow
from fauxtune_console.shown_marks import mark

_KINDS = {variant.value: text for variant, text in VARIANTS.items()}
#: data. An action of Graph -> its words, where they are not its name.
_ACTIONS = {"syncDevice": "sync", "remoteLock": "lock", "rebootNow": "restart", "setDeviceName": "rename"}


#: Events about one device that follow one another within this time have one cause.
_AT_ONCE = timedelta(seconds=2)
#: Groups before this one that an event may belong to.
_SIDE_BY_SIDE = 8
#: So many of them are folded into one line.
_FEWEST = 3
#: data. A type of events that a line of several counts -> its word, in the order of a certificate's life.
COUNTED = {
    "imported": "imported", "issued": "issued", "renewed": "renewed", "delivered": "sent", "installed": "installed",
    "failed": "failed", "removed": "removed", "revoked": "revoked",
}  # fmt: skip
#: data. A type of event that says why others happened -> its words; None: those of the event.
_CAUSES = {"retired": "retired", "wiped": "wiped", "unenrolled": "unenrolled", "enrolled": None}


@dataclass(frozen=True, slots=True)
class Happening:
    """One event. `tone`: good, bad, going or neutral; `device_name` is None for an enrolment that is not there;
    `source` is that of the certificate; `cause`: why something was removed, as the journal says it.
    """

    number: int
    type: str
    cause: str | None
    time: datetime
    words: str
    tone: str
    user: str | None
    device: str | None
    device_name: str | None
    profile: str | None
    mark: Mark | None
    source: str | None
    serial: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Events with one cause, the newest first. `words`: what happened, if they are folded into one line."""

    events: tuple[Happening, ...]
    words: str

    @property
    def newest(self) -> Happening:
        """The newest event: its device and tone are those of all."""
        return self.events[0]

    @property
    def marked(self) -> list[Happening]:
        """An event of each certificate that they are about, in the order of its mark."""
        by_mark = {event.mark.letters: event for event in self.events if event.mark is not None}
        return [by_mark[letters] for letters in sorted(by_mark)]


def grouped(events: Sequence[Happening]) -> list[Group]:
    """Return these events, newest first, with those of one cause together: what one device got, or lost, at once."""
    groups: list[list[Happening]] = []
    for event in events:
        # Several devices may be served at once: theirs are told apart.
        near = (group for group in reversed(groups[-_SIDE_BY_SIDE:]) if _have_one_cause(group[-1], event))
        group = next(near, None)
        if group is None:
            groups.append(group := [])
        group.append(event)
    result: list[Group] = []
    for group in groups:
        if len(group) < _FEWEST:
            result += [Group((event,), "") for event in group]
        else:
            result.append(Group(tuple(group), _summary(group)))
    return result


def _have_one_cause(newer: Happening, older: Happening) -> bool:
    same = older.device is not None and newer.device == older.device and newer.time - older.time <= _AT_ONCE
    return same and _goes(newer) == _goes(older)


def _goes(event: Happening) -> bool:
    """Whether a device loses something, or is asked for something that may take it away."""
    return event.tone == Tone.GOING.value or event.type.endswith("Requested")


def _summary(group: Sequence[Happening]) -> str:
    """Return the cause of these events, as far as one says it, and how many there are of each kind."""
    counts = Counter(event.type for event in group)
    parts = [f"{counts[name]} {word}" for name, word in COUNTED.items() if counts[name]]
    cause = next((event for event in group if event.type in _CAUSES), None)
    request = next((event.words for event in group if event.type.endswith("Requested")), "")
    why = next((cause_words(event.cause) for event in group if event.cause), "")
    lead = (_CAUSES[cause.type] or cause.words) if cause is not None else request or why
    if not parts:
        parts = [f"{len(group)} events"]
    return f"{lead}: {', '.join(parts)}" if lead else ", ".join(parts)


def happenings(connection: Connection, tenant_id: TenantId, *, rows: Sequence[JournalRow]) -> list[Happening]:
    """Return the lines of these events, with the present names of devices and profiles."""
    profiles = {ProfileId(row.profile) for row in rows if row.profile is not None}
    names = configuration_queries.names_of_policies(connection, tenant_id, ids=profiles)
    devices = queries.device_names(
        connection, tenant_id, ids={EnrollmentId(row.device) for row in rows if row.device is not None}
    )
    return [_happening(row, names=names, devices=devices) for row in rows]


def _happening(row: JournalRow, *, names: dict[ProfileId, str], devices: dict[EnrollmentId, str]) -> Happening:
    profile = None if row.profile is None else names.get(ProfileId(row.profile))
    certificate = row.certificate or {}
    thumbprint = certificate.get("thumbprint")
    plain = {**certificate, "thumbprint": None} if certificate else None
    return Happening(
        number=row.seq,
        type=row.type,
        cause=row.detail.get("cause"),
        time=row.time,
        # The mark stands beside the words, in place of the beginning of a thumbprint.
        words=words(row.type, profile=profile, certificate=plain, detail=_in_words(row.detail)),
        tone=tone(row.type).value,
        user=row.user,
        device=row.device,
        device_name=None if row.device is None else devices.get(EnrollmentId(row.device)),
        profile=row.profile if profile is not None else None,
        mark=mark(thumbprint) if thumbprint else None,
        source=certificate.get("source"),
        serial=certificate.get("serial"),
    )


def _in_words(detail: JsonObject) -> JsonObject:
    """Return the detail of an event with the kind of device and the action as people call them."""
    known = {"variant": _KINDS, "action": _ACTIONS}
    return {name: known.get(name, {}).get(str(value), value) for name, value in detail.items()}
