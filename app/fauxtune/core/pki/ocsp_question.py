"""The writer of OCSP requests (RFC 6960 4.1) about several certificates of one authority.

cryptography's own builder writes requests about one certificate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from asn1crypto.core import Integer
from cryptography import x509

from fauxtune.core.pki.der_writing import OCTETS, SEQUENCE, element, identifier

_SHA_1 = "1.3.14.3.2.26"
_NULL = 0x05


def question(certificates: Iterable[x509.Certificate], *, issuer: x509.Certificate) -> bytes:
    """Return a request about these certificates, without a nonce; SHA-1 names the issuer, as most clients do."""
    key = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest
    name = hashlib.sha1(issuer.subject.public_bytes(), usedforsecurity=False).digest()
    algorithm = element(SEQUENCE, identifier(_SHA_1), element(_NULL))
    known = algorithm + element(OCTETS, name) + element(OCTETS, key)
    singles = [
        element(SEQUENCE, element(SEQUENCE, known, Integer(certificate.serial_number).dump()))
        for certificate in certificates
    ]
    return element(SEQUENCE, element(SEQUENCE, element(SEQUENCE, *singles)))
