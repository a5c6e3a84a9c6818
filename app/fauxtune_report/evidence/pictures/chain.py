"""The chain of trust: the root, the authority below it, and certificates that it issued."""

from __future__ import annotations

from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import say
from fauxtune.core.model.states import Source
from fauxtune.core.pki.names import thumbprint
from fauxtune_report.evidence.facts import Certificate
from fauxtune_report.evidence.pictures.svg import HIGH, WIDTH, Drawing
from fauxtune_report.evidence.view import View

_ROW, _LEAVES = 64, 8


def draw(view: View, catalogue: Catalogue) -> Drawing | None:
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
        y = number * _ROW + 4
        drawing.box(centre - 40, y, width=80, height=30, css="card")
        drawing.chip(centre - 33, y + 5, thumbprint=thumbprint(authority.certificate), source=Source.ROOT)
        drawing.text(centre + 50, y + 19, words=words[number], css="soft", most=WIDTH / 2 - 50)
        if number:
            drawing.line(centre, y - _ROW + 30, x2=centre, y2=y, css="life")
    _leaves(drawing, _chosen(leaves), y=2 * _ROW + 4, words=words[2])
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
        drawing.line(WIDTH / 2, y - _ROW + 30, x2=x, y2=y, css="life")
        drawing.chip(x - 33, y, thumbprint=leaf.thumbprint, source=leaf.source)
    drawing.text(WIDTH / 2, y + HIGH + 18, words=words, anchor="middle", css="soft")
