"""SVG, written: rectangles, lines and texts in units of a picture that is 720 wide.

Colours are the variables of the console's style sheet, so that a picture is light or dark as its page is. Equal
certificates have equal marks, so nothing depends only on colours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from fauxtune.core.model.certificates import SYMBOLS, Marks
from fauxtune.core.model.states import Source

WIDTH = 720
#: The width of a chip, and its height.
CHIP, HIGH = 66, 20
_ROUND = {Source.PKCS: 10, Source.SCEP: 2, Source.IMPORTED: 5, Source.ROOT: 0}
#: Units that a letter takes, on average.
_LETTER = 6.6


@dataclass(slots=True)
class Drawing:
    """A picture in the making. `title`: what it shows, for those who do not see it; `marks`: of its certificates."""

    title: str
    marks: Marks = field(default_factory=Marks)
    height: float = 0
    _parts: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, *, words: str, anchor: str = "start", css: str = "", most: float = WIDTH
    ) -> None:
        """Write a text, cut where it would be longer than `most`."""
        room = int(most / _LETTER)
        words = words if len(words) <= room else f"{words[: max(room - 1, 1)]}…"
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{_class(css)}>{escape(_printable(words))}</text>'
        )
        self._reach(y + 6)

    def line(self, x1: float, y1: float, *, x2: float, y2: float, css: str = "") -> None:
        """Draw a line."""
        self._parts.append(f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"{_class(css)}/>')
        self._reach(max(y1, y2) + 2)

    def box(self, x: float, y: float, *, width: float, height: float, css: str = "", radius: float = 4) -> None:
        """Draw a rectangle."""
        place = f'x="{x:g}" y="{y:g}" width="{max(width, 1):g}" height="{height:g}" rx="{radius:g}"'
        self._parts.append(f"<rect {place}{_class(css)}/>")
        self._reach(y + height + 2)

    def chip(
        self, x: float, y: float, *, thumbprint: str, source: Source | None, width: float = CHIP, gone: bool = False
    ) -> None:
        """Draw a certificate: its mark in its colour, and the symbol of its source."""
        name = self.marks.of(thumbprint)
        kind = source or Source.IMPORTED
        css = f"chip {kind} h{name.hue}" + (" gone" if gone else "")
        self._parts.append(f'<g class="{css}">')
        self.box(x, y, width=width, height=HIGH, radius=_ROUND[kind])
        self.text(x + 7, y + 14, words=f"{SYMBOLS[kind]} {name.letters}", css="mark")
        self._parts.append("</g>")

    def svg(self, style: str = "") -> str:
        """Return the picture as an element. `style`: rules of its own, for a picture that stands in no page."""
        size = f'viewBox="0 0 {WIDTH} {self.height:g}"'
        rules = f"<style>{style}</style>" if style else ""
        name = f"<title>{escape(_printable(self.title))}</title>"
        about = f'role="img" aria-label={quoteattr(_printable(self.title))} class="picture"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {about}>{rules}{name}{"".join(self._parts)}</svg>'

    def _reach(self, y: float) -> None:
        self.height = max(self.height, y)


def _class(css: str) -> str:
    return f' class="{css}"' if css else ""


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
