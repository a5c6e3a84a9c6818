"""What a mail is made of: the header that everybody reads, the envelope, and the signature."""

from __future__ import annotations

from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import Message, say
from fauxtune_report.evidence.facts import Mail
from fauxtune_report.evidence.pictures.svg import CHIP, WIDTH, Drawing
from fauxtune_report.evidence.view import View

_HALF, _MOST_CHIPS = 350, 4


def draw(view: View, catalogue: Catalogue) -> Drawing | None:
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
