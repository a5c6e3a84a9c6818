"""The chapters about mail: old mail, the address book, signatures, and who can read what."""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.language.catalogue import Message, count, say
from fauxtune.core.model.states import Source
from fauxtune_report.evidence import lines
from fauxtune_report.evidence.claim import (
    Chapter,
    Chip,
    Claim,
    Named,
    Note,
    Part,
    Picture,
    ReadingRow,
    Readings,
    Row,
    Stamp,
    Table,
)
from fauxtune_report.evidence.facts import Mail, Publication
from fauxtune_report.evidence.view import NO_KEYS, NOTHING, View, bounded

_MOST_CLAIMS, _MOST_SIGNATURES = 16, 6


def earlier_years(view: View) -> Chapter:
    """Show that mail for certificates that have expired is still read, as long as a device has their keys."""
    intro = say(
        "That a certificate has expired says: encrypt nothing more for it. It closes no mail. To read what was written "
        "for it, its key must be kept; Intune renews no imported certificate, so its successor is imported beside it."
    )
    claims: list[Claim] = []
    for mail in view.facts.mails:
        file = view.layout.mail(mail)
        for thumbprint in mail.recipients:
            known = view.facts.certificates.get(thumbprint)
            if file is None or known is None or not view.facts.is_expired(known):
                continue
            until = Stamp(known.certificate.not_valid_after_utc, day=True)
            values = {"subject": Named(mail.subject), "mark": view.marked(thumbprint), "until": until}
            claims.append(
                Claim(
                    say("“%(subject)s” is for %(mark)s, which was valid until %(until)s.", **values),
                    lines.expired(view.certificate(thumbprint), at=view.facts.now),
                )
            )
            for device in reversed(view.facts.holders(thumbprint)):
                key = view.layout.key(device, thumbprint)
                if key is not None:
                    sentence = say("%(device)s has its key, and opens the mail.", device=view.named(device))
                    claims.append(Claim(sentence, lines.opens(file, key)))
                    break
    picture = Picture("years", say("When certificates were valid, and when mail was written for them."))
    return Chapter(
        "years", say("Mail of earlier years"), (intro, picture, *claims[:_MOST_CLAIMS]) if claims else (intro, NOTHING)
    )


def address_book(view: View) -> Chapter:
    """List what is published, since a sender needs the certificate of the recipient."""
    intro = say(
        "A sender needs the certificate of the recipient, not the key. That Intune delivered it to the recipient's "
        "devices does not publish it: somebody puts it into the address book, or a signed mail brings it along."
    )
    claims, rows = [], []
    for publication in view.facts.publications:
        known = view.facts.certificates.get(publication.thumbprint)
        if known is None:
            continue
        source = known.source or Source.IMPORTED
        holders = view.facts.holders(publication.thumbprint)
        chip = bounded([Chip(publication.thumbprint, source, is_revoked=publication.thumbprint in view.facts.revoked)])
        rows.append(
            Row(
                (
                    Named(publication.address),
                    chip,
                    str(len(holders)),
                    Stamp(known.certificate.not_valid_after_utc, day=True),
                )
            )
        )
        claims.append(_published(view, publication))
    headings = (say("Address"), say("Published certificate"), say("Devices that got its key"), say("Valid until"))
    parts: tuple[Part, ...] = (Table(headings, tuple(rows)), *claims[:_MOST_CLAIMS]) if rows else (NOTHING,)
    return Chapter("address-book", say("How a sender gets the key"), (intro, *parts))


def _published(view: View, publication: Publication) -> Claim:
    """The claim that a published certificate is for its address, or is not."""
    file = view.certificate(publication.thumbprint)
    values = {"mark": view.marked(publication.thumbprint), "address": Named(publication.address)}
    if publication.address.lower() in publication.addresses:
        return Claim(
            say("%(mark)s is a certificate for %(address)s.", **values), lines.for_address(file, publication.address)
        )
    sentence = say("%(mark)s is published for %(address)s, and is not for that address: a mistake.", **values)
    return Claim(sentence, lines.not_for_address(file, publication.address))


