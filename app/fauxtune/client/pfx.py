"""Importing S/MIME certificates as the PFXImport cmdlets do it: what New-, Import-, Get- and
Remove-IntuneUserPfxCertificate send (Microsoft's Intune-Resource-Access, src/PFXImportPowershell).

The password of the PFX file is encrypted to the connector's public key here, on the administrator's machine; the
service never sees it.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.client.endpoints import ClientError
from fauxtune.client.http import Client, Refused
from fauxtune.core.errors import Invalid, PfxPasswordWrong, PfxUnreadable
from fauxtune.core.pki.cng import read_public_half
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.pki.pfx import PfxContents, read_pfx

COLLECTION = "/deviceManagement/userPfxCertificates"
#: Larger files are no PFX of one user; the service takes no larger request either.
_LARGEST_FILE = 2 * 1024 * 1024
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "oaepSha256": hashes.SHA256(),
    "oaepSha384": hashes.SHA384(),
    "oaepSha512": hashes.SHA512(),
}


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
    """Whom Graph knows: each name is looked up once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._found: dict[str, str | None] = {}

    def id_of(self, upn: str) -> str:
        """Get-IntuneUserId: the id without hyphens, as in the keys of certificates. ClientError for nobody."""
        name = upn.lower()
        if name not in self._found:
            rows = self._client.graph_list("/users", params={"$filter": f"userPrincipalName eq {_literal(upn)}"})
            self._found[name] = str(rows[0]["id"]).replace("-", "") if rows else None
        found = self._found[name]
        if found is None:
            raise ClientError(f"There is no user {upn}.")
        return found


