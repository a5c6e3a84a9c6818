"""Importing many PFX files: which files, each with its password and user, and the outcome of each.

The cmdlets import single files; these rules are our own. Of a folder its *.pfx and *.p12 files are imported, in the
order of their names. A manifest, a CSV file (RFC 4180) with the columns file, upn, password and purpose, says what
differs from file to file. A file that cannot be imported does not stop the others.
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

from fauxtune_client import pfx
from fauxtune_client.endpoints import ClientError, Unreachable
from fauxtune_client.http import Client
from fauxtune_client.pfx import PfxFile

_COLUMNS = ("file", "upn", "password", "purpose")
_SUFFIXES = {".pfx", ".p12"}


class Result(StrEnum):
    """The result of one file."""

    IMPORTED = "imported"
    UPDATED = "updated"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file with the record as the service shows it, or the reason why it was not imported."""

    path: Path
    upn: str | None
    result: Result
    record: dict[str, Any] | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """The values of files for which the manifest has none. The manifest must have those that are None here."""

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
    """Return the rows of a manifest, whose paths are relative to its folder. Raises ClientError for any error in it.

    `purposes`: the purposes by their names in lower case.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ClientError(f"The manifest {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ClientError(f"The manifest {file} is not UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        columns = [str(name).strip().lower() for name in reader.fieldnames or ()]
        if "file" not in columns or not set(columns) <= set(_COLUMNS) or len(set(columns)) != len(columns):
            raise ClientError(
                f"The first line of the manifest {file} must name its columns: file, and of upn, password and purpose "
                "those that are needed, each once, separated by commas."
            )
        reader.fieldnames = columns
        return [_row(fields, file=file, line=reader.line_num, purposes=purposes) for fields in reader]
    except csv.Error as error:
        raise ClientError(f"The manifest {file}, line {reader.line_num}, is not CSV: {error}.") from None


def _row(fields: dict[str, Any], *, file: Path, line: int, purposes: dict[str, str]) -> Row:
    where = f"The manifest {file}, line {line}"
    if "" in fields:
        raise ClientError(f"{where}, has more fields than columns; put a field that has a comma into double quotes.")
    name = (fields["file"] or "").strip()
    if not name:
        raise ClientError(f"{where}, names no file.")
    purpose = (fields.get("purpose") or "").strip()
    if purpose and purpose.lower() not in purposes:
        raise ClientError(f"{where}, has the purpose '{purpose}'; it must be one of {', '.join(purposes.values())}.")
    return Row(
        path=file.parent / name,
        upn=(fields.get("upn") or "").strip() or None,
        password=fields.get("password") or None,  # spaces are part of a password
        purpose=purposes[purpose.lower()] if purpose else None,
    )


def rows_of(paths: list[Path], *, rows: list[Row]) -> list[Row]:
    """Return the rows of the manifest, and a row for each file of `paths` (files or folders) that it does not name.

    Raises ClientError if there is no file.
    """
    named = {row.path.absolute().resolve() for row in rows}
    result = list(rows)
    for path in paths:
        for file in _files(path) if path.is_dir() else [path]:
            if file.absolute().resolve() not in named:
                named.add(file.absolute().resolve())
                result.append(Row(path=file, upn=None, password=None, purpose=None))
    if not result:
        raise ClientError("There is nothing to import: the manifest names no file.")
    return result


def _files(folder: Path) -> list[Path]:
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES and not file.is_dir())
    except OSError as error:
        raise ClientError(f"The folder {folder} cannot be read: {error.strerror}.") from None
    if not files:
        raise ClientError(f"There is no PFX file in {folder}: no file name ends in .pfx or .p12.")
    return files


def complete(row: Row, defaults: Defaults) -> PfxFile:
    """Complete a row with the defaults. Raises ClientError if the password or the user is missing."""
    password = defaults.password if row.password is None else row.password
    if password is None:
        raise ClientError(
            "the password is missing: set --pfx-password-file, FAUXTUNE_PFX_PASSWORD, or the manifest's column."
        )
    upn = row.upn or defaults.upn
    if upn is None and not defaults.upn_from_certificate:
        raise ClientError("the user is missing: set --upn, --upn-from-certificate, or the manifest's column upn.")
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
    """Import the files one by one. If the server stops answering, the others are not tried."""
    users = pfx.Users(client)
    stopped: str | None = None
    for row in rows:
        if stopped is not None:
            yield _not_tried(row, stopped)
            continue
        outcome = Outcome(row.path, row.upn or defaults.upn, Result.FAILED)
        try:
            record = pfx.document(complete(row, defaults), key)
            outcome = replace(outcome, upn=str(record["userPrincipalName"]))
            stored, existed = pfx.store(client, record, update=update, users=users)
            outcome = replace(outcome, result=Result.UPDATED if existed else Result.IMPORTED, record=stored)
        except Unreachable as error:
            stopped = "the server did not answer"
            outcome = replace(outcome, reason=str(error))
        except ClientError as error:
            outcome = replace(outcome, reason=str(error))
        yield outcome


def interrupted(rows: list[Row]) -> list[Outcome]:
    """Return the outcomes of the files that Ctrl-C left: the first is unfinished, the others were not tried."""
    unfinished = [
        Outcome(row.path, row.upn, Result.FAILED, reason="interrupted: it may have been imported") for row in rows[:1]
    ]
    return unfinished + [_not_tried(row, "interrupted") for row in rows[1:]]


def _not_tried(row: Row, why: str) -> Outcome:
    return Outcome(row.path, row.upn, Result.FAILED, reason=f"not tried: {why}")
