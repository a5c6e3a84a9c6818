"""The chapters about ends: what was removed from devices that left, what was revoked, and what CRL and OCSP say; and
the last chapter: what a report does not show, what was left out, and the documents.
"""

from __future__ import annotations

from fauxtune.core.language.catalogue import Message, count, say
from fauxtune.core.model.states import Source
from fauxtune_report.evidence import lines
from fauxtune_report.evidence.claim import Chapter, Chip, Claim, Named, Note, Part, Picture, Row, Stamp, Table
from fauxtune_report.evidence.facts import OWN, Authority, Certificate, LeftOut
from fauxtune_report.evidence.view import ENDS, NOTHING, View, bounded, departed

_MOST_CLAIMS = 24


def departures(view: View) -> Chapter:
    """List the devices that left, with what was removed from each and what was revoked."""
    intro = say(
        "Removed means: gone from the device. Revoked means: the authority has put it on its list, so that others "
        "stop trusting it. They are two things, and one happens without the other. The edition of Intune's "
        "documentation that this tenant follows (%(edition)s) says when which of them happens.",
        edition=view.facts.edition,
    )
    rows, claims = [], []
    for example in departed(view.facts):
        device = example.device
        assert device.left is not None
        gone = [holding for holding in view.facts.held_by(device, *OWN, Source.IMPORTED) if holding.until is not None]
        stays = [holding for holding in view.facts.held_by(device, *OWN, Source.IMPORTED) if holding.until is None]
        revoked = view.chips(view.facts.held_by(device, *OWN), only_revoked=True)
        rows.append(Row((view.named(device), ENDS[device.left.how], view.chips(gone), revoked, view.chips(stays))))
        if example.revoked:
            sentence = count(
                "%(device)s: %(number)s certificate of its own is on the CRL.",
                "%(device)s: %(number)s certificates of its own are on the CRL.",
                number=len(example.revoked),
                device=view.named(device),
            )
            files = view.files(example.revoked)
            claims.append(Claim(sentence, lines.number_on_crl(files, count=len(example.revoked), at=view.facts.now)))
        if example.imported is not None:
            sentence = say(
                "%(device)s: the imported certificate %(mark)s was removed and is not on the CRL.",
                device=view.named(device),
                mark=view.marked(example.imported),
            )
            claims.append(Claim(sentence, lines.not_on_crl(view.certificate(example.imported), at=view.facts.now)))
    picture = Picture("ends", say("What a device lost, and what of it the authority revoked."))
    headings = (say("Device"), say("How it left"), say("Removed from it"), say("Revoked"), say("Still on it"))
    parts: tuple[Part, ...] = (NOTHING,)
    if rows:
        parts = (picture, Table(headings, tuple(rows), legend=True), *claims[:_MOST_CLAIMS])
    return Chapter("left", say("Who left: what was removed, what was revoked"), (intro, *parts))


def answers(view: View) -> Chapter:
    """List what CRL and OCSP say about every certificate of the report."""
    intro = say(
        "An authority answers in two ways whether a certificate was revoked: by a list that everybody can fetch "
        "(CRL), and by an answer about single certificates (OCSP). Both are signed, and lie beside this page as they "
        "were fetched."
    )
    claims: list[Claim] = []
    for authority in view.facts.authorities:
        mine = [
            certificate for certificate in view.facts.certificates.values() if certificate.authority == authority.name
        ]
        if mine and authority.crl is not None:
            claims += _by_authority(view, authority, mine=mine)
    rows = tuple(
        Row(
            (
                bounded([_chip(view, certificate)]),
                Named(certificate.owner or "–"),
                Stamp(certificate.certificate.not_valid_after_utc, day=True),
                say("revoked") if certificate.thumbprint in view.facts.revoked else say("not on it"),
                {"good": say("good"), "revoked": say("revoked"), "unknown": say("unknown")}.get(
                    view.facts.ocsp.get(certificate.thumbprint, ""), "–"
                ),
            )
        )
        for certificate in view.facts.certificates.values()
    )
    headings = (say("Certificate"), say("Person"), say("Valid until"), say("CRL"), say("OCSP"))
    parts: tuple[Part, ...] = (*claims, Table(headings, rows, legend=True)) if rows else (NOTHING,)
    return Chapter("answers", say("What CRL and OCSP say"), (intro, *parts))


def _by_authority(view: View, authority: Authority, *, mine: list[Certificate]) -> list[Claim]:
    now, response = view.facts.now, view.layout.ocsp(authority.name)
    revoked = [certificate for certificate in mine if certificate.thumbprint in view.facts.revoked]
    valid = [
        certificate for certificate in mine if certificate not in revoked and not view.facts.is_expired(certificate)
    ]
    claims = []
    if revoked:
        sentence = count(
            "The CRL of %(authority)s has %(number)s of these certificates.",
            "The CRL of %(authority)s has %(number)s of these certificates.",
            number=len(revoked),
            authority=Named(authority.name),
        )
        claims.append(
            Claim(
                sentence,
                lines.number_on_crl(
                    view.files(certificate.thumbprint for certificate in revoked), count=len(revoked), at=now
                ),
            )
        )
    if valid:
        sentence = count(
            "The %(number)s other, which is valid, is not on it.",
            "None of the %(number)s others, which are valid, is on it.",
            number=len(valid),
        )
        claims.append(
            Claim(sentence, lines.not_on_crl(view.files(certificate.thumbprint for certificate in valid), at=now))
        )
    if authority.ocsp is not None:
        for status in ("revoked", "good"):
            number = sum(view.facts.ocsp.get(certificate.thumbprint) == status for certificate in mine)
            if number:
                sentence = count(
                    "By OCSP, %(number)s certificate is %(status)s.",
                    "By OCSP, %(number)s certificates are %(status)s.",
                    number=number,
                    status=say("revoked") if status == "revoked" else say("good"),
                )
                claims.append(Claim(sentence, lines.number_by_ocsp(response, status=status, count=number, at=now)))
        claims += _examples(view, authority, certificates=revoked[:1] + valid[:1])
    return claims


def _examples(view: View, authority: Authority, *, certificates: list[Certificate]) -> list[Claim]:
    return [
        Claim(
            say(
                "By OCSP, %(mark)s is %(status)s.",
                mark=view.marked(certificate.thumbprint),
                status=say("revoked") if certificate.thumbprint in view.facts.revoked else say("good"),
            ),
            lines.by_ocsp(
                view.layout.ocsp(authority.name),
                view.certificate(certificate.thumbprint),
                status=view.facts.ocsp[certificate.thumbprint],
                issuer=view.layout.authority(authority.name),
                at=view.facts.now,
            ),
        )
        for certificate in certificates
        if certificate.thumbprint in view.facts.ocsp
    ]


def _chip(view: View, certificate: Certificate) -> Chip:
    is_revoked = certificate.thumbprint in view.facts.revoked
    return Chip(certificate.thumbprint, certificate.source or Source.IMPORTED, is_revoked=is_revoked)


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
