"""Where the key of a certificate is made, and which devices get it: one example of each way."""

from __future__ import annotations

from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import Message, say
from fauxtune.core.model.states import Source
from fauxtune_report.evidence.facts import Device
from fauxtune_report.evidence.pictures.svg import CHIP, HIGH, WIDTH, Drawing
from fauxtune_report.evidence.view import View

_ROW, _MIDDLE, _RIGHT, _GAP = 20, 330, 480, 18
_MOST = 9
#: A source -> who makes the key, and how it comes to the device.
_MAKERS: dict[Source, tuple[Message, Message]] = {
    Source.PKCS: (say("PKCS: the connector makes a key for a device"), say("sent to that device")),
    Source.SCEP: (say("SCEP: the device makes the key itself"), say("stays on that device")),
    Source.IMPORTED: (say("Imported: the key was made before, elsewhere"), say("sent to every device")),
}


def draw(view: View, catalogue: Catalogue) -> Drawing | None:
    """Draw it; None without a certificate on a device."""
    drawing = Drawing(
        catalogue.render(say("Who makes the key of a certificate, and which devices have it")), view.facts.marks
    )
    y = 4.0
    for source, (maker, way) in _MAKERS.items():
        example = _example(view, source)
        if example is not None:
            thumbprint, devices = example
            y = _way(
                drawing,
                y,
                thumbprint=thumbprint,
                source=source,
                devices=devices,
                words=(catalogue.render(maker), catalogue.render(way)),
            )
    return drawing if drawing.height else None


def _example(view: View, source: Source) -> tuple[str, list[Device]] | None:
    """The certificate of this source that most devices got."""
    choices = dict.fromkeys(holding.thumbprint for holding in view.facts.holdings if holding.source is source)
    order = {device.id: number for number, device in enumerate(view.facts.devices)}

    def rank(thumbprint: str) -> tuple[int, int]:
        holders = view.facts.holders(thumbprint)
        return len(holders), -min((order[device.id] for device in holders), default=0)

    best = max(choices, key=rank, default=None)
    return None if best is None else (best, view.facts.holders(best)[:_MOST])


def _way(
    drawing: Drawing, y: float, *, thumbprint: str, source: Source, devices: list[Device], words: tuple[str, str]
) -> float:
    """Draw one way from the maker over the certificate to its devices. Returns where the next one begins."""
    height = max(len(devices) * _ROW, 2 * _ROW)
    centre = y + height / 2
    drawing.box(0, centre - 15, width=_MIDDLE - 20, height=30, css="card")
    drawing.text(8, centre + 4, words=words[0], most=_MIDDLE - 30)
    drawing.line(_MIDDLE - 20, centre, x2=_MIDDLE, y2=centre, css="life")
    drawing.chip(_MIDDLE, centre - HIGH / 2, thumbprint=thumbprint, source=source)
    drawing.text(_MIDDLE + CHIP, centre + 25, words=words[1], anchor="end", css="soft", most=210)
    for number, device in enumerate(devices):
        row = y + (height - len(devices) * _ROW) / 2 + number * _ROW + _ROW / 2
        drawing.line(_MIDDLE + CHIP, centre, x2=_RIGHT - 6, y2=row, css="life")
        drawing.text(_RIGHT, row + 4, words=device.name, most=WIDTH - _RIGHT)
    return y + height + _GAP
