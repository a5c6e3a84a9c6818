"""The first chapter: the questions that people ask after a rollout, answered with the tenant's own examples."""

from __future__ import annotations

from fauxtune.core.language.catalogue import Message, count, say
from fauxtune.core.mail.readability import Reading
from fauxtune_report.evidence import lines
from fauxtune_report.evidence.chapters.keys import on_all
from fauxtune_report.evidence.claim import Chapter, Claim, Named, Note, Part, Question
from fauxtune_report.evidence.facts import Device, Mail
from fauxtune_report.evidence.view import NO_KEYS, NOTHING, Barred, Departed, Shared, View, barred, departed, shared

#: The end of a device -> the question about it.
_QUESTIONS: dict[str, Message] = {
    "wiped": say("What did the wipe of %(device)s not do?"),
    "retired": say("What did retiring %(device)s not do?"),
    "unenrolled": say("What did ending the management of %(device)s not do?"),
    "deleted": say("What did deleting %(device)s not do?"),
}


def in_short(view: View) -> Chapter:
    """Answer three questions: why one device cannot open it, what importing changed, what an end did not do."""
    questions: list[Part] = []
    example = barred(view.facts)
    if example is not None:
        questions.append(_why_not(view, example))
    certificates = shared(view.facts)
    if certificates:
        questions.append(_importing(view, certificates[0], before=example))
    left = next((each for each in departed(view.facts) if each.revoked and each.imported), None)
    if left is not None:
        questions.append(_end(view, left))
    intro = say(
        "Mail that is encrypted by S/MIME is encrypted for certificates. Whoever has the private key of one of them "
        "can read it, and nobody else, whatever the account or the password. So each question below is a question "
        "about keys."
    )
    notes = [] if view.facts.keys else [Note(NO_KEYS)]
    return Chapter("short", say("In short"), (intro, *(questions or [NOTHING]), *notes))


def _why_not(view: View, example: Barred) -> Question:
    mail, file = example.mail, view.layout.mail(example.mail)
    assert file is not None
    values = {"reader": view.named(example.reader), "stranger": view.named(example.stranger)}
    known = view.facts.certificates[example.thumbprint]
    number = len(mail.recipients)
    claims = [
        Claim(
            count(
                "The mail “%(subject)s” is encrypted only for one certificate.",
                "The mail “%(subject)s” is encrypted for %(number)s certificates.",
                number=number,
                subject=_subject(mail),
            ),
            lines.number_of_recipients(file, number),
        ),
        Claim(
            say("Its envelope names the certificate %(mark)s.", mark=view.marked(example.thumbprint)),
            lines.names_recipient(file, known.serial),
        ),
        Claim(
            say(
                "%(mark)s was installed on %(reader)s and on no other device.",
                mark=view.marked(example.thumbprint),
                **values,
            ),
            lines.installations(example.thumbprint, len(view.facts.holders(example.thumbprint))),
        ),
    ]
    if example.other is not None:
        both = view.files([example.thumbprint, example.other])
        claims.append(
            Claim(
                say(
                    "%(stranger)s has a certificate of its own, %(mark)s, with another key.",
                    mark=view.marked(example.other),
                    **values,
                ),
                lines.different_keys(both, 2),
            )
        )
    claims += _opening(view, mail, device=example.reader, thumbprint=example.thumbprint)
    if example.other is not None and (key := view.layout.key(example.stranger, example.other)) is not None:
        sentence = say("With the key of %(stranger)s it does not.", **values)
        claims.append(Claim(sentence, lines.does_not_open(file, key)))
    question = say("Why can %(stranger)s not open a mail that %(reader)s can open?", **values)
    return Question(question, tuple(claims))


def _opening(view: View, mail: Mail, *, device: Device, thumbprint: str) -> list[Claim]:
    """The claim that a mail opens with the key of a device, if the report has both."""
    file, key = view.layout.mail(mail), view.layout.key(device, thumbprint)
    if file is None or key is None:
        return []
    return [Claim(say("With the key of %(device)s it opens.", device=view.named(device)), lines.opens(file, key))]


