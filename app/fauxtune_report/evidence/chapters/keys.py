"""The chapters about keys: who holds which certificate, and where its key comes from."""

from __future__ import annotations

from fauxtune.core.language.catalogue import Message, count, say
from fauxtune.core.model.states import Source
from fauxtune_report.evidence import lines
from fauxtune_report.evidence.claim import Chapter, Claim, Named, Note, Part, Picture, Row, Table
from fauxtune_report.evidence.facts import OWN, Device, Mail
from fauxtune_report.evidence.view import ENDS, NOTHING, Shared, View, own_encryption, shared

_MOST_CLAIMS = 12


def holdings(view: View) -> Chapter:
    """Draw the matrix of people, devices and certificates."""
    intro = say(
        "Equal certificates have equal marks, equal colours and equal shapes, and no two certificates have the same "
        "mark. In the column of imported ones all devices of a person have the same."
    )
    rows = []
    for owner in dict.fromkeys(device.owner for device in view.facts.devices):
        for device in view.facts.devices_of(owner):
            own, imported = view.facts.held_by(device, *OWN), view.facts.held_by(device, Source.IMPORTED)
            end: Message | str = "–" if device.left is None else ENDS[device.left.how]
            group = say("without a user") if owner is None else say("%(name)s", name=view.person(owner))
            rows.append(Row((view.named(device), view.chips(own), view.chips(imported), end), group))
    headings = (say("Device"), say("Own certificates"), say("Imported certificates"), say("Left"))
    parts: tuple[Part, ...] = (Table(headings, tuple(rows), legend=True), *_distinct(view))
    return Chapter("holdings", say("Who holds which certificate"), (intro, *(parts if rows else (NOTHING,))))


def _distinct(view: View) -> list[Claim]:
    """The claims that no two certificates have the same mark, and no two of the devices' own the same key."""
    claims = []
    marked = [certificate for certificate in view.facts.certificates if view.facts.marks.of(certificate).is_spoken]
    if len(marked) > 1:
        number = len(marked)
        sentence = say("The %(number)s certificates of this report have %(number)s different marks.", number=number)
        claims.append(Claim(sentence, lines.different_marks(view.files(marked), number)))
    own = dict.fromkeys(
        holding.thumbprint
        for holding in view.facts.holdings
        if holding.source in OWN and holding.thumbprint in view.facts.certificates
    )
    if not own:
        return claims
    sentence = count(
        "The devices' own certificate has a key of its own.",
        "The devices' own %(number)s certificates have %(number)s different keys.",
        number=len(own),
    )
    return [*claims, Claim(sentence, lines.different_keys(view.files(own), len(own)))]


def of_one_device(view: View) -> Chapter:
    """Show that a mail for the certificate of one device is read only by that device."""
    intro = say(
        "A PKCS or SCEP profile gives each device a certificate of its own. For signatures that is right: everybody "
        "can verify all of them. For encryption it is a mistake: a sender chooses one certificate, and so one device."
    )
    parts: list[Part] = [
        intro,
        Picture("origins", say("Where the key of a certificate is made, and which devices have it.")),
    ]
    mails = _mails_for_one(view)
    claims = [claim for each, mail in mails.items() for claim in _alone(view, mail, thumbprint=each)]
    return Chapter("one-device", say("A key of one device"), (*parts, *(claims[:_MOST_CLAIMS] or (NOTHING,))))


def _mails_for_one(view: View) -> dict[str, Mail]:
    """For each certificate of one device, a mail that is encrypted for it; people with several devices come first."""
    mails: dict[str, Mail] = {}
    for mail in view.facts.mails:
        for thumbprint in mail.recipients:
            known = view.facts.certificates.get(thumbprint)
            if known is not None and known.source in OWN and mail.raw is not None and known.owner == mail.owner:
                mails.setdefault(thumbprint, mail)
    return dict(sorted(mails.items(), key=lambda pair: -len(view.facts.devices_of(pair[1].owner))))


def _alone(view: View, mail: Mail, *, thumbprint: str) -> list[Claim]:
    """The claims that the key of one device opens a mail, and the keys of the same person's other devices do not."""
    file, known = view.layout.mail(mail), view.facts.certificates[thumbprint]
    holders = view.facts.holders(thumbprint)
    if file is None or not holders:
        return []
    device, values = holders[0], {"subject": Named(mail.subject), "mark": view.marked(thumbprint)}
    key = view.layout.key(device, thumbprint)
    if key is None:
        sentence = say(
            "“%(subject)s” is encrypted for %(mark)s, the certificate of %(device)s.",
            device=view.named(device),
            **values,
        )
        return [Claim(sentence, lines.names_recipient(file, known.serial))]
    sentence = say("“%(subject)s” opens with the key of %(device)s, %(mark)s.", device=view.named(device), **values)
    claims = [Claim(sentence, lines.opens(file, key))]
    for other in view.facts.devices_of(device.owner):
        own = own_encryption(view.facts, other)
        other_key = None if own is None else view.layout.key(other, own)
        if other != device and own is not None and other_key is not None:
            sentence = say(
                "It does not open with the key of %(device)s, %(mark)s.",
                device=view.named(other),
                mark=view.marked(own),
            )
            claims.append(Claim(sentence, lines.does_not_open(file, other_key)))
    return claims


