"""When imported certificates were valid, and when the mail was written that is encrypted for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import say
from fauxtune.core.model.states import Source
from fauxtune_report.evidence.claim import Stamp
from fauxtune_report.evidence.pictures.svg import CHIP, HIGH, WIDTH, Drawing
from fauxtune_report.evidence.view import View

_LEFT, _TOP, _ROW, _RIGHT = 4, 34, 40, 4
_MOST = 12


def draw(view: View, catalogue: Catalogue) -> Drawing | None:
    """Draw it; None without an imported certificate that can encrypt."""
    chosen = [
        certificate
        for certificate in view.facts.certificates.values()
        if certificate.source is Source.IMPORTED and certificate.encrypts
    ]
    chosen = sorted(chosen, key=lambda each: each.certificate.not_valid_before_utc)[:_MOST]
    if not chosen:
        return None
    now = view.facts.now
    begin = min([now, *(each.certificate.not_valid_before_utc for each in chosen)])
    end = max([now, *(each.certificate.not_valid_after_utc for each in chosen)])
    span = max(end - begin, timedelta(days=1))

    def place(time: datetime) -> float:
        share = min(max((time - begin) / span, 0), 1)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    drawing = Drawing(
        catalogue.render(say("When certificates were valid, and the mail that was written for them")), view.facts.marks
    )
    bottom = _TOP + _ROW * len(chosen)
    for year in range(begin.year + 1, end.year + 1):
        x = place(begin.replace(year=year, month=1, day=1))
        drawing.line(x, 20, x2=x, y2=bottom, css="tick")
        if abs(x - place(now)) > 40:
            drawing.text(x, 14, words=str(year), anchor="middle", css="soft")
    for row, each in enumerate(chosen):
        y = _TOP + _ROW * row
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
