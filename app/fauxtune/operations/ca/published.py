"""What an authority publishes, read back as a client reads it: its CRL (RFC 5280 5) and its OCSP answers (RFC 6960)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.authority import key_bits
from fauxtune.operations.ca import authorities, crl_and_ocsp
from fauxtune.operations.runtime.emulator import Emulator

#: RFC 5280 4.1.2.2: at most 20 octets.
_LARGEST_SERIAL = 2**159


@dataclass(frozen=True, slots=True)
class PublishedCrl:
    """A CRL: its number, from when to when it is the newest, how many certificates it names, and its size in bytes."""

    number: int
    this_update: datetime
    next_update: datetime | None
    entries: int
    size: int


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """An answer about one certificate. `status`: good, revoked or unknown; `until`: how long clients may keep it."""

    status: str
    revoked_at: datetime | None
    reason: str | None
    at: datetime
    until: datetime | None


async def read_crl(emulator: Emulator, tenant: Tenant, *, name: str) -> PublishedCrl:
    """Return what the authority's CRL says now. Raises Unavailable while it is off line."""
    der = await crl_and_ocsp.crl(emulator, tenant, name=name)
    crl = x509.load_der_x509_crl(der)
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return PublishedCrl(number, crl.last_update_utc, crl.next_update_utc, len(crl), len(der))


async def ask_ocsp(emulator: Emulator, tenant: Tenant, *, name: str, serial: str) -> OcspAnswer:
    """Ask the authority's responder for a certificate by its serial number, in hexadecimal. Raises Invalid for another
    text, Unavailable while the authority is off line.
    """
    certificate = await emulator.runner.read(authorities.certificate, tenant, name=name)
    key: Any = certificate.public_key()
    # SHA-1 is what clients identify issuers by: RFC 5019 2.1.1.
    request = (
        ocsp.OCSPRequestBuilder()
        .add_certificate_by_hash(
            hashlib.sha1(certificate.subject.public_bytes()).digest(),  # noqa: S324
            hashlib.sha1(key_bits(key)).digest(),  # noqa: S324
            _number(serial),
            hashes.SHA1(),  # noqa: S303
        )
        .build()
    )
    der = await crl_and_ocsp.ocsp(emulator, tenant, name=name, request=request.public_bytes(Encoding.DER))
    answer = ocsp.load_der_ocsp_response(der)
    reason = answer.revocation_reason
    return OcspAnswer(
        status=answer.certificate_status.name.lower(),
        revoked_at=answer.revocation_time_utc,
        reason=None if reason is None else reason.value,
        at=answer.this_update_utc,
        until=answer.next_update_utc,
    )


def _number(serial: str) -> int:
    digits = serial.replace(":", "").replace(" ", "")
    try:
        number = int(digits[:64], 16)
    except ValueError:
        number = 0
    if not 0 < number < _LARGEST_SERIAL:
        raise Invalid("A serial number has 1 to 40 hexadecimal digits, as certificates show it.", target="serial")
    return number
