"""The page of a report: the chapters of `evidence` as HTML, complete in one file, for a screen and for paper.

Every value is escaped. The page asks nobody for anything: its styles and pictures are in it, and its policy forbids the
rest.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from fauxtune import __version__
from fauxtune.core.language.catalogue import Catalogue
from fauxtune.core.language.message import Message
from fauxtune.core.mail.readability import Reading
from fauxtune.core.mail.reading_words import READING_WORDS
from fauxtune.core.model.marks import SYMBOLS, Marks
from fauxtune.core.model.states import Source
from fauxtune.surfaces import html
from fauxtune_report.evidence.claim import Chapter, Chip, Chips, Claim, Marked, Named, Part, Question, Stamp, claims_of
from fauxtune_report.evidence.pictures import PICTURES
from fauxtune_report.evidence.view import View
from fauxtune_report.evidence.words import READINGS, SOURCES

_FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a page says about its files: the folder beside it, and how the script in it is started."""

    folder: str
    script: str


def page(view: View, chapters: Sequence[Chapter], *, catalogue: Catalogue, addresses: Addresses) -> str:
    """Return the page."""
    environment = _environment(catalogue)
    environment.filters["chip"] = functools.partial(_chip, marks=view.facts.marks)
    numbers = {id(claim): number for number, claim in claims_of(chapters)}
    template = environment.get_template("report.html")
    return template.render(
        tenant=str(Named(view.facts.tenant)),
        edition=view.facts.edition,
        chapters=[(number, chapter) for number, chapter in enumerate(chapters, start=1)],
        addresses=addresses,
        language=catalogue.language.value,
        number_of=lambda claim: numbers[id(claim)],
        kind_of=_kind,
        used=lambda part: {code for row in part.rows for code in row.codes},
        say=functools.partial(_say, catalogue, marks=view.facts.marks),
        picture=lambda name: _picture(view, name, catalogue=catalogue),
        readings={code.value: (READING_WORDS[code].symbol, READINGS[code], code.can_read) for code in Reading},
        sources=[(SYMBOLS[source], SOURCES[source], source) for source in SOURCES],
        now=f"{view.facts.now.astimezone(UTC):%Y-%m-%d %H:%M}",
        version=__version__,
        count=len(numbers),
    )


def _environment(catalogue: Catalogue) -> Environment:
    environment = html.environment(FileSystemLoader(_FOLDER), words=catalogue)
    environment.globals["style"] = Markup(_styles("report.css", "picture.css"))  # noqa: S704
    return environment


def _styles(*names: str) -> str:
    """The colours of the console, and these style sheets of ours."""
    return html.colours() + "".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


def picture_file(view: View, name: str, *, catalogue: Catalogue) -> str | None:
    """Return a picture as a file of its own, light or dark as its reader's system; None if there is nothing to draw."""
    drawing = PICTURES[name](view, catalogue)
    return None if drawing is None else drawing.svg(_styles("picture.css")) + "\n"


def _say(catalogue: Catalogue, value: Any, *, marks: Marks) -> Markup:
    """A message, or the value of a cell, as HTML."""
    if isinstance(value, Message):
        return Markup(catalogue.render(value, show=functools.partial(_show, marks=marks), wrap=_escaped))  # noqa: S704 - what is put in is escaped
    return _show(value, marks=marks)


def _escaped(text: str) -> Markup:
    # As markup a sentence escapes the values that are put in; its percent signs stay.
    return Markup(escape(text))  # noqa: S704


def _show(value: Any, *, marks: Marks) -> Markup:
    match value:
        case Marked(thumbprint=thumbprint, source=source):
            return _chip(Chip(thumbprint, source or Source.IMPORTED), marks=marks)
        case Named():
            return Markup("<bdi>{}</bdi>").format(str(value))
        case Stamp():
            return Markup('<time class="time">{}</time>').format(str(value))
        case Chips(chips=chips, more=more):
            rest = [Markup("+{}").format(more)] if more else []
            return Markup(" ").join([*(_chip(each, marks=marks) for each in chips), *rest]) or Markup("–")
    return escape(str(value))


def _chip(chip: Chip, *, marks: Marks) -> Markup:
    name = marks.of(chip.thumbprint)
    css = f"chip {chip.source} h{name.hue}" + (" gone" if chip.is_gone else "")
    sign = ("−" if chip.is_gone else "") + ("R" if chip.is_revoked else "")
    return Markup('<span class="{}"><span class="symbol">{}</span><b>{}</b>{}</span>').format(
        css,
        SYMBOLS.get(chip.source, "◆"),
        name.letters,
        Markup('<span class="sign">{}</span>').format(sign) if sign else "",
    )


def _kind(part: Part) -> str:
    return (
        "question"
        if isinstance(part, Question)
        else "claim"
        if isinstance(part, Claim)
        else type(part).__name__.lower()
    )


def _picture(view: View, name: str, *, catalogue: Catalogue) -> Markup:
    drawing = PICTURES[name](view, catalogue)
    return Markup("" if drawing is None else drawing.svg())  # noqa: S704 - it escapes what it writes
