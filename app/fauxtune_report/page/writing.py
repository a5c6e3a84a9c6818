"""Writes a report: the page, and the folder beside it with certificates, CRLs, mail, keys, and the proofs' script.

Everything is written into a new folder first, which then takes the place of an older report's. A folder that is not a
report's is left alone.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.language.catalogue import Language, catalogue
from fauxtune_report.evidence.chapters import chapters
from fauxtune_report.evidence.claim import Claim, claims_of
from fauxtune_report.evidence.facts import Facts
from fauxtune_report.evidence.layout import CRLS, INTERMEDIATES, JOURNAL, ROOTS, SCRIPT, Layout
from fauxtune_report.evidence.script import script
from fauxtune_report.evidence.view import View
from fauxtune_report.page.page import Addresses, page

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
    for each in facts.certificates.values():
        name = layout.certificate(each.thumbprint)
        assert name is not None
        contents[name] = _pem([each.certificate])
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
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


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
