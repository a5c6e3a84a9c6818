"""What a person reads of a message: parts with a title, facts, a text, and further parts inside.

Decides how much of it there may be: everything is cut to a bound, because the message came from outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Language = Literal["json", "xml", "text", "hex"]
Direction = Literal["request", "response"]
Fact = tuple[str, str]

#: Bytes of a body that is decoded.
LARGEST_BODY = 64 * 1024
#: Characters of all parts together; the longest title, name and value of a fact.
LARGEST_OUTPUT = 256 * 1024
_LONGEST_TITLE, _LONGEST_NAME, _LONGEST_VALUE = 200, 200, 500
#: Levels of parts; parts and facts inside one part.
DEEPEST = 5
_MOST_PARTS, _MOST_FACTS = 200, 300
#: What a terminal or a browser would act on, or what would turn the text around it (Unicode Bidirectional Algorithm).
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Part:
    """One readable part of a message. `facts` are short lines, `text` is the whole, with line ends and indentation;
    secrets are in neither.
    """

    title: str
    language: Language = "text"
    text: str = ""
    facts: tuple[Fact, ...] = ()
    parts: tuple[Part, ...] = ()


def shortened(text: str, longest: int) -> str:
    """Return the text, cut to this length with a mark where it is longer."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def counted(number: int, noun: str) -> str:
    """Write a number and its noun: "1 byte", "2,048 bytes"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def bounded(parts: Iterable[Part], *, cleaned: Callable[[str], str], masked: Callable[[str], str]) -> list[Part]:
    """Return the parts within the bounds above, without characters that a terminal acts on. `cleaned` is applied to
    each text, `masked` before it to each value of a fact.
    """
    return _Bounds(cleaned, masked).parts(parts, depth=1)


class _Bounds:
    """Counts the characters that are left."""

    def __init__(self, cleaned: Callable[[str], str], masked: Callable[[str], str]) -> None:
        self._cleaned = cleaned
        self._masked = masked
        self._left = LARGEST_OUTPUT

    def parts(self, parts: Iterable[Part], *, depth: int) -> list[Part]:
        kept: list[Part] = []
        for number, part in enumerate(parts):
            if depth > DEEPEST or self._left <= 0:
                break
            if number == _MOST_PARTS:
                kept.append(Part(f"More than {_MOST_PARTS} parts: the rest is not shown"))
                break
            kept.append(self._part(part, depth=depth))
        return kept

    def _part(self, part: Part, *, depth: int) -> Part:
        title = self._text(part.title, _LONGEST_TITLE)
        facts = [
            (self._text(name, _LONGEST_NAME), self._text(self._masked(value), _LONGEST_VALUE))
            for name, value in part.facts[:_MOST_FACTS]
            if self._left > 0
        ]
        if len(facts) < len(part.facts):
            facts.append(("Not shown", counted(len(part.facts) - len(facts), "further line")))
        text = self._text(part.text, LARGEST_OUTPUT)
        inner = self.parts(part.parts, depth=depth + 1)
        return Part(title, part.language, text, tuple(facts), tuple(inner))

    def _text(self, text: str, longest: int) -> str:
        clean = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", self._cleaned(text))
        kept = shortened(clean, max(1, min(longest, self._left)))
        self._left -= len(kept)
        return kept
