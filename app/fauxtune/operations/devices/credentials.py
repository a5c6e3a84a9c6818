"""What a device proves itself with: a bearer credential (Android) or its identity certificate (Apple, Windows). Either
is known by its SHA-256.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.clock import parse_duration
from fauxtune.core.pki.issuance import issue_identity
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations.ca import authorities
from fauxtune.operations.ca import register as certificate_register
from fauxtune.operations.runtime.transaction import Transaction

#: Real devices' clocks differ: an identity is valid from a little before.
_BACKDATED = timedelta(minutes=10)


def digest(secret: str | bytes) -> str:
    """Return the SHA-256 of a token, a credential or a certificate (DER). Tokens and credentials are random, so that a
    plain hash is enough.
    """
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).hexdigest()


def issue_certificate(tx: Transaction, csr: bytes, *, common_name: str, keys: KeyStore) -> bytes:
    """Issue an identity certificate for the key of a PKCS#10 request; return its DER. Raises Invalid for a broken
    request.
    """
    authority = authorities.load(tx.connection, tx.tenant, name="devices", keys=keys)
    validity = parse_duration(str(tx.tenant.setting("identityValidity")))
    certificate = issue_identity(
        authority=authority,
        csr=csr,
        common_name=common_name,
        serial=tx.ids.serial(),
        not_before=tx.now - _BACKDATED,
        not_after=min(tx.now + validity, authority.certificate.not_valid_after_utc),
    )
    certificate_register.note(
        tx,
        certificate,
        authority_name="devices",
        subject=subject_text(certificate.subject),
        serial=serial_hex(certificate),
        thumbprint=thumbprint(certificate),
    )
    return certificate.public_bytes(Encoding.DER)
