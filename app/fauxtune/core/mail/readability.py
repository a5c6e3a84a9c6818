"""Whether a device can read a mail, and why not: from the recipients that the mail names and the keys on the device.

RFC 5652 6: an envelope can be opened with the private key of any certificate that it names as a recipient. What is
decided is the outermost envelope; another one inside it cannot be seen from outside. Whether the mail program of the
device is set up for the account does not count. The words and symbols of the answers are at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from fauxtune.core.mail.envelope import Encryption
from fauxtune.core.model.certificates import Marks
from fauxtune.core.model.states import Cause, Incident, Source
from fauxtune.core.model.words.journal_words import cause_words
from fauxtune.core.pki.cms import issuer_and_serial

_WIPES = (Cause.WIPE.value, Incident.WIPE_KEEPING_ENROLLMENT.value)
_KEY_ID = "id/"


class Reading(StrEnum):
    """Whether a device can read a mail, as all JSON of the emulator has it."""

    READABLE = "readable"
    NOT_ENCRYPTED = "notEncrypted"
    KEY_REMOVED = "keyRemoved"
    DEVICE_WIPED = "deviceWiped"
    KEY_PENDING = "keyPending"
    KEY_COMES_LATER = "keyComesLater"
    KEY_NEVER_HERE = "keyNeverHere"
    KEY_NOT_ANYWHERE = "keyNotAnywhere"
    DAMAGED = "damaged"

    @property
    def can_read(self) -> bool:
        """Whether the device can show the mail."""
        return self in (Reading.READABLE, Reading.NOT_ENCRYPTED)


@dataclass(frozen=True, slots=True)
class Held:
    """The time in which a device has a key, as of a point in the journal. `names`: of its certificate, see
    `recipient_names`; `later`: the time begins after that point; `until` is None if it has not ended at that point.
    """

    thumbprint: str
    names: frozenset[str]
    since: datetime
    until: datetime | None = None
    cause: str | None = None
    later: bool = False


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A certificate that the tenant issued or imported. `owner`: the device that it was issued for, else its user."""

    thumbprint: str
    names: frozenset[str]
    source: Source
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """A device, the keys that it had, has and will have, and why others are not there yet, by thumbprint."""

    name: str
    keys: tuple[Held, ...] = ()
    pending: Mapping[str, str] = field(default_factory=dict)

    def readable_with(self, names: frozenset[str]) -> Held | None:
        """Return a key of these recipients that the device has."""
        return next((key for key in self.keys if names & key.names and key.until is None and not key.later), None)


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether one device can read one mail: a code, and a sentence. `thumbprint`: of the certificate that decides it;
    `since`, `until`: the time in which the device has its key.
    """

    reading: Reading
    sentence: str
    thumbprint: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def recipient_names(encryption: Encryption) -> frozenset[str]:
    """Return the names of the certificates that an envelope is encrypted for. A password has no name."""
    names = set()
    for recipient in encryption.recipients:
        if recipient.serial is not None and recipient.issuer is not None:
            names.add(issuer_and_serial(bytes.fromhex(recipient.issuer), recipient.serial))
        elif recipient.key_id is not None:
            names.add(key_id_name(recipient.key_id))
    return frozenset(names)


def certificate_names(named: str, key_id: str | None) -> frozenset[str]:
    """Return the names that an envelope can call a certificate by (see `core.pki.cms.names_of`)."""
    return frozenset({named, key_id_name(key_id)} if key_id else {named})


def key_id_name(key_id: str) -> str:
    """Return the name of a recipient that an envelope knows by its subject key identifier (hex)."""
    return f"{_KEY_ID}{key_id}"


def split_names(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the names by issuer and serial number, and the subject key identifiers among names."""
    listed = sorted(names)
    key_ids = [name.removeprefix(_KEY_ID) for name in listed if name.startswith(_KEY_ID)]
    return [name for name in listed if not name.startswith(_KEY_ID)], key_ids


def not_encrypted() -> Cell:
    """Return the cell of a mail that everybody can read who has it."""
    return Cell(Reading.NOT_ENCRYPTED, "The mail is not encrypted: everybody can read it who gets it.")


def damaged(why: str) -> Cell:
    """Return the cell of a mail whose layers cannot be read."""
    return Cell(Reading.DAMAGED, f"No device can be expected to read the mail, which is damaged: {why}")