def signatures(view: View) -> Chapter:
    """Verify signed mail, and show that the signature fits no other content."""
    intro = say(
        "A signature is made with the private key of the sender and verified with the certificate that the mail "
        "brings. It shows whose key signed the mail, and that nobody has changed it since. It hides nothing: that is "
        "what encryption does."
    )
    signed = [mail for mail in view.facts.mails if mail.counts and mail.raw is not None]
    claims: list[Claim] = []
    for mail in signed[:_MOST_SIGNATURES]:
        file = view.layout.mail(mail)
        assert file is not None
        values = {"subject": Named(mail.subject), "author": Named(mail.author)}
        if mail.signer is None:
            sentence = say("The signature of “%(subject)s” by %(author)s counts.", **values)
        else:
            sentence = say(
                "The signature of “%(subject)s” by %(author)s counts; it was made with %(mark)s.",
                mark=view.marked(mail.signer),
                **values,
            )
        claims.append(Claim(sentence, lines.signature(file, at=mail.signed_at or mail.date)))
    if signed:
        file = view.layout.mail(signed[0])
        assert file is not None
        sentence = say(
            "For any other content, the signature of “%(subject)s” does not count.", subject=Named(signed[0].subject)
        )
        claims.append(Claim(sentence, lines.signature_of_other_content(file, at=signed[0].signed_at or signed[0].date)))
    picture = Picture("layers", say("What a mail is made of: beside the signed one, an encrypted one."))
    return Chapter("signatures", say("Who signed"), (intro, picture, *(claims or (NOTHING,))))


def readings(view: View) -> Chapter:
    """Draw the matrix of mail and devices, before the first device left and at the end."""
    intro = say(
        "A row for each encrypted mail, a column for each device of its reader. The server has no key of a device: "
        "it knows which device had which key when, and which certificates each mail names."
    )
    parts: list[Part] = []
    encrypted: list[Mail] = []
    for person in view.facts.people:
        mails = [mail for mail in view.facts.mails if mail.owner == person.address and mail.encrypted]
        before = [mail for mail in mails if mail.before]
        name = Named(person.name)
        early = _matrix(
            view, before, title=say("The mail of %(name)s before the first device left", name=name), early=True
        )
        late = _matrix(view, mails, title=say("The mail of %(name)s at the end", name=name), early=False)
        if before and replace(early, title=late.title) != late:
            parts.append(early)
        if mails:
            parts.append(late)
        encrypted += mails
    open_mail = sum(not mail.encrypted for mail in view.facts.mails)
    if open_mail and parts:
        parts.append(
            Note(
                count(
                    "%(number)s more mail is not encrypted: everybody can read it who gets it.",
                    "%(number)s more mails are not encrypted: everybody can read them who gets them.",
                    number=open_mail,
                )
            )
        )
    if parts and not view.facts.keys:
        parts.append(Note(NO_KEYS))
    claims = _recipients(view, encrypted)[:_MOST_CLAIMS]
    return Chapter("readings", say("Who can read which mail"), (intro, *(parts or [NOTHING]), *claims))


def _matrix(view: View, mails: list[Mail], *, title: Message, early: bool) -> Readings:
    cells = [mail.before if early else mail.now for mail in mails]
    ids = list(dict.fromkeys(device for cell in cells for device in cell))
    devices = [device for device in view.facts.devices if device.id in ids]
    rows = tuple(
        ReadingRow(
            mail.uid,
            Named(mail.subject),
            bounded([_chip(view, thumbprint) for thumbprint in mail.recipients]),
            tuple(cell[device.id].reading.value if device.id in cell else "" for device in devices),
        )
        for mail, cell in zip(mails, cells, strict=True)
    )
    return Readings(title, tuple(view.named(device) for device in devices), rows)


def _chip(view: View, thumbprint: str) -> Chip:
    known = view.facts.certificates.get(thumbprint)
    source = None if known is None else known.source
    return Chip(thumbprint, source or Source.IMPORTED, is_revoked=thumbprint in view.facts.revoked)


def _recipients(view: View, mails: list[Mail]) -> list[Claim]:
    """For each certificate, once, the claim that the envelope of a mail names it."""
    claims: dict[str, Claim] = {}
    for mail in mails:
        file = view.layout.mail(mail)
        for thumbprint in mail.recipients:
            known = view.facts.certificates.get(thumbprint)
            if file is not None and known is not None and thumbprint not in claims:
                sentence = say(
                    "The envelope of “%(subject)s” names %(mark)s.",
                    subject=Named(mail.subject),
                    mark=view.marked(thumbprint),
                )
                claims[thumbprint] = Claim(sentence, lines.names_recipient(file, known.serial))
    return list(claims.values())
