"""The two names by which an encrypted message names a recipient's certificate (RFC 5652 6.2.1), as text to look up."""

from __future__ import annotations

import hashlib

from cryptography import x509

from fauxtune.core.pki.cms_reading import MALFORMED, key_identifier

#: Hexadecimal digits of the digest of an issuer's name.
_DIGITS = 16


def issuer_and_serial(issuer: bytes, serial: str) -> str:
    """Return the name by issuer (DER) and serial number (lower-case hex)."""
    return f"{serial}/{hashlib.sha256(issuer).hexdigest()[:_DIGITS]}"


def names_of(certificate: x509.Certificate) -> tuple[str, str | None]:
    """Return the name of a certificate by issuer and serial number, and its subject key identifier, if it has one."""
    named = issuer_and_serial(certificate.issuer.public_bytes(), f"{certificate.serial_number:x}")
    try:
        key_id = key_identifier(certificate)
    except MALFORMED:
        key_id = None
    return named, None if key_id is None else key_id.hex()
