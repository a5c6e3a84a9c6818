"""A line for each device, from the step in which it was enrolled to the one in which it left."""

from __future__ import annotations

from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import say
from fauxtune_report.evidence.chapters.story import MOST_STEPS, Step, steps
from fauxtune_report.evidence.facts import Device
from fauxtune_report.evidence.pictures.svg import WIDTH, Drawing
from fauxtune_report.evidence.view import View
from fauxtune_report.evidence.words import ENDS

_LEFT, _TOP, _ROW = 180, 34, 24
#: Kinds of steps -> the sign on a device's line.
_SIGNS = {"trusted": "▲", "own": "●", "delivered": "◆", "renewed": "↻"}
_MOST_DEVICES = 30


def draw(view: View, catalogue: Catalogue) -> Drawing | None:
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
