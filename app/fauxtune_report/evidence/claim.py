"""Claims with their proofs, and what a chapter consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.language.catalogue import Message
from fauxtune.core.model.certificates import name_of
from fauxtune.core.model.states import Source


@dataclass(frozen=True, slots=True)
class Named:
    """A name that somebody gave, such as a device's."""

    text: str

    def __str__(self) -> str:
        return "".join(character if character.isprintable() else " " for character in self.text[:80])


@dataclass(frozen=True, slots=True)
class Marked:
    """A certificate by its mark. `source` decides the shape of the mark; None: another certificate's."""

    thumbprint: str
    letters: str
    source: Source | None = None

    def __str__(self) -> str:
        return name_of(self.letters, self.thumbprint)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment, to the minute, or a day."""

    time: datetime
    day: bool = False

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d}" if self.day else f"{self.time:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Proof:
    """A line for a shell, below the folder of the files. It proves a claim if it ends with this exit code and, unless
    `output` is empty, prints this line among others.
    """

    line: str
    code: int = 0
    output: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, and the line that proves it."""

    sentence: Message
    proof: Proof


@dataclass(frozen=True, slots=True)
class Question:
    """A question that a reader asks, with claims that answer it together."""

    question: Message
    answers: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """A certificate in a table. `sign`: what became of it, such as `-` for removed."""

    thumbprint: str
    source: Source
    is_gone: bool = False
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Chips:
    """Certificates in a cell; `more`: how many others, older ones, are not named."""

    chips: tuple[Chip, ...]
    more: int = 0


Value = str | Message | Named | Stamp | Marked | Chips


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. `group`: what stands above it if it is not that of the row before."""

    cells: tuple[Value, ...]
    group: Message | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table; with `legend` the meaning of the marks stands below it."""

    headings: tuple[Message, ...]
    rows: tuple[Row, ...]
    legend: bool = False


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A mail in the matrix: what it is encrypted for, and a code for each device."""

    uid: int
    subject: Named
    recipients: Chips
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """Mail against the devices of one person at one moment."""

    title: Message
    devices: tuple[Named, ...]
    rows: tuple[ReadingRow, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, as a name of `pictures` and its text for people who do not see it."""

    name: str
    words: Message


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph about the state of this report, such as what it lacks."""

    text: Message


Part = Message | Claim | Question | Table | Readings | Picture | Note


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: a word for its address, a title, and its parts in order."""

    id: str
    title: Message
    parts: tuple[Part, ...]


def claims_of(chapters: Sequence[Chapter]) -> list[tuple[str, Claim]]:
    """Return all claims with their numbers: chapter, and place in the chapter."""
    numbered = []
    for number, chapter in enumerate(chapters, start=1):
        inside = [claim for part in chapter.parts for claim in _claims(part)]
        numbered += [(f"{number}.{place}", claim) for place, claim in enumerate(inside, start=1)]
    return numbered


def _claims(part: Part) -> tuple[Claim, ...]:
    match part:
        case Claim():
            return (part,)
        case Question(answers=answers):
            return answers
    return ()
