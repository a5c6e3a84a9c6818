"""A PFX file with its password encrypted for a connector, as an administrator imports it."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from tests.support.clock import NOW

SECRET = "a password of the file"


def self_signed(key: rsa.RSAPrivateKey, *, name: str = "Alice") -> x509.Certificate:
    """A certificate of a year."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(NOW - timedelta(days=1))
    return builder.not_valid_after(NOW + timedelta(days=365)).sign(key, hashes.SHA256())


def record(key: rsa.RSAPrivateKey, *, upn: str, connector: rsa.RSAPublicKey) -> dict[str, Any]:
    """What a client posts to import a new certificate of this key."""
    certificate = self_signed(key)
    file = pkcs12.serialize_key_and_certificates(
        b"mail", key, certificate, None, BestAvailableEncryption(SECRET.encode())
    )
    oaep = padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)
    return {
        "userPrincipalName": upn,
        "thumbprint": certificate.fingerprint(hashes.SHA1()).hex(),
        "intendedPurpose": "smimeEncryption",
        "startDateTime": "2026-01-31T10:00:00Z",
        "expirationDateTime": "2027-01-31T10:00:00Z",
        "providerName": "Microsoft Software Key Storage Provider",
        "keyName": "PFXEncryptionKey",
        "paddingScheme": "oaepSha512",
        "encryptedPfxBlob": base64.b64encode(file).decode(),
        "encryptedPfxPassword": base64.b64encode(connector.encrypt(SECRET.encode("latin-1"), oaep)).decode(),
    }
