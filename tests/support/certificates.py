"""Certificates, certificate requests, PFX files and encrypted passwords that do not come from the emulator.

Made with `cryptography` alone, so that no code under test makes its own input.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.clock import NOW

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PASSWORD = "a password of the file"
PROVIDER, KEY_NAME = "Microsoft Software Key Storage Provider", "PFXEncryptionKey"
#: The issuer of `issued_elsewhere`.
OTHER_AUTHORITY = "Outside Authority"
YEAR = timedelta(days=365)


def distinguished_name(common_name: str) -> x509.Name:
    """Return a name with this common name; empty for an empty one."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def certificate_request(key: PrivateKey, common_name: str = "", *, encoding: Encoding = Encoding.DER) -> bytes:
    """Return a certificate request (PKCS #10)."""
    builder = x509.CertificateSigningRequestBuilder(distinguished_name(common_name))
    return builder.sign(key, hashes.SHA256()).public_bytes(encoding)


def self_signed(
    key: PrivateKey,
    common_name: str = "Alice",
    *,
    begin: datetime = NOW - timedelta(days=1),
    lifetime: timedelta = YEAR,
    serial: int = 0,
    authority: bool | None = None,
    emails: Sequence[str] = (),
) -> x509.Certificate:
    """Return a self-signed certificate, with a random serial number unless one is given.

    `authority`: what its basic constraints say; None leaves them out.
    """
    name = distinguished_name(common_name)
    serial = serial or x509.random_serial_number()
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, begin, begin + lifetime)
    if authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    if emails:
        addresses = x509.SubjectAlternativeName([x509.RFC822Name(address) for address in emails])
        builder = builder.add_extension(addresses, critical=False)
    return builder.sign(key, hashes.SHA256())


def issued_elsewhere(
    key: PrivateKey,
    email: str,
    *,
    begin: datetime,
    end: datetime | None = None,
    signs: bool = False,
    mail: bool = True,
) -> x509.Certificate:
    """Return a certificate of an authority that is not the emulator's, such as a company's own.

    It is for encryption unless `signs`, and for e-mail if `mail` (else for client authentication).
    """
    usage = x509.KeyUsage(signs, False, not signs, *(False,) * 6)
    purpose = ExtendedKeyUsageOID.EMAIL_PROTECTION if mail else ExtendedKeyUsageOID.CLIENT_AUTH
    subject, issuer = distinguished_name("Alice Outside"), distinguished_name(OTHER_AUTHORITY)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end or begin + YEAR)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )


def make_pfx(key: PrivateKey, certificate: x509.Certificate, *, password: str = PASSWORD) -> bytes:
    """Return a PFX file (PKCS #12) as today's programs write it: AES-256 and PBKDF2, but with few rounds, for speed."""
    encryption = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(64).build(password.encode())
    return pkcs12.serialize_key_and_certificates(b"mail", key, certificate, None, encryption)


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the SHA-1 digest of a certificate, in lower-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA1()).hex()


def base64_of(certificate: x509.Certificate) -> str:
    """Return a certificate's DER in base64, as profiles of trusted roots carry it."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def encrypt_password(
    password: str, connector: rsa.RSAPublicKey, *, algorithm: hashes.HashAlgorithm | None = None
) -> bytes:
    """Return a password encrypted for a connector: OAEP with this hash (SHA-512 unless given)."""
    algorithm = algorithm or hashes.SHA512()
    return connector.encrypt(password.encode(), padding.OAEP(padding.MGF1(algorithm), algorithm, None))


@dataclass(frozen=True, slots=True)
class PfxImport:
    """A certificate in its PFX file, with its thumbprint, and its password encrypted for a connector."""

    file: bytes
    thumbprint: str
    encrypted_password: bytes

    def body(self, upn: str, **changes: Any) -> dict[str, Any]:
        """Return the body that imports it for a user: Graph, userPFXCertificate. `changes` replaces properties."""
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


def pfx_import(key: rsa.RSAPrivateKey, connector: rsa.RSAPublicKey, *, common_name: str = "Alice") -> PfxImport:
    """Return a new self-signed certificate of this key, ready to be imported for that connector."""
    certificate = self_signed(key, common_name, authority=False)
    file = make_pfx(key, certificate)
    return PfxImport(file, thumbprint(certificate), encrypt_password(PASSWORD, connector))