def decide(names: frozenset[str], device: DeviceKeys, *, known: Iterable[KnownKey], marks: Marks) -> Cell:
    """Return whether a device can read a mail that is encrypted for these recipients. `known`: the certificates among
    them that the tenant issued or imported; `marks`: by which sentences name certificates.
    """
    present = device.readable_with(names)
    if present is not None:
        return _readable(present, device, called=marks.name(present.thumbprint))
    concerned = [key for key in device.keys if names & key.names]
    over = [key for key in concerned if key.until is not None and not key.later]
    if over:
        last = max(over, key=lambda key: (key.until or key.since, key.since))
        return _gone(last, device, what=marks.name(last.thumbprint))
    pending = next((key for key in known if key.thumbprint in device.pending), None)
    if pending is not None:
        why = device.pending[pending.thumbprint]
        sentence = f"The key of {marks.name(pending.thumbprint)} is not on {device.name} yet: {why}."
        return Cell(Reading.KEY_PENDING, sentence, thumbprint=pending.thumbprint)
    if concerned:
        first = min(concerned, key=lambda key: key.since)
        what = f"the key of certificate {marks.name(first.thumbprint)}"
        sentence = f"{device.name} did not have {what} then; it got it {_at(first.since)}."
        return Cell(Reading.KEY_COMES_LATER, sentence, thumbprint=first.thumbprint, since=first.since)
    return _never(names, device, known=list(known), marks=marks)


def _readable(key: Held, device: DeviceKeys, *, called: str) -> Cell:
    sentence = f"{device.name} has had the key of certificate {called} since {_time(key.since)}."
    if key.cause is not None:
        sentence += f" It is not wanted there any more, because {cause_words(key.cause)}; the device has it still."
    return Cell(Reading.READABLE, sentence, thumbprint=key.thumbprint, since=key.since)


def _gone(key: Held, device: DeviceKeys, *, what: str) -> Cell:
    assert key.until is not None
    if key.cause in _WIPES:
        reading = Reading.DEVICE_WIPED
        sentence = f"{device.name} had the key of certificate {what}, and was wiped {_at(key.until)}."
    else:
        reading = Reading.KEY_REMOVED
        why = f"because {cause_words(key.cause)}" if key.cause else "and the reason was not recorded"
        sentence = f"{device.name} had the key of certificate {what} until {_time(key.until)}; it is gone, {why}."
    return Cell(reading, sentence, thumbprint=key.thumbprint, since=key.since, until=key.until)


def _never(names: frozenset[str], device: DeviceKeys, *, known: list[KnownKey], marks: Marks) -> Cell:
    if not known:
        what = "for a certificate that this tenant neither issued nor imported" if names else "with a password"
        return Cell(Reading.KEY_NOT_ANYWHERE, f"The mail is encrypted {what}; {device.name} has no key for it.")
    key = known[0]
    name = marks.name(key.thumbprint)
    what = f"the imported certificate {name}" if key.source is Source.IMPORTED else f"the certificate {name}"
    if key.owner and key.source is Source.PKCS:
        what = f"the certificate {name}, which was issued for {key.owner} only"
    elif key.owner:
        what = f"the certificate {name} of {key.owner}"
    if len(known) > 1:
        what = f"{what} and {len(known) - 1} more"
    sentence = f"The mail is encrypted for {what}; {device.name} never had a key for it."
    return Cell(Reading.KEY_NEVER_HERE, sentence, thumbprint=key.thumbprint)


def _at(moment: datetime) -> str:
    return f"on {_time(moment)}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


class ReadingWords(NamedTuple):
    """A symbol, a word beside it, and what the two mean."""

    symbol: str
    word: str
    meaning: str


READING_WORDS: dict[Reading, ReadingWords] = {
    Reading.READABLE: ReadingWords("✓", "reads", "the device can read it"),
    Reading.NOT_ENCRYPTED: ReadingWords("○", "open", "not encrypted: everybody can read it"),
    Reading.KEY_REMOVED: ReadingWords("−", "removed", "the device had the key, and it was removed"),
    Reading.DEVICE_WIPED: ReadingWords("W", "wiped", "the device had the key, and was wiped"),
    Reading.KEY_PENDING: ReadingWords("…", "pending", "the key is on its way to the device"),
    Reading.KEY_COMES_LATER: ReadingWords(">", "later", "the device got the key later"),
    Reading.KEY_NEVER_HERE: ReadingWords("✗", "never", "the device never had the key"),
    Reading.KEY_NOT_ANYWHERE: ReadingWords("?", "unknown", "for a certificate that the tenant does not know"),
    Reading.DAMAGED: ReadingWords("!", "damaged", "the mail is damaged"),
}
