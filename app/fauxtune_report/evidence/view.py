"""What all chapters look at: facts, names of files, chips of certificates, and the words for kinds and ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fauxtune.core.language.message import Message, say
from fauxtune.core.mail.readability import Reading
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune_report.evidence.claim import Chip, Chips, Marked, Named
from fauxtune_report.evidence.facts import Device, Facts, Holding
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
