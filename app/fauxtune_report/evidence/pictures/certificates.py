"""Pictures of certificates: where their keys are made, who signed them, and the years in which they are valid."""

from __future__ import annotations

from datetime import datetime, timedelta

from fauxtune.core.language.catalogue import Catalogue, Message, say
from fauxtune.core.model.states import Source
from fauxtune.core.pki.names import thumbprint
from fauxtune_report.evidence.claim import Stamp
from fauxtune_report.evidence.facts import Certificate, Device
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


def origins(view: View, catalogue: Catalogue) -> Drawing | None:
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


_ROW_OF_CHAIN, _LEAVES = 64, 8


def chain(view: View, catalogue: Catalogue) -> Drawing | None:
    """Draw it; None without an authority that issued something."""
    root = next((each for each in view.facts.authorities if each.is_root), None)
    issuing = next((each for each in view.facts.authorities if not each.is_root), None)
    leaves = [
        certificate
        for certificate in view.facts.certificates.values()
        if issuing is not None and certificate.authority == issuing.name
    ]
    if root is None or issuing is None or not leaves:
        return None
    drawing = Drawing(
        catalogue.render(say("From the root over the intermediate certificate to those of people")), view.facts.marks
    )
    centre = WIDTH / 2
    words = (
        catalogue.render(say("the root, which a profile makes trusted")),
        catalogue.render(say("the intermediate: signed by the root")),
        catalogue.render(say("signed by the intermediate")),
    )
    for number, authority in enumerate((root, issuing)):
        y = number * _ROW_OF_CHAIN + 4
        drawing.box(centre - 40, y, width=80, height=30, css="card")
        drawing.chip(centre - 33, y + 5, thumbprint=thumbprint(authority.certificate), source=Source.ROOT)
        drawing.text(centre + 50, y + 19, words=words[number], css="soft", most=WIDTH / 2 - 50)
        if number:
            drawing.line(centre, y - _ROW_OF_CHAIN + 30, x2=centre, y2=y, css="life")
    _leaves(drawing, _chosen(leaves), y=2 * _ROW_OF_CHAIN + 4, words=words[2])
    return drawing


def _chosen(leaves: list[Certificate]) -> list[Certificate]:
    """Certificates of different sources, so that the picture has each kind."""
    ordered = sorted(leaves, key=lambda leaf: (leaf.source or "", leaf.thumbprint))
    step = max(len(ordered) // _LEAVES, 1)
    return ordered[::step][:_LEAVES]


def _leaves(drawing: Drawing, leaves: list[Certificate], *, y: float, words: str) -> None:
    width = WIDTH / len(leaves)
    for number, leaf in enumerate(leaves):
        x = width * (number + 0.5)
        drawing.line(WIDTH / 2, y - _ROW_OF_CHAIN + 30, x2=x, y2=y, css="life")
        drawing.chip(x - 33, y, thumbprint=leaf.thumbprint, source=leaf.source)
    drawing.text(WIDTH / 2, y + HIGH + 18, words=words, anchor="middle", css="soft")


_LEFT, _TOP, _ROW_OF_YEARS, _RIGHT_OF_YEARS = 4, 34, 40, 4
_MOST_YEARS = 12


def years(view: View, catalogue: Catalogue) -> Drawing | None:
    """Draw it; None without an imported certificate that can encrypt."""
    chosen = [
        certificate
        for certificate in view.facts.certificates.values()
        if certificate.source is Source.IMPORTED and certificate.encrypts
    ]
    chosen = sorted(chosen, key=lambda each: each.certificate.not_valid_before_utc)[:_MOST_YEARS]
    if not chosen:
        return None
    now = view.facts.now
    begin = min([now, *(each.certificate.not_valid_before_utc for each in chosen)])
    end = max([now, *(each.certificate.not_valid_after_utc for each in chosen)])
    span = max(end - begin, timedelta(days=1))

    def place(time: datetime) -> float:
        share = min(max((time - begin) / span, 0), 1)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT_OF_YEARS)

    drawing = Drawing(
        catalogue.render(say("When certificates were valid, and the mail that was written for them")), view.facts.marks
    )
    bottom = _TOP + _ROW_OF_YEARS * len(chosen)
    for year in range(begin.year + 1, end.year + 1):
        x = place(begin.replace(year=year, month=1, day=1))
        drawing.line(x, 20, x2=x, y2=bottom, css="tick")
        if abs(x - place(now)) > 40:
            drawing.text(x, 14, words=str(year), anchor="middle", css="soft")
    for row, each in enumerate(chosen):
        y = _TOP + _ROW_OF_YEARS * row
        left, right = place(each.certificate.not_valid_before_utc), place(each.certificate.not_valid_after_utc)
        drawing.chip(left, y, thumbprint=each.thumbprint, source=each.source, width=max(right - left, CHIP))
        for mail in [mail for mail in view.facts.mails if each.thumbprint in mail.recipients][:8]:
            drawing.text(place(mail.date), y + HIGH + 12, words="✉", anchor="middle", css="sign")
    drawing.line(place(now), 18, x2=place(now), y2=bottom, css="now")
    words = catalogue.render(say("now, %(day)s", day=Stamp(now, day=True)))
    drawing.text(min(max(place(now), 60), WIDTH - 60), 14, words=words, anchor="middle", css="now")
    drawing.text(
        0,
        bottom + 14,
        words=catalogue.render(say("✉ a mail that is encrypted for the certificate above it")),
        css="soft",
    )
    return drawing
