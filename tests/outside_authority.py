"""Certificates of an authority that is not the emulator's, such as a company's own or one made with openssl."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.pfx import write_pfx

ISSUER = "Outside Authority"


def outside_file(
    key: PrivateKey,
    *,
    password: str,
    email: str,
    not_before: datetime,
    not_after: datetime | None = None,
    signs: bool = False,
    mail: bool = True,
) -> tuple[x509.Certificate, bytes]:
    """A certificate for this address and its PFX file. For encryption unless `signs`, for e-mail if `mail`."""
    usages = dict.fromkeys(
        ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False
    )
    extended = ExtendedKeyUsageOID.EMAIL_PROTECTION if mail else ExtendedKeyUsageOID.CLIENT_AUTH
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("Alice Outside"))
        .issuer_name(_name(ISSUER))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after or not_before + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signs,
                key_encipherment=not signs,
                **usages,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([extended]), critical=False)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return certificate, write_pfx(key=key, certificate=certificate, chain=[], password=password, name="outside")


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
