"""Writes a report: the page, and the folder beside it with certificates, CRLs, mail, keys, and the proofs' script.

Everything is written into a new folder first, which then takes the place of an older report's. A folder that is not a
report's is left alone. The page has the chapters of `evidence` as HTML, complete in one file, for a screen and for
paper. Every value in it is escaped. It asks nobody for anything: its styles and pictures are in it, and its policy
forbids the rest.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from fauxtune import __version__
from fauxtune.core.language.catalogue import Catalogue, Language, Message, catalogue
from fauxtune.core.mail.readability import READING_WORDS, Reading
from fauxtune.core.model.certificates import SYMBOLS, Marks
from fauxtune.core.model.states import Source
from fauxtune.surfaces import html
from fauxtune_report.evidence.chapters import chapters
from fauxtune_report.evidence.claim import Chapter, Chip, Chips, Claim, Marked, Named, Part, Question, Stamp, claims_of
from fauxtune_report.evidence.facts import Facts
from fauxtune_report.evidence.layout import CRLS, INTERMEDIATES, JOURNAL, ROOTS, SCRIPT, Layout, script
from fauxtune_report.evidence.pictures import PICTURES
from fauxtune_report.evidence.view import READINGS, SOURCES, View

#: The catalogue of the report's messages.
DOMAIN = "report"
#: Bytes of the largest page; the bounds of what is read keep it below.
LARGEST_PAGE = 1_000_000


class NotWritten(Exception):
    """The report cannot be written there, for this reason."""


@dataclass(frozen=True, slots=True)
class Written:
    """A report: its page, the folder of its files, and its claims with their numbers."""

    page: Path
    folder: Path
    claims: tuple[tuple[str, Claim], ...]


def write(facts: Facts, file: Path, *, language: Language) -> Written:
    """Write a report. `file`: its page; its files get a folder beside it. Raises NotWritten."""
    view, words = View.of(facts), catalogue(language, DOMAIN)
    parts = chapters(view)
    claims = tuple(claims_of(parts))
    folder = file.with_name(f"{file.stem}-files")
    addresses = Addresses(folder.name, f"sh {folder.name}/{SCRIPT}")
    text = page(view, parts, catalogue=words, addresses=addresses)
    if len(text.encode()) > LARGEST_PAGE:
        raise NotWritten(f"The page would have more than {LARGEST_PAGE:,} bytes: name fewer people with --user.")
    contents = _contents(facts, view.layout) | {SCRIPT: script(claims, words).encode()}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _replace(folder, contents)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotWritten(f"{error.filename or file} cannot be written: {error.strerror}.") from None
    return Written(file, folder, claims)


def write_lab(lab: Mapping[str, Any], file: Path, *, language: Language) -> None:
    """Write a page on what was done in a lab, as the control surface answers it. Raises NotWritten."""
    template = _environment(catalogue(language, DOMAIN)).get_template("lab.html")
    text = template.render(lab=lab, language=language.value, version=__version__)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotWritten(f"{error.filename or file} cannot be written: {error.strerror}.") from None


def _contents(facts: Facts, layout: Layout) -> dict[str, bytes]:
    """The files of the folder, by their paths in it."""
    contents = {
        ROOTS: _pem(each.certificate for each in facts.authorities if each.is_root),
        INTERMEDIATES: _pem(each.certificate for each in facts.authorities if not each.is_root),
        CRLS: b"".join(
            x509.load_der_x509_crl(each.crl).public_bytes(Encoding.PEM) for each in facts.authorities if each.crl
        ),
        JOURNAL: b"".join(_line(event) for event in facts.events),
    }
    for authority in facts.authorities:
        contents[layout.authority(authority.name)] = _pem([authority.certificate])
        if authority.ocsp is not None:
            contents[layout.ocsp(authority.name)] = authority.ocsp
    for certificate in facts.certificates.values():
        name = layout.certificate(certificate.thumbprint)
        assert name is not None
        contents[name] = _pem([certificate.certificate])
    for mail in facts.mails:
        name = layout.mail(mail)
        if name is not None and mail.raw is not None:
            contents[name] = mail.raw
    for (device, thumbprint), key in facts.keys.items():
        name = layout.key(facts.device(device), thumbprint)
        assert name is not None
        contents[name] = key
    return contents


def _pem(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def _line(event: object) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _replace(folder: Path, contents: dict[str, bytes]) -> None:
    """Write the folder, in place of an older report's. Raises NotWritten for another folder of that name."""
    if folder.exists() and not (folder / SCRIPT).is_file():
        raise NotWritten(f"{folder} exists and is not the folder of a report: choose another name, or remove it.")
    with tempfile.TemporaryDirectory(prefix=".report-", dir=folder.parent) as temporary:
        new = Path(temporary) / "new"
        for name, content in contents.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o600 if name.startswith("key/") else 0o755 if name == SCRIPT else 0o644
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(content)
        if folder.exists():
            shutil.move(folder, Path(temporary) / "old")
        new.rename(folder)


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
            return Markup(" ").join([*(_chip(chip, marks=marks) for chip in chips), *rest]) or Markup("–")
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
