"""Pictures of mail: which device can read which, and what a mail is made of, from the outside in."""

from __future__ import annotations

from collections.abc import Mapping

from fauxtune.core.language.catalogue import Catalogue, Message, say
from fauxtune.core.mail.readability import READING_WORDS
from fauxtune_report.evidence.facts import Cell, Mail
from fauxtune_report.evidence.pictures.svg import CHIP, WIDTH, Drawing
from fauxtune_report.evidence.view import View

_LEFT, _TOP, _ROW, _CHIPS = 190, 20, 26, 70
_MOST_MAILS, _MOST_DEVICES = 12, 12


def readers(view: View, catalogue: Catalogue) -> Drawing | None:
    """Draw it; None without encrypted mail."""
    mails = [mail for mail in view.facts.mails if mail.encrypted and _cells(mail) and mail.recipients]
    owner = max((mail.owner for mail in mails), key=lambda owner: len(view.facts.devices_of(owner)), default=None)
    mails = [mail for mail in mails if mail.owner == owner][:_MOST_MAILS]
    if not mails:
        return None
    ids = {device for mail in mails for device in _cells(mail)}
    devices = [device for device in view.facts.devices if device.id in ids][:_MOST_DEVICES]
    drawing = Drawing(catalogue.render(say("Which device can read which mail")), view.facts.marks)
    width = (WIDTH - _LEFT - _CHIPS) / len(devices)
    for number in range(len(devices)):
        drawing.text(_LEFT + _CHIPS + width * (number + 0.5), 14, words=str(number + 1), anchor="middle", css="soft")
    for row, mail in enumerate(mails):
        y = _TOP + _ROW * row
        drawing.text(0, y + 15, words=mail.subject, most=_LEFT - 8)
        chip = view.marked(mail.recipients[0])
        drawing.chip(_LEFT, y, thumbprint=mail.recipients[0], source=chip.source)
        for number, device in enumerate(devices):
            cell = _cells(mail).get(device.id)
            if cell is not None:
                css = "good" if cell.reading.can_read else "bad"
                words = READING_WORDS[cell.reading].symbol
                drawing.text(_LEFT + _CHIPS + width * (number + 0.5), y + 15, words=words, anchor="middle", css=css)
        drawing.line(0, y + _ROW - 3, x2=WIDTH, y2=y + _ROW - 3, css="tick")
    bottom = _TOP + _ROW * len(mails) + 16
    for number, device in enumerate(devices):
        place = (number % 3) * WIDTH / 3
        drawing.text(
            place, bottom + number // 3 * 18, words=f"{number + 1}  {device.name}", css="soft", most=WIDTH / 3 - 8
        )
    return drawing


def _cells(mail: Mail) -> Mapping[str, Cell]:
    return mail.before or mail.now


_HALF, _MOST_CHIPS = 350, 4


def layers(view: View, catalogue: Catalogue) -> Drawing | None:
    """Draw an encrypted mail beside a signed one; None without both."""
    encrypted = next((mail for mail in view.facts.mails if mail.encrypted and mail.recipients), None)
    signed = next((mail for mail in view.facts.mails if mail.counts and mail.signer), None)
    if encrypted is None or signed is None:
        return None
    drawing = Drawing(
        catalogue.render(say("An encrypted mail and a signed mail, from the outside in")), view.facts.marks
    )
    _mail(drawing, 0, mail=encrypted, catalogue=catalogue, title=say("Encrypted: only for those who have a key"))
    drawing.box(10, 104, width=_HALF - 20, height=76, css="sealed")
    drawing.text(20, 122, words=catalogue.render(say("the envelope: encrypted for")))
    for number, thumbprint in enumerate(encrypted.recipients[:_MOST_CHIPS]):
        drawing.chip(20 + number * (CHIP + 4), 128, thumbprint=thumbprint, source=view.marked(thumbprint).source)
    drawing.text(20, 170, words=catalogue.render(say("in it: text and attachments, for no one else")), most=_HALF - 40)
    right = WIDTH - _HALF
    _mail(
        drawing,
        right,
        mail=signed,
        catalogue=catalogue,
        title=say("Signed: everybody can read it, and notices a change"),
    )
    drawing.box(right + 10, 104, width=_HALF - 20, height=30, css="open")
    drawing.text(right + 20, 123, words=catalogue.render(say("text and attachments, for everybody")), most=_HALF - 40)
    drawing.box(right + 10, 142, width=_HALF - 20, height=38, css="sealed")
    drawing.text(right + 20, 166, words=catalogue.render(say("the signature, made with the key of")), most=240)
    assert signed.signer is not None
    drawing.chip(WIDTH - CHIP - 20, 151, thumbprint=signed.signer, source=view.marked(signed.signer).source)
    return drawing


def _mail(drawing: Drawing, x: float, *, mail: Mail, catalogue: Catalogue, title: Message) -> None:
    """Draw a mail's frame and its header, which no layer protects."""
    drawing.text(x, 14, words=catalogue.render(title), most=_HALF)
    drawing.box(x, 22, width=_HALF, height=168, css="card")
    lines = (
        catalogue.render(say("From: %(author)s", author=mail.author)),
        catalogue.render(say("Subject: %(subject)s", subject=mail.subject)),
        catalogue.render(say("the header: everybody on the way reads it")),
    )
    for number, words in enumerate(lines):
        drawing.text(x + 10, 44 + number * 20, words=words, css="soft" if number == 2 else "", most=_HALF - 20)
