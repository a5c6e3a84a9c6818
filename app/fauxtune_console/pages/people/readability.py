"""Who can read which mail of a person: a table of mail and devices, now or at any moment of the tenant's history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.mail.readability import Cell, Reading
from fauxtune.core.mail.reading_words import READING_WORDS, ReadingWords
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.operations.insight.readability import MatrixMail, moment_of, readability
from fauxtune_console.call import TenantCall
from fauxtune_console.pages.people.mail import person, person_name
from fauxtune_console.shown_marks import mark

_SIZE = 50
_LARGEST_UID = 2**31 - 1
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """One cell: whether the device can read the mail, and why. `letters`, `hue`: the mark of the certificate."""

    words: ReadingWords
    css: str
    sentence: str
    letters: str
    hue: int


@dataclass(frozen=True, slots=True)
class Line:
    """One message. `files`: marks of certificates whose keys exist as files."""

    mail: MatrixMail
    answers: tuple[Answer, ...]
    files: tuple[str, ...]

    @property
    def nobody(self) -> bool:
        """Whether no device at all can read it."""
        return not self.mail.others and not any(cell.reading.can_read for cell in self.mail.cells)


async def matrix(call: TenantCall) -> Response:
    """Show a page of the table, by id or userPrincipalName of the person."""
    at, entry = call.query("at").strip()[:_LONGEST], call.number("entry")
    after = min(call.number("after") or 0, _LARGEST_UID)
    moment = moment_of(at if entry is None else str(entry))

    user = await person(call)
    result = await call.run(
        readability,
        user.id,
        marks=await call.marks(),
        moment=moment,
        after=after,
        limit=_SIZE,
    )
    lines = [_line(matrix_mail) for matrix_mail in result.mail]
    page = {"at": at, "entry": entry}
    return call.page(
        "readability.html",
        user=user,
        name=person_name(user),
        matrix=result,
        lines=lines,
        variants=VARIANTS,
        legend=_legend(cell for matrix_mail in result.mail for cell in matrix_mail.cells),
        at=at,
        entry=entry,
        first=call.url("users", user.id, "readability", **page) if after else None,
        next=None
        if result.next_after is None
        else call.url("users", user.id, "readability", after=result.next_after, **page),
        now=call.now,
    )


def _line(row: MatrixMail) -> Line:
    return Line(row, tuple(_answer(cell) for cell in row.cells), tuple(mark(file).letters for file in row.files))


def _answer(cell: Cell) -> Answer:
    sign = None if cell.thumbprint is None else mark(cell.thumbprint)
    css = "has" if cell.reading.can_read else "not"
    letters, hue = ("", 0) if sign is None else (sign.letters, sign.hue)
    return Answer(READING_WORDS[cell.reading], css, cell.sentence, letters, hue)


def _legend(cells: Iterable[Cell]) -> list[ReadingWords]:
    used = {cell.reading for cell in cells}
    return [READING_WORDS[reading] for reading in Reading if reading in used]
