"""The last chapter: what a report does not show, what was left out, and the documents."""

from __future__ import annotations

from fauxtune.core.language.message import Message, count, say
from fauxtune_report.evidence.claim import Chapter, Named, Note, Part
from fauxtune_report.evidence.facts import LeftOut
from fauxtune_report.evidence.view import View

#: The documents by which the tenant behaves: their titles and dates, as they name themselves.
SOURCES = (
    "RFC 8551 (S/MIME 4.0), 2019-04",
    "RFC 5652 (Cryptographic Message Syntax), 2009-09",
    "RFC 5280 (certificates and CRLs), 2008-05",
    "RFC 6960 (OCSP), 2013-06",
    "RFC 8894 (SCEP), 2020-09",
    "Microsoft: Remove SCEP or PKCS certificates in Microsoft Intune, 2024-04-08",
    "Microsoft: Graph beta, userPFXCertificate",
)


def limits(view: View) -> Chapter:
    """Say what a report does not show."""
    parts: list[Part] = [
        say(
            "This tenant is emulated and its devices are simulated: their keys, certificates, protocols, CRL and "
            "OCSP answers are real, their screens are not. How Intune itself behaves is taken from its "
            "documentation; the documents and their dates stand below."
        ),
        say(
            "No line can prove that something is not there: that a device holds nothing any more is what the device "
            "reported. The journal has its report."
        ),
        say(
            "openssl looks neither at the sender's address nor at the header of a mail; a mail program should. The "
            "subject of a mail is never encrypted here."
        ),
        *(Note(text) for text in _left_out(view.facts.left_out)),
        *(Note(say("%(document)s", document=Named(source))) for source in SOURCES),
    ]
    return Chapter("limits", say("What this report does not show"), tuple(parts))


def _left_out(left_out: LeftOut) -> list[Message]:
    """What is there and is not in the report, because a report is for reading."""
    messages = {
        "people": count("Left out: %(number)s person.", "Left out: %(number)s people.", number=left_out.people),
        "devices": count("Left out: %(number)s device.", "Left out: %(number)s devices.", number=left_out.devices),
        "mails": count("Left out: %(number)s mail.", "Left out: %(number)s mails.", number=left_out.mails),
        "certificates": count(
            "Left out: %(number)s certificate.", "Left out: %(number)s certificates.", number=left_out.certificates
        ),
    }
    return [message for name, message in messages.items() if getattr(left_out, name)]
