"""The mail of one person against the person's devices: the one with the most devices, before the first one left."""

from __future__ import annotations

from collections.abc import Mapping

from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import say
from fauxtune.core.mail.reading_words import READING_WORDS
from fauxtune_report.evidence.facts import Cell, Mail
from fauxtune_report.evidence.pictures.svg import WIDTH, Drawing
from fauxtune_report.evidence.view import View

_LEFT, _TOP, _ROW, _CHIPS = 190, 20, 26, 70
_MOST_MAILS, _MOST_DEVICES = 12, 12


def draw(view: View, catalogue: Catalogue) -> Drawing | None:
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
