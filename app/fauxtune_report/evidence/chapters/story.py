"""The chapters that tell who there is, what happened in which order, and whom the devices trust.

Entries of the journal of one kind that follow one another are one step of the story.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from fauxtune.core.clock import from_iso
from fauxtune.core.language.catalogue import Message, count, say
from fauxtune.core.model.states import Source
from fauxtune_report.evidence import lines
from fauxtune_report.evidence.claim import Chapter, Chip, Claim, Named, Note, Part, Picture, Row, Stamp, Table
from fauxtune_report.evidence.facts import Facts
from fauxtune_report.evidence.layout import INTERMEDIATES, ROOTS
from fauxtune_report.evidence.view import ENDS, KINDS, NOTHING, View, bounded

_MOST_NAMES = 4
_ORDER = say("What happened, in order")


def people(view: View) -> Chapter:
    """List people with their devices."""
    rows = []
    for person in view.facts.people:
        group = say("%(name)s, %(address)s", name=Named(person.name), address=Named(person.address))
        rows += [Row(cells, group) for cells in _devices(view, person.address)]
    rows += [Row(cells, say("without a user")) for cells in _devices(view, None)]
    headings = (say("Device"), say("Kind"), say("Enrolled"), say("Left"))
    number = len(view.facts.devices)
    intro = say(
        "Every device here is simulated, with a key store of its own, and was enrolled over the protocol of its "
        "platform. People have certificates; devices hold keys."
    )
    claim = Claim(
        count("%(number)s device was enrolled.", "%(number)s devices were enrolled.", number=number),
        lines.entries("enrolled", number),
    )
    return Chapter(
        "people",
        say("The people and their devices"),
        (intro, Table(headings, tuple(rows)), claim) if rows else (intro, NOTHING),
    )


def _devices(view: View, owner: str | None) -> Iterator[tuple[Any, ...]]:
    for device in view.facts.devices_of(owner):
        left = device.left
        end: Any = "–" if left is None else say("%(how)s, %(time)s", how=ENDS[left.how], time=Stamp(left.at.time))
        yield (view.named(device), KINDS[device.variant], Stamp(device.enrolled.time), end)


def in_order(view: View) -> Chapter:
    """List what happened as a table of steps, and draw it as a line for each device."""
    every = steps(view.facts)
    rows = tuple(_step(view, step, number=number) for number, step in enumerate(every[:MOST_STEPS], start=1))
    headings = (say("Step"), say("Time"), say("What happened"), say("Certificates"))
    intro = say(
        "The steps come from the tenant's journal, by the tenant's clock, which a trainer can put forward. Entries "
        "of one kind that follow one another are one step."
    )
    if not rows:
        return Chapter("order", _ORDER, (intro, NOTHING))
    picture = Picture("lanes", say("A line for each device, from its enrolment to its end; times are not to scale."))
    parts: list[Part] = [intro, picture, Table(headings, rows)]
    left_out = len(every) - len(rows)
    if left_out:
        parts.append(
            Note(count("%(number)s later step is left out.", "%(number)s later steps are left out.", number=left_out))
        )
    return Chapter("order", _ORDER, tuple(parts))


def _step(view: View, step: Step, *, number: int) -> Row:
    names = [Named(view.facts.device(device).name) for device in step.devices if view.facts.has(device)]
    chips = bounded([Chip(each, source) for each, source in step.certificates(view.facts).items()])
    return Row((str(number), Stamp(step.time), _words(step.kind, number=len(step.entries), devices=names), chips))


def _words(kind: str, *, number: int, devices: list[Named]) -> Message:
    names = _joined(devices)
    where = count("%(devices)s", "%(number)s devices", number=len(devices), devices=names)
    match kind:
        case "enrolled":
            return say("enrolled: %(devices)s", devices=names)
        case "trusted":
            return say("trusted certificates installed on %(where)s", where=where)
        case "own":
            return say("certificates of a single device installed on %(where)s", where=where)
        case "delivered":
            return say("imported certificates installed on %(where)s", where=where)
        case "imported":
            return count("an imported certificate came in", "%(number)s imported certificates came in", number=number)
        case "certificatePublished":
            return count("published in the address book", "%(number)s published in the address book", number=number)
        case "mailDelivered":
            return count("a mail was delivered", "%(number)s mails were delivered", number=number)
        case "renewed":
            return say("certificates renewed on %(where)s", where=where)
    return say("%(how)s: %(devices)s", how=ENDS[kind], devices=names)


def _joined(devices: list[Named]) -> Message | Named | str:
    if not devices:
        return "–"
    if len(devices) == 1:
        return devices[0]
    listed = ", ".join(str(device) for device in devices[:_MOST_NAMES])
    more = len(devices) - _MOST_NAMES
    if more <= 0:
        return Named(listed)
    return count("%(names)s and one more", "%(names)s and %(number)s more", number=more, names=listed)


def trust(view: View) -> Chapter:
    """Show that all certificates lead to the root, and that the intermediate certificate is needed for it."""
    intro = say(
        "A reader's device accepts a signature if a chain leads from the signer's certificate to a root that the "
        "device trusts. Root (in %(roots)s) and intermediate certificates (in %(intermediates)s) reach devices by "
        "profiles of their own.",
        roots=ROOTS,
        intermediates=INTERMEDIATES,
    )
    certificates = list(view.facts.certificates)
    if not certificates or not any(authority.is_root for authority in view.facts.authorities):
        return Chapter("trust", say("Whom the devices trust"), (intro, NOTHING))
    trusted = [
        Row((view.named(device), view.chips(view.facts.held_by(device, Source.ROOT)))) for device in view.facts.devices
    ]
    claims = [
        Claim(
            count(
                "The certificate of this report leads to the root.",
                "All %(number)s certificates of this report lead to the root.",
                number=len(certificates),
            ),
            lines.chain("cert/*/*.pem"),
        ),
        Claim(
            say(
                "Without the intermediate certificate %(mark)s leads nowhere: mail that does not carry it can be "
                "verified only where it was delivered.",
                mark=view.marked(certificates[0]),
            ),
            lines.no_chain_without_intermediate(view.certificate(certificates[0])),
        ),
    ]
    table = Table((say("Device"), say("Trusted certificates")), tuple(trusted), legend=True)
    picture = Picture("chain", say("The marks of the authorities are those in the table below."))
    return Chapter("trust", say("Whom the devices trust"), (intro, picture, *claims, table))


MOST_STEPS = 60
#: Sources of certificates -> the kind of step in which they are installed.
_INSTALLED = {Source.IMPORTED: "delivered", Source.PKCS: "own", Source.SCEP: "own", Source.ROOT: "trusted"}
#: Types of entries that are steps by themselves.
_TYPES = frozenset({"enrolled", "imported", "certificatePublished", "mailDelivered"}) | ENDS.keys()


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its kind (the type of its entries, or how a certificate came), and its entries in order."""

    kind: str
    entries: tuple[Mapping[str, Any], ...]

    @property
    def time(self) -> datetime:
        """The time of its last entry."""
        return from_iso(self.entries[-1]["time"])

    @property
    def devices(self) -> tuple[str, ...]:
        """The ids of its devices."""
        return tuple(dict.fromkeys(entry["device"] for entry in self.entries if entry["device"]))

    def certificates(self, facts: Facts) -> dict[str, Source]:
        """Return the thumbprints of its certificates with their sources."""
        result = {}
        for entry in self.entries:
            certificate = entry["certificate"] or {}
            thumbprint = certificate.get("thumbprint")
            if thumbprint:
                known = facts.certificates.get(thumbprint)
                source = certificate.get("source") or (None if known is None else known.source)
                result[thumbprint] = Source(source or Source.IMPORTED)
        return result


def steps(facts: Facts) -> list[Step]:
    """Return the steps in their order."""
    renewed = {_thumbprint(entry) for entry in facts.events if entry["type"] == "renewed"}
    kinds = [(kind, entry) for entry in facts.events if (kind := _kind(entry, renewed)) is not None]
    return [Step(kind, tuple(entry for _, entry in group)) for kind, group in groupby(kinds, key=lambda pair: pair[0])]


def _kind(entry: Mapping[str, Any], renewed: Collection[str | None]) -> str | None:
    """The kind of step that an entry belongs to; None for what the story leaves out."""
    certificate = entry["certificate"] or {}
    if entry["type"] == "installed":
        kind = _INSTALLED.get(certificate.get("source", ""))
        return "renewed" if kind == "own" and _thumbprint(entry) in renewed else kind
    if entry["type"] == "deleted" and certificate:
        return None  # an imported certificate, not a device
    return entry["type"] if entry["type"] in _TYPES else None


def _thumbprint(entry: Mapping[str, Any]) -> str | None:
    return (entry["certificate"] or {}).get("thumbprint")
