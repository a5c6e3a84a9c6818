"""What a device proves itself with: a bearer credential (Android) or its identity certificate (Apple, Windows). Either
is known by its SHA-256.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.clock import parse_duration
from fauxtune.core.pki.issuance import BACKDATED, issue_identity
from fauxtune.operations.ca import authorities
from fauxtune.operations.ca import register as certificate_register
from fauxtune.operations.runtime.transaction import Transaction


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
        not_before=tx.now - BACKDATED,
        not_after=min(tx.now + validity, authority.certificate.not_valid_after_utc),
    )
    certificate_register.note(tx, certificate, authority_name="devices")
    return certificate.public_bytes(Encoding.DER)
