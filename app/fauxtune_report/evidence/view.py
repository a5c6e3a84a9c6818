"""What all chapters look at: facts, names of files, chips of certificates, and the words for kinds and ends. And the
examples by which a report explains: chosen from what happened, the most telling ones first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fauxtune.core.language.catalogue import Message, say
from fauxtune.core.mail.readability import Reading
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune_report.evidence.claim import Chip, Chips, Marked, Named
from fauxtune_report.evidence.facts import COMPUTERS, OWN, Device, Facts, Holding, Mail
from fauxtune_report.evidence.layout import Layout

KINDS: dict[Variant, Message] = {
    Variant.ANDROID_WORK_PROFILE: say("Android, work profile"),
    Variant.ANDROID_FULLY_MANAGED: say("Android, fully managed"),
    Variant.ANDROID_DEDICATED: say("Android, dedicated"),
    Variant.ANDROID_CORPORATE_WORK_PROFILE: say("Android, corporate work profile"),
    Variant.ANDROID_DEVICE_ADMIN: say("Android, device administrator"),
    Variant.ANDROID_KNOX: say("Android, Samsung Knox"),
    Variant.ANDROID_AOSP: say("Android, AOSP"),
    Variant.IOS: say("iPhone"),
    Variant.IPADOS: say("iPad"),
    Variant.MACOS: say("Mac"),
    Variant.WINDOWS: say("Windows"),
    Variant.WINDOWS_10_MOBILE: say("Windows 10 Mobile"),
    Variant.WINDOWS_PHONE_81: say("Windows Phone 8.1"),
}
#: How an enrolment ended -> the word in a table.
ENDS: dict[str, Message] = {
    "wiped": say("wiped"),
    "retired": say("retired"),
    "unenrolled": say("unenrolled by its user"),
    "deleted": say("record deleted"),
}
SOURCES: dict[Source, Message] = {
    Source.ROOT: say("trusted certificate"),
    Source.PKCS: say("own certificate, the key from the connector (PKCS)"),
    Source.SCEP: say("own certificate, the key made on the device (SCEP)"),
    Source.IMPORTED: say("imported certificate, the same on all devices of its user"),
}
#: A reading -> its symbol and its words; the symbols are those of `core.mail.readability`.
READINGS: dict[Reading, Message] = {
    Reading.READABLE: say("reads it: it has the key"),
    Reading.NOT_ENCRYPTED: say("reads it: it is not encrypted"),
    Reading.KEY_REMOVED: say("had the key, which was removed"),
    Reading.DEVICE_WIPED: say("had the key, and was wiped"),
    Reading.KEY_PENDING: say("the key is on its way"),
    Reading.KEY_COMES_LATER: say("got the key later"),
    Reading.KEY_NEVER_HERE: say("never had the key"),
    Reading.KEY_NOT_ANYWHERE: say("the tenant does not know the certificate"),
    Reading.DAMAGED: say("the mail is damaged"),
}


#: What a chapter says if a tenant has nothing for it.
NOTHING = say("Nothing of the kind happened in this tenant.")
NO_KEYS = say(
    "The keys of these devices are not among the files: the server has none of them, and this report was made without "
    "--keys. So the lines show for which certificates the mail is encrypted, and open nothing."
)
#: So many files are named one by one, where they could be named by a pattern.
_LISTED = 2
#: Certificates in one cell of a table.
_MOST_CHIPS = 20


@dataclass(frozen=True, slots=True)
class View:
    """Facts with the names of their files."""

    facts: Facts
    layout: Layout

    @classmethod
    def of(cls, facts: Facts) -> View:
        """Return the view of these facts."""
        return cls(facts, Layout.of(facts))

    def named(self, device: Device) -> Named:
        """Return a device's name."""
        return Named(device.name)

    def person(self, address: str | None) -> Named:
        """Return the name of a person, or the address of somebody unknown."""
        return Named(next((each.name for each in self.facts.people if each.address == address), address or "?"))

    def marked(self, thumbprint: str) -> Marked:
        """Return a certificate's mark."""
        known = self.facts.certificates.get(thumbprint)
        letters = self.facts.marks.of(thumbprint).letters
        return Marked(thumbprint, letters, None if known is None else known.source)

    def chips(self, holdings: Iterable[Holding], *, only_revoked: bool = False) -> Chips:
        """Return the certificates as a table shows them, each once, with what became of them."""
        last = {holding.thumbprint: holding for holding in holdings}
        chips = [
            Chip(each.thumbprint, each.source, each.until is not None, each.thumbprint in self.facts.revoked)
            for each in last.values()
        ]
        return bounded([chip for chip in chips if chip.is_revoked or not only_revoked])

    def certificate(self, thumbprint: str) -> str:
        """Return the file of a certificate that the report has."""
        file = self.layout.certificate(thumbprint)
        assert file is not None
        return file

    def files(self, thumbprints: Iterable[str]) -> str:
        """Return the files of certificates that the report has, for a shell: patterns if they fit no others."""
        files = {file for thumbprint in thumbprints if (file := self.layout.certificate(thumbprint)) is not None}
        if len(files) <= _LISTED:
            return " ".join(sorted(files))
        every = {
            file
            for certificate in self.facts.certificates
            if (file := self.layout.certificate(certificate)) is not None
        }
        for begin in (_by_folder, _by_source):
            patterns = {begin(file) for file in files}
            if {file for file in every if begin(file) in patterns} == files:
                return " ".join(f"{pattern}.pem" for pattern in sorted(patterns))
        return " ".join(sorted(files))


