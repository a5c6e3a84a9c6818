"""The requests of the cmdlets New-, Import-, Get- and Remove-IntuneUserPfxCertificate (Microsoft's
Intune-Resource-Access, src/PFXImportPowershell), and the import of many PFX files.

The password of a PFX file is encrypted here, on the administrator's machine, with the connector's public key; the
service never sees it in clear.

The cmdlets import single files; the rules for many are our own. Of a folder its *.pfx and *.p12 files are imported, in
the order of their names. A manifest, a CSV file (RFC 4180) with the columns file, upn, password and purpose, says what
differs from file to file. A file that cannot be imported does not stop the others.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.core.administration import imported
from fauxtune.core.administration.imported import COLLECTION, ConnectorKey
from fauxtune.core.errors import Invalid, PfxPasswordWrong, PfxUnreadable
from fauxtune.core.pki.cng import read_public_half
from fauxtune_client.endpoints import ClientError, Refused, Unreachable
from fauxtune_client.http import Client

#: The PFX file of one user is never larger; the service accepts no larger request either.
_LARGEST_FILE = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PfxFile:
    """A PFX file with its password, and how it is to be imported.

    `upn` None: the one e-mail address in the certificate. `purpose` is a userPfxIntendedPurpose; `padding` one of
    oaepSha256, oaepSha384, oaepSha512.
    """

    path: Path
    password: str = field(repr=False)
    upn: str | None
    provider_name: str
    key_name: str
    purpose: str
    padding: str


class Users:
    """The ids of users: Graph is asked once for each name."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ids: dict[str, str | None] = {}

    def id_of(self, upn: str) -> str:
        """Return the user's id without hyphens, as in the keys of certificates (Get-IntuneUserId). Raises ClientError
        if there is no such user.
        """
        name = upn.lower()
        if name not in self._ids:
            rows = self._client.graph_list("/users", params={"$filter": f"userPrincipalName eq {_literal(upn)}"})
            self._ids[name] = str(rows[0]["id"]).replace("-", "") if rows else None
        user_id = self._ids[name]
        if user_id is None:
            raise ClientError(f"There is no user {upn}.")
        return user_id


