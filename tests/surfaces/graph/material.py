"""Certificates, PFX files and encrypted passwords, as an administrator brings them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

from tests.support.clock import NOW

PASSWORD = "a password of the file"
PROVIDER, KEY_NAME = "Microsoft Software Key Storage Provider", "PFXEncryptionKey"


@dataclass(frozen=True, slots=True)
class Imported:
    """A certificate in its file, with its thumbprint, and its password encrypted for a connector."""

    file: bytes
    thumbprint: str
    encrypted_password: bytes

    def body(self, upn: str, **changes: Any) -> dict[str, Any]:
        """What a client posts to import it."""
        return {
            "userPrincipalName": upn,
            "thumbprint": self.thumbprint,
            "intendedPurpose": "smimeEncryption",
            "startDateTime": "2026-01-31T10:00:00Z",
            "expirationDateTime": "2027-01-31T10:00:00Z",
            "providerName": PROVIDER,
            "keyName": KEY_NAME,
            "paddingScheme": "oaepSha512",
            "encryptedPfxBlob": base64.b64encode(self.file).decode(),
            "encryptedPfxPassword": base64.b64encode(self.encrypted_password).decode(),
            **changes,
        }


def self_signed(key: rsa.RSAPrivateKey, *, name: str = "Alice", authority: bool = False) -> x509.Certificate:
    """A certificate of a year, of a person or an authority."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def imported(key: rsa.RSAPrivateKey, connector: rsa.RSAPublicKey, *, name: str = "Alice") -> Imported:
    """A new certificate of this key, ready to be imported for that connector."""
    certificate = self_signed(key, name=name)
    file = pkcs12.serialize_key_and_certificates(
        b"mail", key, certificate, None, BestAvailableEncryption(PASSWORD.encode())
    )
    oaep = padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)
    return Imported(
        file, certificate.fingerprint(hashes.SHA1()).hex(), connector.encrypt(PASSWORD.encode("latin-1"), oaep)
    )


def base64_of(certificate: x509.Certificate) -> str:
    """The .cer file's bytes, as a trusted-root profile takes them."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
