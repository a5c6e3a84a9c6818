"""Importing S/MIME certificates as the PFXImport cmdlets do it: what New-, Import-, Get- and
Remove-IntuneUserPfxCertificate send (Microsoft's Intune-Resource-Access, src/PFXImportPowershell).

The password of the PFX file is encrypted to the connector's public key here, on the administrator's machine; the
service never sees it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.client.endpoints import ClientError
from fauxtune.client.http import Client
from fauxtune.core.errors import Invalid, PfxPasswordWrong, PfxUnreadable
from fauxtune.core.pki.cng import read_public_blob
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.pki.pfx import read_pfx

COLLECTION = "/deviceManagement/userPfxCertificates"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "oaepSha256": hashes.SHA256(),
    "oaepSha384": hashes.SHA384(),
    "oaepSha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class PfxFile:
    """A PFX file with its password, and how it is to be imported.

    `purpose` is a userPfxIntendedPurpose; `padding` one of oaepSha256, oaepSha384, oaepSha512.
    """

    path: Path
    password: str
    upn: str
    provider_name: str
    key_name: str
    purpose: str
    padding: str


def read_public_key(data: bytes) -> RSAPublicKey:
    """A public key file: PEM (SubjectPublicKeyInfo), else CNG's RSAPUBLICBLOB. ClientError for anything else."""
    try:
        key = serialization.load_pem_public_key(data) if b"-----BEGIN" in data else read_public_blob(data)
    except (ValueError, Invalid) as error:
        raise ClientError(f"The key file is neither a PEM public key nor a CNG RSAPUBLICBLOB: {error}") from None
    if not isinstance(key, RSAPublicKey):
        raise ClientError("The key file holds no RSA key.")
    return key


def document(file: PfxFile, public_key: RSAPublicKey) -> dict[str, Any]:
    """The userPFXCertificate of a file: New-IntuneUserPfxCertificate. Purely local."""
    password = _password_bytes(file.password)
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise ClientError(f"The PFX file {file.path} cannot be read: {error.strerror}.") from None
    try:
        certificate = read_pfx(data, password).certificate
    except PfxPasswordWrong:
        raise ClientError("Could not Read Thumbprint. Verify Password is Correct.") from None
    except PfxUnreadable as error:
        raise ClientError(
            f"Could not Read Thumbprint on file at path: '{file.path}'. File must be a certificate. ({error})"
        ) from None
    except Invalid as error:
        raise ClientError(f"{file.path}: {error}") from None
    return {
        "thumbprint": thumbprint(certificate),
        "intendedPurpose": file.purpose,
        "userPrincipalName": file.upn,
        "startDateTime": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "expirationDateTime": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "providerName": file.provider_name,
        "keyName": file.key_name,
        "paddingScheme": file.padding,
        "encryptedPfxBlob": base64.b64encode(data).decode(),
        "encryptedPfxPassword": base64.b64encode(_encrypt(password, public_key, padding=file.padding)).decode(),
    }


def create(client: Client, record: dict[str, Any], *, update: bool) -> dict[str, Any]:
    """Import-IntuneUserPfxCertificate [-IsUpdate]: the record as the service shows it afterwards."""
    owner = user_id(client, str(record["userPrincipalName"]))
    if update:
        key = f"{owner}-{record['thumbprint']}"
        return dict(
            client.graph("PATCH", f"{COLLECTION}/{key}", json=record) or client.graph("GET", f"{COLLECTION}/{key}")
        )
    return dict(client.graph("POST", COLLECTION, json=record))


def find(client: Client, upns: list[str]) -> list[dict[str, Any]]:
    """Get-IntuneUserPfxCertificate: of these users, else all."""
    if not upns:
        return client.graph_list(COLLECTION)
    found: list[dict[str, Any]] = []
    for upn in upns:
        query = f"tolower(userPrincipalName) eq {_literal(upn.lower())}"
        found += client.graph_list(COLLECTION, params={"$filter": query})
    return found


def remove(client: Client, upn: str, *, thumbprints: list[str]) -> list[str]:
    """Remove-IntuneUserPfxCertificate: these of the user's certificates, else all; the thumbprints of what went."""
    owner = user_id(client, upn)
    gone = [each.lower() for each in thumbprints] or [str(each["thumbprint"]) for each in find(client, [upn])]
    for each in gone:
        client.graph("DELETE", f"{COLLECTION}/{owner}-{each}")
    return gone


def user_id(client: Client, upn: str) -> str:
    """Get-IntuneUserId: the user's id, without hyphens as in the keys of certificates. ClientError for nobody."""
    found = client.graph_list("/users", params={"$filter": f"userPrincipalName eq {_literal(upn)}"})
    if not found:
        raise ClientError(f"There is no user {upn}.")
    return str(found[0]["id"]).replace("-", "")


def _password_bytes(password: str) -> bytes:
    # The cmdlets keep the low byte of each UTF-16 unit: what is not ASCII would arrive as another password.
    if not password.isascii():
        raise ClientError(
            "The PFX password has characters outside ASCII. The real cmdlets cut each character to one byte, so the "
            "connector could not open the file. Protect it with an ASCII password."
        )
    return password.encode("ascii")


def _encrypt(password: bytes, key: RSAPublicKey, *, padding: str) -> bytes:
    algorithm = _HASHES[padding]
    try:
        return key.encrypt(password, OAEP(MGF1(algorithm), algorithm, label=None))
    except ValueError:
        room = key.key_size // 8 - 2 * algorithm.digest_size - 2
        raise ClientError(
            f"The password has {len(password)} bytes; {padding} with this {key.key_size}-bit key has room for "
            f"{max(room, 0)}."
        ) from None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
