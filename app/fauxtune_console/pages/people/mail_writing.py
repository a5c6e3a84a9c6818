"""Writing a mail to a person, and who can read which of a person's mails."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.administration.emulation import send_text
from fauxtune.core.errors import Invalid
from fauxtune.core.mail.readability import READING_WORDS, Cell, Reading, ReadingWords
from fauxtune.core.mail.writing import Letter
from fauxtune.core.model.mail_accounts import addresses_of
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.operations.insight.readability import MatrixMail, moment_of, readability
from fauxtune.operations.mail import address_book
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune.storage.rows.directory import UserRow
from fauxtune_console.call import TenantCall
from fauxtune_console.pages.people.mail import person, person_name
from fauxtune_console.session import Typed
from fauxtune_console.shown_marks import mark
from fauxtune_console.tasks import task_page

#: People whose addresses the form suggests.
_SUGGESTED = 300
#: data. A field of the request -> the field of the form that is wrong.
_FIELDS = {"to": "to", "address": "to", "subject": "subject", "text": "text"}


async def new(call: TenantCall) -> Response:
    """Show the form."""
    return await _form(call, await person(call), form=Typed({"to": [call.query("to")]}))


async def send(call: TenantCall) -> Response:
    """Send the mail; refused, show the form again with what was typed."""
    form = Typed.of(await call.form())
    user = await person(call)
    try:
        delivery = await call.run(address_book.send, _letter(call, user, form=form), encrypt=form.has("encrypt"))
    except Invalid as error:
        form.wrong(_FIELDS.get(error.target or "", "to"), error.message)
        return await _form(call, user, form=form)
    done = f"Delivered to {', '.join(delivery.accepted)}."
    done += "".join(f" Not to {address}: {reason}." for address, reason in delivery.refused.items())
    return call.back("users", user.id, "mail", done=done)


async def _form(call: TenantCall, user: UserRow, *, form: Typed) -> Response:
    letter = _letter(call, user, form=form)
    request = send_text(
        letter.sender,
        to=letter.to or [f"bob@{call.tenant.domain}"],
        cc=letter.cc,
        subject=letter.subject,
        text=letter.text[:1000],
        encrypt=form.has("encrypt"),
    )
    people, _total = await call.read(overview_queries.people, call.tenant.id, limit=_SUGGESTED)
    return task_page(
        call,
        [request],
        template="mail_write.html",
        error="Nothing was sent. Please mend what is marked below." if form.errors else "",
        title=f"Mail from {person_name(user)}",
        button="Send",
        back=call.url("users", user.id, "mail"),
        form=form,
        sender=letter.sender,
        example=f"bob or bob@{call.tenant.domain}",
        people=[str(row.document["userPrincipalName"]) for row in people],
    )


def _letter(call: TenantCall, user: UserRow, *, form: Typed) -> Letter:
    return Letter(
        sender=addresses_of(user.document)[0],
        to=_addresses(form.text("to"), domain=call.tenant.domain),
        cc=_addresses(form.text("cc"), domain=call.tenant.domain),
        subject=form.text("subject"),
        text=form.text("text"),
    )


def _addresses(text: str, *, domain: str) -> tuple[str, ...]:
    """Return the addresses in a field, between which stand commas, semicolons or blanks. A name without a domain is one
    of the tenant, as in commands.
    """
    parts = (part for part in re.split(r"[,;\s]+", text) if part)
    return tuple(part if "@" in part else f"{part}@{domain}" for part in parts)


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