def bounded(chips: list[Chip]) -> Chips:
    """Return as many certificates as fit a cell, the last ones."""
    return Chips(tuple(chips[-_MOST_CHIPS:]), max(len(chips) - _MOST_CHIPS, 0))


def _by_folder(file: str) -> str:
    return f"{file.rpartition('/')[0]}/*"


def _by_source(file: str) -> str:
    """The pattern of all certificates with the same source, in whatever folder."""
    return f"cert/*/{file.rpartition('/')[2].partition('-')[0]}-*"


@dataclass(frozen=True, slots=True)
class Barred:
    """A mail that one device of a person can read by a key of its own, and another device of that person cannot.
    `other`: the certificate for encryption that the second one has; None without one.
    """

    mail: Mail
    reader: Device
    stranger: Device
    thumbprint: str
    other: str | None


@dataclass(frozen=True, slots=True)
class Shared:
    """An imported certificate, the devices that got it, and a mail for it."""

    thumbprint: str
    devices: tuple[Device, ...]
    mail: Mail | None


@dataclass(frozen=True, slots=True)
class Departed:
    """A device that left, with its own certificates that were revoked, and an imported one that was not."""

    device: Device
    revoked: tuple[str, ...]
    imported: str | None


def barred(facts: Facts) -> Barred | None:
    """Return the mail that shows best that a key of one device opens nothing on another; None without such a mail."""
    choices = [each for mail in facts.mails if mail.raw is not None for each in _barred(facts, mail)]
    return min(
        choices,
        key=lambda choice: (
            choice.other is None,
            len(choice.mail.recipients) > 1,
            (choice.stranger.id, choice.other) not in facts.keys,
            choice.stranger.variant not in COMPUTERS,
            choice.reader.variant in COMPUTERS,
        ),
        default=None,
    )


def _barred(facts: Facts, mail: Mail) -> list[Barred]:
    cells = mail.before or mail.now
    devices = [device for device in facts.devices_of(mail.owner) if device.id in cells]
    readers = [
        (device, thumbprint)
        for device in devices
        if cells[device.id].reading is Reading.READABLE
        and (thumbprint := cells[device.id].thumbprint) is not None
        and (known := facts.certificates.get(thumbprint)) is not None
        and known.source in OWN
        and len(facts.holders(thumbprint)) == 1
    ]
    strangers = [device for device in devices if cells[device.id].reading is Reading.KEY_NEVER_HERE]
    return [
        Barred(mail, reader, stranger, thumbprint, own_encryption(facts, stranger))
        for reader, thumbprint in readers
        for stranger in strangers
    ]


def own_encryption(facts: Facts, device: Device) -> str | None:
    """Return a certificate of only this device that can encrypt."""
    return next(
        (
            holding.thumbprint
            for holding in facts.held_by(device, *OWN)
            if (known := facts.certificates.get(holding.thumbprint)) is not None and known.encrypts
        ),
        None,
    )


def shared(facts: Facts) -> list[Shared]:
    """Return the imported certificates for encryption that reached devices, the newest first."""
    examples = []
    for thumbprint in dict.fromkeys(
        holding.thumbprint for holding in facts.holdings if holding.source is Source.IMPORTED
    ):
        known = facts.certificates.get(thumbprint)
        if known is not None and known.encrypts:
            mails = [mail for mail in facts.mails if thumbprint in mail.recipients and mail.owner == known.owner]
            readable = sorted(mails, key=lambda mail: (mail.raw is None, len(mail.recipients)))
            examples.append(Shared(thumbprint, tuple(facts.holders(thumbprint)), next(iter(readable), None)))
    return sorted(
        examples,
        key=lambda example: facts.certificates[example.thumbprint].certificate.not_valid_after_utc,
        reverse=True,
    )


def departed(facts: Facts) -> list[Departed]:
    """Return the devices that left, wiped ones first."""
    result = []
    for device in facts.devices:
        if device.left is not None:
            own = tuple(
                holding.thumbprint for holding in facts.held_by(device, *OWN) if holding.thumbprint in facts.revoked
            )
            held = [holding.thumbprint for holding in facts.held_by(device, Source.IMPORTED)]
            valid = [
                thumbprint
                for thumbprint in held
                if (known := facts.certificates.get(thumbprint)) is not None
                and thumbprint not in facts.revoked
                and not facts.is_expired(known)
            ]
            # A certificate for encryption shows more: what it decrypts stays readable.
            valid.sort(key=lambda thumbprint: not facts.certificates[thumbprint].encrypts)
            result.append(Departed(device, tuple(dict.fromkeys(own)), next(iter(valid), None)))
    return sorted(
        result,
        key=lambda each: (
            not (each.revoked and each.imported),
            each.device.left is None or each.device.left.how != "wiped",
        ),
    )