def read_public_key(data: bytes) -> RSAPublicKey:
    """Read a key file: PEM (SubjectPublicKeyInfo), or a CNG blob with a public or private key. Raises ClientError."""
    if b"PRIVATE KEY-----" in data:
        raise ClientError(
            "The key file holds a private key in PEM. Only the public key is needed: "
            "`openssl pkey -in key.pem -pubout` writes it."
        )
    try:
        key = serialization.load_pem_public_key(data) if b"-----BEGIN" in data else read_public_half(data)
    except (ValueError, Invalid) as error:
        raise ClientError(
            f"The key file is neither a PEM public key (BEGIN PUBLIC KEY) nor a CNG blob of an RSA key: {error}"
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise ClientError("The key file does not hold an RSA key; the connector's key must be one.")
    return key


def document(file: PfxFile, public_key: RSAPublicKey) -> dict[str, Any]:
    """Return the userPFXCertificate of a file (New-IntuneUserPfxCertificate), without a request to the service."""
    connector_key = ConnectorKey(file.provider_name, file.key_name, public_key, file.padding)
    try:
        imported.check_password(file.password)
        data = _bytes_of(file.path)
        certificate = _certificate(file, data=data)
        return imported.record(
            data,
            certificate=certificate,
            password=file.password,
            connector_key=connector_key,
            user_principal_name=file.upn or _mail_address(certificate),
            purpose=file.purpose,
        )
    except Invalid as error:
        raise ClientError(error.message) from None


def store(client: Client, record: dict[str, Any], *, update: bool, users: Users) -> tuple[dict[str, Any], bool]:
    """Import a record (Import-IntuneUserPfxCertificate [-IsUpdate]). Return it as the service shows it, and whether it
    existed before.

    With `update` a record that is missing is created, so that an interrupted import can be repeated; the cmdlets stop
    at it.
    """
    owner = users.id_of(str(record["userPrincipalName"]))
    path = f"{COLLECTION}/{owner}-{record['thumbprint']}"
    if update:
        try:
            return _shown(client.graph("PATCH", path, json=record) or client.graph("GET", path)), True
        except Refused as refused:
            if refused.status != 404:
                raise
    try:
        return _shown(client.graph("POST", COLLECTION, json=record) or client.graph("GET", path)), False
    except Refused as refused:
        if refused.status != 409:
            raise
        raise Refused(f"{refused} (With --is-update the certificate is replaced.)", status=409) from None


def find(client: Client, upns: Sequence[str], *, thumbprints: Sequence[str]) -> list[dict[str, Any]]:
    """Return the certificates of these users with these thumbprints (Get-IntuneUserPfxCertificate); an empty list
    stands for all. Raises ClientError for a user who does not exist.
    """
    by_user = {upn: f"tolower(userPrincipalName) eq {_literal(upn.lower())}" for upn in upns}
    by_thumbprint = [f"tolower(thumbprint) eq '{_hex(text)}'" for text in dict.fromkeys(thumbprints)]
    records: dict[str, dict[str, Any]] = {}
    users = Users(client)
    for upn, user in by_user.items() or {"": ""}.items():
        before = len(records)
        for certificate in by_thumbprint or [""]:
            query = " and ".join(filter(None, (user, certificate)))
            rows = client.graph_list(COLLECTION, params={"$filter": query} if query else None)
            records |= {str(row["id"]): row for row in rows}
        if upn and len(records) == before:
            users.id_of(upn)
    return list(records.values())


@dataclass(frozen=True, slots=True)
class Removal:
    """The removal of one certificate; `reason` says why it failed."""

    upn: str
    thumbprint: str
    reason: str | None = None


def remove(client: Client, upns: Sequence[str], *, thumbprints: Sequence[str]) -> list[Removal]:
    """Remove the users' certificates with these thumbprints, or all of theirs (Remove-IntuneUserPfxCertificate). A
    failure does not stop the others.
    """
    selected = [_hex(text) for text in dict.fromkeys(thumbprints)]
    users = Users(client)
    owners = {upn: users.id_of(upn) for upn in dict.fromkeys(upns)}
    removals = []
    for upn, owner in owners.items():
        all_of_user = () if selected else find(client, [upn], thumbprints=[])
        for thumbprint_ in selected or [_hex(str(record.get("thumbprint"))) for record in all_of_user]:
            try:
                client.graph("DELETE", f"{COLLECTION}/{owner}-{thumbprint_}")
                removals.append(Removal(upn, thumbprint_))
            except Refused as refused:
                removals.append(Removal(upn, thumbprint_, reason=str(refused)))
    return removals


def _shown(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise ClientError("The service did not answer with the record of a certificate.")
    return record


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise ClientError(f"The PFX file {path} cannot be read: {error.strerror}.") from None
    if len(data) > _LARGEST_FILE:
        raise ClientError(
            f"{path} has more than {_LARGEST_FILE // 1024 // 1024} MiB, too large for the PFX file of one user."
        )
    return data


def _certificate(file: PfxFile, *, data: bytes) -> x509.Certificate:
    """The certificate of a file with one identity. Raises ClientError, in the cmdlets' words where they have some."""
    try:
        return imported.certificate_of(data, password=file.password)
    except PfxPasswordWrong:
        raise ClientError("Could not Read Thumbprint. Verify Password is Correct.") from None
    except PfxUnreadable as error:
        raise ClientError(
            f"Could not Read Thumbprint on file at path: '{file.path}'. File must be a certificate. ({error})"
        ) from None
    except Invalid as error:
        raise ClientError(f"{file.path}: {error}") from None


def _mail_address(certificate: x509.Certificate) -> str:
    """The e-mail address in a certificate (RFC 5280 4.2.1.6: rfc822Name). Raises ClientError unless there is exactly
    one.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = list(dict.fromkeys(name.lower() for name in names.get_values_for_type(x509.RFC822Name)))
    except (x509.ExtensionNotFound, ValueError):
        addresses = []
    if len(addresses) != 1:
        what = f"{len(addresses)} e-mail addresses ({', '.join(addresses)})" if addresses else "no e-mail address"
        raise ClientError(f"The certificate has {what}: name its user with --upn, or in the manifest.")
    return addresses[0]


def _hex(text: str) -> str:
    """A thumbprint as Graph writes it; Windows shows it with spaces, OpenSSL with colons. Raises ClientError."""
    digits = re.sub(r"[\s:]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{40}", digits):
        raise ClientError(
            f"'{text}' is not a thumbprint: that is the SHA-1 hash of a certificate, 40 hexadecimal digits."
        )
    return digits


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


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


def rows_of(paths: Sequence[Path], *, rows: list[Row]) -> list[Row]:
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
    users = Users(client)
    stopped: str | None = None
    for row in rows:
        if stopped is not None:
            yield _not_tried(row, stopped)
            continue
        outcome = Outcome(row.path, row.upn or defaults.upn, Result.FAILED)
        try:
            record = document(complete(row, defaults), key)
            outcome = replace(outcome, upn=str(record["userPrincipalName"]))
            stored, existed = store(client, record, update=update, users=users)
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