def read_public_key(data: bytes) -> RSAPublicKey:
    """A key file: PEM (SubjectPublicKeyInfo), else a CNG blob, of which the public half is taken. Or ClientError."""
    if b"PRIVATE KEY-----" in data:
        raise ClientError(
            "The key file holds a private key in PEM. Only its public half is needed here: "
            "`openssl pkey -in key.pem -pubout` writes it."
        )
    try:
        key = serialization.load_pem_public_key(data) if b"-----BEGIN" in data else read_public_half(data)
    except (ValueError, Invalid) as error:
        raise ClientError(
            f"The key file is neither a PEM public key (BEGIN PUBLIC KEY) nor a CNG blob of an RSA key: {error}"
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise ClientError("The key file holds no RSA key; the connector's key is one.")
    return key


def document(file: PfxFile, public_key: RSAPublicKey) -> dict[str, Any]:
    """The userPFXCertificate of a file: New-IntuneUserPfxCertificate. Purely local."""
    password = _password_bytes(file.password)
    data = _bytes_of(file.path)
    certificate = _contents(file, data=data, password=password).certificate
    return {
        "thumbprint": thumbprint(certificate),
        "intendedPurpose": file.purpose,
        "userPrincipalName": file.upn or _mail_address(certificate),
        "startDateTime": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "expirationDateTime": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "providerName": file.provider_name,
        "keyName": file.key_name,
        "paddingScheme": file.padding,
        "encryptedPfxBlob": base64.b64encode(data).decode(),
        "encryptedPfxPassword": base64.b64encode(_encrypt(password, public_key, padding=file.padding)).decode(),
    }


def store(client: Client, record: dict[str, Any], *, update: bool, users: Users) -> tuple[dict[str, Any], bool]:
    """Import-IntuneUserPfxCertificate [-IsUpdate]: the record as the service shows it, and was it there before?

    With `update` what is missing is made, so that an import that broke off can be repeated. The cmdlets would stop at
    a certificate that is not there.
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
        raise Refused(f"{refused} (Here: --is-update replaces what is there.)", status=409) from None


def find(client: Client, upns: list[str], *, thumbprints: list[str]) -> list[dict[str, Any]]:
    """Get-IntuneUserPfxCertificate: of these users, with these thumbprints; an empty list: any.

    ClientError for a user who has no certificates because there is no such user.
    """
    whose = {each: f"tolower(userPrincipalName) eq {_literal(each.lower())}" for each in upns}
    which = [f"tolower(thumbprint) eq '{_hex(each)}'" for each in dict.fromkeys(thumbprints)]
    found: dict[str, dict[str, Any]] = {}
    users = Users(client)
    for upn, user in whose.items() or {"": ""}.items():
        before = len(found)
        for certificate in which or [""]:
            query = " and ".join(filter(None, (user, certificate)))
            rows = client.graph_list(COLLECTION, params={"$filter": query} if query else None)
            found |= {str(each["id"]): each for each in rows}
        if upn and len(found) == before:
            users.id_of(upn)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Removal:
    """One certificate that was to go; `reason`: why it did not."""

    upn: str
    thumbprint: str
    reason: str | None = None


def remove(client: Client, upns: list[str], *, thumbprints: list[str]) -> list[Removal]:
    """Remove-IntuneUserPfxCertificate: these of the users' certificates, else all of theirs. Every one is tried."""
    wanted = [_hex(each) for each in dict.fromkeys(thumbprints)]
    users = Users(client)
    owners = {upn: users.id_of(upn) for upn in dict.fromkeys(upns)}
    done = []
    for upn, owner in owners.items():
        going = wanted or [_hex(str(each.get("thumbprint"))) for each in find(client, [upn], thumbprints=[])]
        for each in going:
            try:
                client.graph("DELETE", f"{COLLECTION}/{owner}-{each}")
                done.append(Removal(upn, each))
            except Refused as refused:
                done.append(Removal(upn, each, reason=str(refused)))
    return done


def _shown(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise ClientError("The service answered with something that is no certificate's record.")
    return record


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise ClientError(f"The PFX file {path} cannot be read: {error.strerror}.") from None
    if len(data) > _LARGEST_FILE:
        raise ClientError(f"{path} has more than {_LARGEST_FILE // 1024 // 1024} MiB: that is no PFX of one user.")
    return data


def _contents(file: PfxFile, *, data: bytes, password: bytes) -> PfxContents:
    """What is in a file that holds one identity. ClientError in the cmdlets' words where they have some."""
    try:
        found = read_pfx(data, password)
    except PfxPasswordWrong:
        raise ClientError("Could not Read Thumbprint. Verify Password is Correct.") from None
    except PfxUnreadable as error:
        raise ClientError(
            f"Could not Read Thumbprint on file at path: '{file.path}'. File must be a certificate. ({error})"
        ) from None
    except Invalid as error:
        raise ClientError(f"{file.path}: {error}") from None
    if len(found.identities) > 1:
        # Windows would take one of them without a word, and the others could never be read mail with.
        raise ClientError(
            f"{file.path} holds {len(found.identities)} certificates with their private keys "
            f"({', '.join(found.identities)}), and one is imported at a time: put each into a file of its own."
        )
    return found


def _mail_address(certificate: x509.Certificate) -> str:
    """The e-mail address that a certificate is for (RFC 5280 4.2.1.6: rfc822Name). ClientError unless there is one."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = list(dict.fromkeys(each.lower() for each in names.get_values_for_type(x509.RFC822Name)))
    except (x509.ExtensionNotFound, ValueError):
        found = []
    if len(found) != 1:
        what = f"{len(found)} e-mail addresses ({', '.join(found)})" if found else "no e-mail address"
        raise ClientError(f"The certificate names {what}, so whose it is must be said: by --upn, or in the manifest.")
    return found[0]


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


def _hex(text: str) -> str:
    """A thumbprint as Graph writes it; Windows shows it with spaces, OpenSSL with colons. ClientError for others."""
    found = re.sub(r"[\s:]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{40}", found):
        raise ClientError(f"'{text}' is no thumbprint: it is the certificate's SHA-1 hash, 40 hexadecimal digits.")
    return found


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
