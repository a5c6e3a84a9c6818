"""Importing many PFX files: which ones, with which password and for whom; and what became of each.

The rules for a folder are ours, the cmdlets know none: its *.pfx and *.p12 files in the order of their names, and for
what differs from file to file a manifest, a CSV file (RFC 4180) with the columns file, upn, password and purpose. A
file that cannot be imported does not keep the others from it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.client import pfx
from fauxtune.client.endpoints import ClientError
from fauxtune.client.http import Client, Unreachable
from fauxtune.client.pfx import PfxFile

_COLUMNS = ("file", "upn", "password", "purpose")
_SUFFIXES = {".pfx", ".p12"}


class Result(StrEnum):
    """What became of a file."""

    IMPORTED = "imported"
    UPDATED = "updated"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file, and the record as the service shows it, or the reason why there is none."""

    path: Path
    upn: str | None
    result: Result
    record: dict[str, Any] | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a file of which the manifest does not say it; what is None here, the manifest must say."""

    password: str | None
    upn: str | None
    upn_from_certificate: bool
    provider_name: str
    key_name: str
    purpose: str
    padding: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the manifest; an empty field is None."""

    path: Path
    upn: str | None
    password: str | None
    purpose: str | None


def read_manifest(file: Path, *, purposes: dict[str, str]) -> list[Row]:
    """The rows of a manifest. Its paths begin at its own folder. ClientError when anything in it is wrong.

    `purposes`: what is written, in lower case -> the purpose.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ClientError(f"The manifest {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ClientError(f"The manifest {file} is not UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        columns = [str(each).strip().lower() for each in reader.fieldnames or ()]
        if "file" not in columns or not set(columns) <= set(_COLUMNS) or len(set(columns)) != len(columns):
            raise ClientError(
                f"The first line of the manifest {file} must name its columns: file, and of upn, password and purpose "
                "those that are needed, each once, with commas between them."
            )
        reader.fieldnames = columns
        return [_row(each, file=file, line=reader.line_num, purposes=purposes) for each in reader]
    except csv.Error as error:
        raise ClientError(f"The manifest {file}, line {reader.line_num}, is no CSV: {error}.") from None


def _row(fields: dict[str, Any], *, file: Path, line: int, purposes: dict[str, str]) -> Row:
    where = f"The manifest {file}, line {line}"
    if "" in fields:
        raise ClientError(f"{where}, has more fields than columns; a field with a comma stands in double quotes.")
    name = (fields["file"] or "").strip()
    if not name:
        raise ClientError(f"{where}, names no file.")
    purpose = (fields.get("purpose") or "").strip()
    if purpose and purpose.lower() not in purposes:
        raise ClientError(f"{where}, has the purpose '{purpose}'; it is one of {', '.join(purposes.values())}.")
    return Row(
        path=file.parent / name,
        upn=(fields.get("upn") or "").strip() or None,
        password=fields.get("password") or None,  # spaces are part of a password
        purpose=purposes[purpose.lower()] if purpose else None,
    )


def chosen(paths: list[Path], *, rows: list[Row]) -> list[Row]:
    """What is to be imported: each row of the manifest, and each file of `paths` that no row names. Or ClientError."""
    named = {row.path.absolute().resolve() for row in rows}
    found = list(rows)
    for path in paths:
        for file in _files(path) if path.is_dir() else [path]:
            if file.absolute().resolve() not in named:
                named.add(file.absolute().resolve())
                found.append(Row(path=file, upn=None, password=None, purpose=None))
    if not found:
        raise ClientError("There is nothing to import: the manifest names no file.")
    return found


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(each for each in folder.iterdir() if each.suffix.lower() in _SUFFIXES and not each.is_dir())
    except OSError as error:
        raise ClientError(f"The folder {folder} cannot be read: {error.strerror}.") from None
    if not found:
        raise ClientError(f"There is no PFX file in {folder}: none ends in .pfx or .p12.")
    return found


def complete(row: Row, defaults: Defaults) -> PfxFile:
    """The file with what the manifest left open. ClientError when nobody says whose it is, or its password."""
    password = defaults.password if row.password is None else row.password
    if password is None:
        raise ClientError("no password is given: by --pfx-password-file, FAUXTUNE_PFX_PASSWORD, or in the manifest.")
    upn = row.upn or defaults.upn
    if upn is None and not defaults.upn_from_certificate:
        raise ClientError("whose it is is not said: by --upn, --upn-from-certificate, or in the manifest.")
    return PfxFile(
        path=row.path,
        password=password,
        upn=upn,
        provider_name=defaults.provider_name,
        key_name=defaults.key_name,
        purpose=row.purpose or defaults.purpose,
        padding=defaults.padding,
    )


def import_all(
    client: Client, rows: list[Row], *, defaults: Defaults, key: RSAPublicKey, update: bool
) -> Iterator[Outcome]:
    """Each file in turn. When nobody answers any more, the rest is not tried."""
    users = pfx.Users(client)
    gone: str | None = None
    for row in rows:
        if gone is not None:
            yield _not_tried(row, gone)
            continue
        outcome = Outcome(row.path, row.upn or defaults.upn, Result.FAILED)
        try:
            record = pfx.document(complete(row, defaults), key)
            outcome = replace(outcome, upn=str(record["userPrincipalName"]))
            shown, was_there = pfx.store(client, record, update=update, users=users)
            outcome = replace(outcome, result=Result.UPDATED if was_there else Result.IMPORTED, record=shown)
        except Unreachable as error:
            gone = "the server did not answer"
            outcome = replace(outcome, reason=str(error))
        except ClientError as error:
            outcome = replace(outcome, reason=str(error))
        yield outcome


def interrupted(rows: list[Row]) -> list[Outcome]:
    """What somebody's Ctrl-C left: the first was under way, the others were not come to."""
    under_way = [
        Outcome(row.path, row.upn, Result.FAILED, reason="interrupted: perhaps it is there") for row in rows[:1]
    ]
    return under_way + [_not_tried(row, "interrupted") for row in rows[1:]]


def _not_tried(row: Row, why: str) -> Outcome:
    return Outcome(row.path, row.upn, Result.FAILED, reason=f"not tried: {why}")