def of_a_person(view: View) -> Chapter:
    """Show that the devices of a person have the same imported key."""
    intro = say(
        "So a certificate for encryption is made once, elsewhere, and imported with its private key "
        "(userPfxCertificates). The certificate connector decrypts the password of that file, and encrypts it again "
        "for each device of the person. The same certificate and the same key arrive on all of them."
    )
    parts: list[Part] = []
    for example in shared(view.facts):
        parts += on_all(view, example)
    if parts:
        words = say("Each row a mail, with the certificate that it is encrypted for; each column a device.")
        parts.append(Picture("readers", words))
    return Chapter("person", say("A key of a person"), (intro, *(parts or [NOTHING])))


def on_all(view: View, example: Shared) -> list[Claim | Note]:
    """The claims that devices confirmed an imported certificate, and that they have the same key."""
    known = view.facts.certificates[example.thumbprint]
    values = {"mark": view.marked(example.thumbprint), "person": view.person(known.owner)}
    number = len(example.devices)
    sentence = count(
        "%(number)s device of %(person)s confirmed that %(mark)s is installed.",
        "%(number)s devices of %(person)s confirmed that %(mark)s is installed.",
        number=number,
        **values,
    )
    parts: list[Claim | Note] = [Claim(sentence, lines.installations(example.thumbprint, number))]
    files = [file for device in example.devices if (file := view.layout.key(device, example.thumbprint)) is not None]
    if files:
        sentence = count(
            "The key on %(number)s device is the one of %(mark)s.",
            "The key on %(number)s devices is one and the same.",
            number=len(files),
            **values,
        )
        parts.append(
            Claim(sentence, lines.same_key(f"key/*/{files[0].rpartition('/')[2]}", count=len(files), key=known.key))
        )
    else:
        sentence = say("The key of %(mark)s, which %(person)s has, is the one with this digest.", **values)
        parts.append(Claim(sentence, lines.has_key(view.certificate(example.thumbprint), known.key)))
    missing = [device for device in example.devices if view.layout.key(device, example.thumbprint) is None]
    if files and missing:
        names = Named(", ".join(device.name for device in missing))
        parts.append(
            Note(
                say("Its key was not exported from: %(devices)s. A Mac keeps its keys in its keychain.", devices=names)
            )
        )
    return parts


def later_device(view: View) -> Chapter:
    """Show that a device that was enrolled after the import got the certificates too."""
    intro = say(
        "The service keeps what was imported, encrypted for the connector. A device that is enrolled later gets it "
        "all, the expired certificates too, because old mail still needs their keys."
    )
    claims = []
    for device in view.facts.devices:
        held = [
            holding
            for holding in view.facts.held_by(device, Source.IMPORTED)
            if (moment := view.facts.imports.get(holding.thumbprint)) is not None
            and moment.number < device.enrolled.number
        ]
        if held:
            claims.append(_enrolled_after(view, device))
            claims += [
                Claim(
                    say(
                        "%(device)s has the key of %(mark)s.",
                        device=view.named(device),
                        mark=view.marked(holding.thumbprint),
                    ),
                    lines.same_key(file, count=1, key=known.key),
                )
                for holding in held
                if (file := view.layout.key(device, holding.thumbprint)) is not None
                and (known := view.facts.certificates.get(holding.thumbprint)) is not None
            ]
    return Chapter("later", say("A device that came later"), (intro, *(claims[:12] or (NOTHING,))))


def _enrolled_after(view: View, device: Device) -> Claim:
    last = max(moment.number for moment in view.facts.imports.values() if moment.number < device.enrolled.number)
    return Claim(
        say(
            "%(device)s was enrolled (entry %(entry)s of the journal) after the import (entry %(import)s).",
            **{"device": view.named(device), "entry": device.enrolled.number, "import": last},
        ),
        lines.entry(device.enrolled.number, "enrolled"),
    )


def made_on_the_device(view: View) -> Chapter:
    """Show certificates by SCEP: the device makes the key, another one at each renewal."""
    intro = say(
        "By SCEP (RFC 8894) a device makes its key itself and asks the authority for a certificate. No connector and "
        "no server has that key, so nobody can deliver it to a second device: right for signatures and for logging "
        "in, wrong for mail that is to be read on several devices."
    )
    claims: list[Claim] = []
    for device in view.facts.devices:
        own = [
            holding.thumbprint
            for holding in view.facts.held_by(device, Source.SCEP)
            if holding.thumbprint in view.facts.certificates
        ]
        own = list(dict.fromkeys(own))
        if own:
            sentence = count(
                "%(device)s has asked for one certificate by SCEP.",
                "%(device)s has asked for %(number)s certificates by SCEP, each with another key.",
                number=len(own),
                device=view.named(device),
            )
            claims.append(Claim(sentence, lines.different_keys(view.files(own), len(own))))
            claims += [
                Claim(
                    say(
                        "%(mark)s of %(device)s, which left, is on the CRL.",
                        mark=view.marked(each),
                        device=view.named(device),
                    ),
                    lines.on_crl(view.certificate(each), at=view.facts.now),
                )
                for each in own
                if each in view.facts.revoked and device.left is not None
            ]
    return Chapter("scep", say("A key that never left the device"), (intro, *(claims[:16] or (NOTHING,))))
