"""Writes the files of a classroom: the hand-out when it is opened, transcripts and a summary before it is closed.

The pages ask nobody for anything: styles and QR codes are in them. Every value is escaped. The hand-out has passwords:
only their owner can read its files.
"""

from __future__ import annotations

import csv
import functools
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from fauxtune import __version__
from fauxtune.core.language.catalogue import Language, catalogue
from fauxtune.surfaces import html

_FOLDER = Path(__file__).parent / "templates"
#: Cards on a sheet of A4.
_ON_A_SHEET = 8
_NAMES = ("seat", "password", "address", "trust")

Json = Mapping[str, Any]


class NotWritten(Exception):
    """The files cannot be written there, for this reason."""


def write_handout(classroom: Json, folder: Path, *, language: Language = Language.ENGLISH) -> list[Path]:
    """Write seats.csv and cards.html of a classroom, as the control surface answered when it was opened, the cards in a
    language. Return their paths. Raises NotWritten.
    """
    seats = classroom["seats"]
    rows = [(seat["name"], seat["password"], classroom["address"], classroom["trust"]) for seat in seats]
    page = _page(
        "cards.html",
        language=language,
        classroom=classroom,
        sheets=[seats[at : at + _ON_A_SHEET] for at in range(0, len(seats), _ON_A_SHEET)],
        code=qr_code(classroom["address"]),
        origin=classroom["address"].partition("/console")[0],
    )
    return _write(folder, {"seats.csv": _csv(_NAMES, rows), "cards.html": page})


def write_transcripts(classroom: Json, transcripts: Sequence[Json], *, folder: Path) -> list[Path]:
    """Write summary.csv, and a page for each seat. `transcripts`: as the control surface answers, each with the
    `certificates` of the seat. Return their paths. Raises NotWritten.
    """
    labs = {lab["name"]: lab for lab in classroom["labs"]}
    files = {"summary.csv": _summary(labs, transcripts)}
    for transcript in transcripts:
        page = _page("transcript.html", classroom=classroom, labs=labs, seat=transcript["seat"], transcript=transcript)
        files[f"{transcript['seat']['name']}.html"] = page
    return _write(folder, files)


def qr_code(text: str) -> Markup:
    """Return a QR code (ISO/IEC 18004) as SVG, black on nothing."""
    import segno  # here: no other page needs it

    drawing = segno.make(text, error="m", micro=False).svg_inline(
        border=0, omitsize=True, svgclass="qr", lineclass=None
    )
    return Markup(drawing)  # noqa: S704 - only numbers


def _summary(labs: Json, transcripts: Sequence[Json]) -> str:
    names = ("seat", "lab", "started", "firstQuestion", "stepsPassed", "steps", "lastQuestion", "hints", "done")
    rows = [
        (
            transcript["seat"]["name"],
            lab["name"],
            _yes(lab["started"]),
            _right(lab["predicted"]),
            len(lab["passed"]),
            labs[lab["name"]]["steps"],
            _right(lab["answered"]),
            lab["hints"],
            _yes(lab["done"]),
        )
        for transcript in transcripts
        for lab in transcript["seat"]["labs"]
    ]
    return _csv(names, rows)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _right(value: bool | None) -> str:
    return "" if value is None else "right" if value else "wrong"


def _csv(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows])
    return text.getvalue()


def _page(template: str, /, *, language: Language = Language.ENGLISH, **values: Any) -> str:
    text = _environment(language).get_template(template)
    return text.render(version=__version__, language=language.value, **values)


@functools.cache
def _environment(language: Language) -> Environment:
    environment = html.environment(FileSystemLoader(_FOLDER), words=catalogue(language, "commands"))
    own = (_FOLDER / "classroom.css").read_text(encoding="utf-8")
    environment.globals["style"] = Markup(html.colours() + own)  # noqa: S704 - our own style sheets
    environment.filters["right"] = _right
    return environment


def _write(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write files that only their owner can read: they have passwords, or names and answers of students."""
    written = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in files.items():
            path = folder / name
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                path.chmod(0o600)  # a file that is there keeps its mode otherwise
                file.write(text.encode())
            written.append(path)
    except OSError as error:
        raise NotWritten(f"{error.filename or folder} cannot be written: {error.strerror}.") from None
    return written
