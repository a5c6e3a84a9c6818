"""The devices that left: what was removed from each, and what of it was revoked."""

from __future__ import annotations

from collections.abc import Mapping

from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import say
from fauxtune.core.model.states import Source
from fauxtune_report.evidence.examples import departed
from fauxtune_report.evidence.facts import OWN
from fauxtune_report.evidence.pictures.svg import Drawing
from fauxtune_report.evidence.view import View
from fauxtune_report.evidence.words import ENDS

_REMOVED, _REVOKED, _TOP, _ROW = 150, 500, 24, 30
#: From one chip to the next.
_STEP = 60
_MOST_DEVICES, _MOST_CHIPS, _MOST_REVOKED = 8, 5, 3


def draw(view: View, catalogue: Catalogue) -> Drawing | None:
    """Draw it; None if no device left."""
    examples = departed(view.facts)[:_MOST_DEVICES]
    if not examples:
        return None
    drawing = Drawing(
        catalogue.render(say("What was removed from devices that left, and what was revoked")), view.facts.marks
    )
    drawing.text(_REMOVED, 14, words=catalogue.render(say("removed from the device")), css="soft")
    drawing.text(_REVOKED, 14, words=catalogue.render(say("revoked: on the CRL")), css="soft", most=170)
    for row, example in enumerate(examples):
        device, y = example.device, _TOP + _ROW * row
        assert device.left is not None
        drawing.text(0, y + 9, words=device.name, most=_REMOVED - 8)
        drawing.text(0, y + 22, words=catalogue.render(ENDS[device.left.how]), css="soft small", most=_REMOVED - 8)
        gone = [holding for holding in view.facts.held_by(device, *OWN, Source.IMPORTED) if holding.until is not None]
        sources = {holding.thumbprint: holding.source for holding in gone}
        _row(drawing, _REMOVED, y=y + 2, chips=sources, gone=True, most=_MOST_CHIPS)
        revoked = {each: sources.get(each, Source.PKCS) for each in example.revoked}
        _row(drawing, _REVOKED, y=y + 2, chips=revoked, gone=False, most=_MOST_REVOKED)
        drawing.line(0, y + _ROW - 2, x2=720, y2=y + _ROW - 2, css="tick")
    return drawing


def _row(drawing: Drawing, x: float, *, y: float, chips: Mapping[str, Source], gone: bool, most: int) -> None:
    """Draw certificates beside one another; of more than there is room for, how many."""
    for number, (thumbprint, source) in enumerate(list(chips.items())[:most]):
        drawing.chip(x + number * _STEP, y, thumbprint=thumbprint, source=source, width=_STEP - 3, gone=gone)
    if len(chips) > most:
        drawing.text(x + most * _STEP, y + 14, words=f"+{len(chips) - most}", css="soft")
