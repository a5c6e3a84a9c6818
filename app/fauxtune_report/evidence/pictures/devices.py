"""Pictures of devices: a line for each from its enrolment to its end, and what was removed and revoked at the end."""

from __future__ import annotations

from collections.abc import Mapping

from fauxtune.core.language.catalogue import Catalogue, say
from fauxtune.core.model.states import Source
from fauxtune_report.evidence.chapters.story import MOST_STEPS, Step, steps
from fauxtune_report.evidence.facts import OWN, Device
from fauxtune_report.evidence.pictures.svg import WIDTH, Drawing
from fauxtune_report.evidence.view import ENDS, View, departed

_LEFT, _TOP, _ROW = 180, 34, 24
#: Kinds of steps -> the sign on a device's line.
_SIGNS = {"trusted": "▲", "own": "●", "delivered": "◆", "renewed": "↻"}
_MOST_DEVICES = 30


def lanes(view: View, catalogue: Catalogue) -> Drawing | None:
    """Draw it; None without a device."""
    every, devices = steps(view.facts)[:MOST_STEPS], view.facts.devices[:_MOST_DEVICES]
    if not every or not devices:
        return None
    drawing = Drawing(catalogue.render(say("The life of each device, step by step")), view.facts.marks)
    width = (WIDTH - _LEFT - 90) / len(every)
    drawing.text(0, 14, words=catalogue.render(say("Step")), css="soft")
    for number in range(len(every)):
        if len(every) <= 30 or number % 5 == 0:
            drawing.text(_LEFT + width * (number + 0.5), 14, words=str(number + 1), anchor="middle", css="soft")
        drawing.line(
            _LEFT + width * (number + 0.5),
            20,
            x2=_LEFT + width * (number + 0.5),
            y2=_TOP + _ROW * len(devices),
            css="tick",
        )
    for row, device in enumerate(devices):
        _lane(drawing, device, every=every, y=_TOP + _ROW * row + 8, width=width, catalogue=catalogue)
    signs = say("▲ trusted certificates, ● certificates of its own, ◆ imported certificates, ↻ renewed")
    drawing.text(0, _TOP + _ROW * len(devices) + 22, words=catalogue.render(signs), css="soft")
    return drawing


def _lane(drawing: Drawing, device: Device, *, every: list[Step], y: float, width: float, catalogue: Catalogue) -> None:
    def place(number: int) -> float:
        return _LEFT + width * (number + 0.5)

    drawing.text(0, y + 4, words=device.name, most=_LEFT - 10)
    here = [number for number, step in enumerate(every) if device.id in step.devices]
    if not here:
        return
    end = WIDTH - 90 if device.left is None else place(here[-1])
    drawing.line(place(here[0]), y, x2=end, y2=y, css="life")
    for number in here:
        sign = _SIGNS.get(every[number].kind)
        if sign is not None:
            drawing.text(place(number), y + 5, words=sign, anchor="middle", css="sign")
    if device.left is not None:
        drawing.text(end, y + 5, words="✕", anchor="middle", css="bad")
        drawing.text(end + 9, y + 4, words=catalogue.render(ENDS[device.left.how]), css="bad", most=WIDTH - end - 9)


_REMOVED, _REVOKED, _TOP_OF_ENDS, _ROW_OF_ENDS = 150, 500, 24, 30
#: From one chip to the next.
_STEP_OF_ENDS = 60
_MOST_ENDS, _MOST_CHIPS, _MOST_REVOKED = 8, 5, 3


def ends(view: View, catalogue: Catalogue) -> Drawing | None:
    """Draw it; None if no device left."""
    examples = departed(view.facts)[:_MOST_ENDS]
    if not examples:
        return None
    drawing = Drawing(
        catalogue.render(say("What was removed from devices that left, and what was revoked")), view.facts.marks
    )
    drawing.text(_REMOVED, 14, words=catalogue.render(say("removed from the device")), css="soft")
    drawing.text(_REVOKED, 14, words=catalogue.render(say("revoked: on the CRL")), css="soft", most=170)
    for row, example in enumerate(examples):
        device, y = example.device, _TOP_OF_ENDS + _ROW_OF_ENDS * row
        assert device.left is not None
        drawing.text(0, y + 9, words=device.name, most=_REMOVED - 8)
        drawing.text(0, y + 22, words=catalogue.render(ENDS[device.left.how]), css="soft small", most=_REMOVED - 8)
        gone = [holding for holding in view.facts.held_by(device, *OWN, Source.IMPORTED) if holding.until is not None]
        sources = {holding.thumbprint: holding.source for holding in gone}
        _row(drawing, _REMOVED, y=y + 2, chips=sources, gone=True, most=_MOST_CHIPS)
        revoked = {each: sources.get(each, Source.PKCS) for each in example.revoked}
        _row(drawing, _REVOKED, y=y + 2, chips=revoked, gone=False, most=_MOST_REVOKED)
        drawing.line(0, y + _ROW_OF_ENDS - 2, x2=720, y2=y + _ROW_OF_ENDS - 2, css="tick")
    return drawing


def _row(drawing: Drawing, x: float, *, y: float, chips: Mapping[str, Source], gone: bool, most: int) -> None:
    """Draw certificates beside one another; of more than there is room for, how many."""
    for number, (thumbprint, source) in enumerate(list(chips.items())[:most]):
        drawing.chip(
            x + number * _STEP_OF_ENDS, y, thumbprint=thumbprint, source=source, width=_STEP_OF_ENDS - 3, gone=gone
        )
    if len(chips) > most:
        drawing.text(x + most * _STEP_OF_ENDS, y + 14, words=f"+{len(chips) - most}", css="soft")
