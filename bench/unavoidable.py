"""The cryptography of one device that no server can omit, measured operation by operation: the floor of a fleet.

All keys are RSA-2048 except the key of the PKCS certificate, as in the measured fleet; processor time is measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

_TIMES = 40
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
_OAEP = OAEP(MGF1(hashes.SHA512()), hashes.SHA512(), None)


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of operations of each kind for one device."""

    #: Verified signatures of messages, requests and certificate requests.
    verified: int
    #: Signed identities and answers.
    signed: int
    #: Decrypted envelopes and passwords.
    decrypted: int
    #: Encrypted passwords, profiles and answers.
    encrypted: int
    #: Issued PKCS certificates, with key and PFX file.
    issued: float


def android() -> Counts:
    """The certificate request, the identity, and a delivered certificate with its password."""
    return Counts(verified=1, signed=1, decrypted=0, encrypted=1, issued=1)


def apple(*, imported: int) -> Counts:
    """SCEP (request, certificate request, identity, CertRep), 14 signed messages, and the delivered certificates."""
    return Counts(verified=16, signed=2, decrypted=1 + imported, encrypted=2 + imported, issued=1)


def windows(*, imported: int, issued: float = 1) -> Counts:
    """MS-WSTEP (certificate request, identity), 8 signed messages, and the delivered certificates. `issued`: the part
    of the devices that take a PKCS certificate.
    """
    return Counts(verified=9, signed=1, decrypted=imported, encrypted=1 + imported, issued=issued)


def seconds(counts: Counts) -> float:
    """The processor time of one device."""
    key = rsa.generate_private_key(65537, 2048)
    public, data = key.public_key(), b"m" * 500
    signature = key.sign(data, PKCS1v15(), hashes.SHA256())
    secret = public.encrypt(b"a-password-of-24-letters", _OAEP)
    return (
        counts.verified * _seconds_per_call(lambda: public.verify(signature, data, PKCS1v15(), hashes.SHA256()))
        + counts.signed * _seconds_per_call(lambda: key.sign(data, PKCS1v15(), hashes.SHA256()))
        + counts.decrypted * _seconds_per_call(lambda: key.decrypt(secret, _OAEP))
        + counts.encrypted * _seconds_per_call(lambda: public.encrypt(b"k" * 32, PKCS1v15()))
        + counts.issued * _seconds_per_call(lambda: _issue(key))
    )


def _issue(authority: rsa.RSAPrivateKey) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (x509.CertificateBuilder(_NAME, _NAME, key.public_key(), 1, _NOW, _NOW + timedelta(days=365))).sign(
        authority, hashes.SHA256()
    )
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .build(b"a-password-of-24-letters")
    )
    pkcs12.serialize_key_and_certificates(b"bench", key, certificate, None, encryption)


def _seconds_per_call(work: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(_TIMES):
        work()
    return (time.process_time() - start) / _TIMES