def _importing(view: View, example: Shared, *, before: Barred | None) -> Question:
    mark, known = view.marked(example.thumbprint), view.facts.certificates[example.thumbprint]
    owner = view.person(known.owner)
    claims = []
    moment = view.facts.imports.get(example.thumbprint)
    if moment is not None:
        sentence = say(
            "The administrator imported the certificate %(mark)s of %(person)s once, together with its private key.",
            mark=mark,
            person=owner,
        )
        claims.append(Claim(sentence, lines.entry(moment.number, "imported")))
    claims += [part for part in on_all(view, example) if isinstance(part, Claim)]
    if example.mail is not None:
        chosen = [before.reader, before.stranger] if before is not None else list(example.devices[:2])
        readers = [device for device in chosen if device in example.devices]
        for number, device in enumerate(readers):
            opening = _opening(view, example.mail, device=device, thumbprint=example.thumbprint)
            if opening and number == 0:
                sentence = say(
                    "The mail “%(subject)s” is encrypted for that certificate: with the key of %(device)s it opens.",
                    subject=_subject(example.mail),
                    device=view.named(device),
                )
                opening = [Claim(sentence, opening[0].proof)]
            claims += opening
        claims += _later(view, example, moment_number=None if moment is None else moment.number, chosen=readers)
    return Question(say("What did importing a certificate change?"), tuple(claims))


def _later(view: View, example: Shared, *, moment_number: int | None, chosen: list[Device]) -> list[Claim]:
    """The claim about a device that was enrolled after the import."""
    if example.mail is None or moment_number is None:
        return []
    later = [each for each in example.devices if each.enrolled.number > moment_number and each not in chosen]
    for device in later:
        for claim in _opening(view, example.mail, device=device, thumbprint=example.thumbprint):
            sentence = say(
                "%(device)s was enrolled after the import and opens it too: nothing was imported again.",
                device=view.named(device),
            )
            return [Claim(sentence, claim.proof)]
    return []


def _end(view: View, example: Departed) -> Question:
    device, facts = example.device, view.facts
    assert device.left is not None
    assert example.imported is not None
    values = {"device": view.named(device)}
    own, imported = example.revoked[-1], example.imported
    claims = [
        Claim(
            say(
                "%(device)s left (entry %(entry)s of the journal): its keys were removed.",
                entry=device.left.at.number,
                **values,
            ),
            lines.entry(device.left.at.number, device.left.how),
        ),
        Claim(
            say("Its own certificate %(mark)s was revoked: the CRL has it.", mark=view.marked(own)),
            lines.on_crl(view.certificate(own), at=facts.now),
        ),
        Claim(
            say(
                "The imported certificate %(mark)s was removed from it too, but not revoked: the CRL does not have "
                "it, and it is valid.",
                mark=view.marked(imported),
            ),
            lines.not_on_crl(view.certificate(imported), at=facts.now),
        ),
    ]
    claims += _still_open(view, device, imported=imported) + _open_with_copy(view, example)
    return Question(_with(_QUESTIONS[device.left.how], **values), tuple(claims))


def _still_open(view: View, device: Device, *, imported: str) -> list[Claim]:
    """The claim that what the device could read is still readable on another device."""
    for mail in view.facts.mails:
        for other, cell in mail.now.items():
            if other != device.id and cell.reading is Reading.READABLE and cell.thumbprint == imported:
                for claim in _opening(view, mail, device=view.facts.device(other), thumbprint=imported):
                    sentence = say(
                        "It did not make mail unreadable: %(other)s still has the key of %(mark)s and opens "
                        "“%(subject)s”.",
                        other=view.named(view.facts.device(other)),
                        mark=view.marked(imported),
                        subject=_subject(mail),
                    )
                    return [Claim(sentence, claim.proof)]
    return []


def _open_with_copy(view: View, example: Departed) -> list[Claim]:
    """The claim that a revoked key still decrypts, in the hands of whoever has a copy."""
    for mail in view.facts.mails:
        for thumbprint in set(mail.recipients) & set(example.revoked):
            for claim in _opening(view, mail, device=example.device, thumbprint=thumbprint):
                sentence = say(
                    "Nor does revocation close old mail: with a copy of the key of %(mark)s, which was made before "
                    "and lies beside this page, “%(subject)s” still opens.",
                    mark=view.marked(thumbprint),
                    subject=_subject(mail),
                )
                return [Claim(sentence, claim.proof)]
    return []


def _subject(mail: Mail) -> Named:
    return Named(mail.subject)


def _with(message: Message, **values: object) -> Message:
    return Message(message.text, values=values)
