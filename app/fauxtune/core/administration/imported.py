"""Import certificates for a user, and delete imported ones: the record of a PFX file, and the requests.

New-, Import- and Remove-IntuneUserPfxCertificate (Microsoft's Intune-Resource-Access, src/PFXImportPowershell); Graph:
userPFXCertificate. The password of the file is encrypted with the connector's public key by whoever imports it; the
service never sees it in clear.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from asn1crypto import pkcs12
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.core.administration.requests import AdminRequest, Json
from fauxtune.core.errors import Invalid
from fauxtune.core.pki.fresh import encrypted_by_oaep
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.pki.pfx import read_pfx

COLLECTION = "/deviceManagement/userPfxCertificates"
#: Graph's userPfxPaddingScheme -> the hash of OAEP.
PADDINGS: Mapping[str, hashes.HashAlgorithm] = {
    "oaepSha256": hashes.SHA256(),
    "oaepSha384": hashes.SHA384(),
    "oaepSha512": hashes.SHA512(),
}
#: The padding of the cmdlets.
PADDING = "oaepSha512"
#: data. The properties of a record, all of them texts.
RECORD = (
    "thumbprint",
    "intendedPurpose",
    "userPrincipalName",
    "startDateTime",
    "expirationDateTime",
    "providerName",
    "keyName",
    "paddingScheme",
    "encryptedPfxBlob",
    "encryptedPfxPassword",
)
#: Hexadecimal digits of a thumbprint.
_DIGITS = 40
#: From when to when a certificate is valid.
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class ConnectorKey:
    """The key of a connector with which passwords are encrypted, and the names by which the connector knows it."""

    provider_name: str
    key_name: str
    public_key: RSAPublicKey = field(repr=False)
    padding: str = PADDING


def check_password(password: str) -> bytes:
    """Return the bytes of a PFX file's password. Raises Invalid for characters outside ASCII: the cmdlets keep the low
    byte of each UTF-16 unit, so that such a password would arrive as another one.
    """
    if not password.isascii():
        raise Invalid(
            "The PFX password has characters outside ASCII. The real cmdlets cut each character to one byte, so the "
            "connector could not open the file. Protect it with an ASCII password.",
            target="password",
        )
    return password.encode("ascii")


def certificate_of(data: bytes, *, password: str) -> x509.Certificate:
    """Return the certificate of a PFX file with one identity. Raises Invalid for several, PfxPasswordWrong,
    PfxWithoutKey, or PfxUnreadable.
    """
    contents = read_pfx(data, check_password(password))
    if len(contents.identities) > 1:
        # Windows silently takes one of them, and mail for the others could never be read.
        raise Invalid(
            f"The file holds {len(contents.identities)} certificates with private keys "
            f"({', '.join(contents.identities)}), but only one can be imported: put each into a file of its own."
        )
    return contents.certificate


def record(
    data: bytes,
    *,
    certificate: x509.Certificate,
    password: str,
    connector_key: ConnectorKey,
    user_principal_name: str,
    purpose: str,
) -> Json:
    """Return the userPFXCertificate of a PFX file with this certificate. `purpose` is a userPfxIntendedPurpose. Raises
    Invalid for a password that the key cannot encrypt.
    """
    return _record(
        data,
        thumbprint=thumbprint(certificate),
        span=(certificate.not_valid_before_utc, certificate.not_valid_after_utc),
        connector_key=connector_key,
        encrypted_password=_encrypt(check_password(password), connector_key),
        user_principal_name=user_principal_name,
        purpose=purpose,
    )


def import_pfx(body: Json) -> AdminRequest:
    """Import a certificate by its record: every device of its user gets it by profiles of its purpose."""
    return AdminRequest("POST", COLLECTION, body)


def without_secrets(request: AdminRequest, *, thumbprint: str | None = None) -> AdminRequest:
    """Return an import as people may read it: with words in place of the file and the password, and of a `thumbprint`
    that is not known yet.
    """
    body = dict(request.body or {})
    words = {
        "encryptedPfxBlob": "<the PFX file, base64>",
        "encryptedPfxPassword": "<its password, encrypted with the connector's public key, base64>",
        **({} if thumbprint is None else {"thumbprint": thumbprint}),
    }
    note = (
        "What stands between angle brackets is not shown here. "
        "The command “fauxtune pfx import” makes this request from a file."
    )
    return AdminRequest(request.method, request.path, {**body, **words}, notes=(*request.notes, note))


def placeholder(
    *, number: int, connector_key: ConnectorKey, user_principal_name: str, purpose: str, span: Span
) -> Json:
    """Return the record of a certificate that is not issued yet, to ask what its import would do. It holds no key.

    Its thumbprint, which no certificate has, is the `number`.
    """
    contents = pkcs12.ContentInfo({"content_type": "data", "content": b"0\0"})
    empty = pkcs12.Pfx({"version": "v3", "auth_safe": contents}).dump()
    secret = bytes(connector_key.public_key.key_size // 8)
    return _record(
        empty,
        thumbprint=f"{number:0{_DIGITS}x}",
        span=span,
        connector_key=connector_key,
        encrypted_password=secret,
        user_principal_name=user_principal_name,
        purpose=purpose,
    )


def is_placeholder(thumbprint: str | None) -> bool:
    """Whether the thumbprint is that of a placeholder."""
    return thumbprint is not None and thumbprint.startswith("0" * (_DIGITS // 2))


def _record(
    data: bytes,
    *,
    thumbprint: str,
    span: Span,
    connector_key: ConnectorKey,
    encrypted_password: bytes,
    user_principal_name: str,
    purpose: str,
) -> Json:
    values = (
        thumbprint,
        purpose,
        user_principal_name,
        f"{span[0]:%Y-%m-%dT%H:%M:%SZ}",
        f"{span[1]:%Y-%m-%dT%H:%M:%SZ}",
        connector_key.provider_name,
        connector_key.key_name,
        connector_key.padding,
        base64.b64encode(data).decode(),
        base64.b64encode(encrypted_password).decode(),
    )
    return dict(zip(RECORD, values, strict=True))


def _encrypt(password: bytes, connector_key: ConnectorKey) -> bytes:
    public_key, algorithm = connector_key.public_key, PADDINGS[connector_key.padding]
    try:
        return encrypted_by_oaep(public_key, password, algorithm=algorithm)
    except ValueError:
        room = public_key.key_size // 8 - 2 * algorithm.digest_size - 2
        raise Invalid(
            f"The password has {len(password)} bytes; {connector_key.padding} with this {public_key.key_size}-bit key "
            f"can encrypt at most {max(room, 0)}.",
            target="password",
        ) from None
