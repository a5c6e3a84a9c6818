"""Online certificate status (RFC 6960, nonces as in RFC 9654): a request's bytes in, an answer's bytes out.

What is answered for a certificate is decided here; `operations.ca.crl_and_ocsp` says what the register knows of it.

A delegated responder signs (4.2.2.2): its certificate, which each answer contains, was issued by the authority itself
for this purpose. The DER is written here and not by cryptography's builder, because that writes the system's time as
`producedAt`, and here it is the tenant's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.pki.authority import Authority, PrivateKey, key_bits, signature
from fauxtune.core.pki.crl import REASONS
from fauxtune.core.pki.der_reading import Malformed
from fauxtune.core.pki.der_writing import element
from fauxtune.core.pki.ocsp_request import NONCE, CertificateId, OcspRequest, read_request

#: OID (without tag) -> a hash by which a request may identify an authority.
_HASHES = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040204"): "sha224",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_BASIC = bytes.fromhex("06092b0601050507300101")
_SUCCESSFUL, _MALFORMED, _UNAUTHORIZED = 0, 1, 6


@dataclass(frozen=True, slots=True)
class Status:
    """The status of an issued certificate: revoked at a moment for a reason, else good."""

    revoked_at: datetime | None = None
    reason: str = "unspecified"


Lookup = Callable[[int], Status | None]


@dataclass(frozen=True, slots=True)
class Responder:
    """The responder of one authority, with its own `certificate`, which the authority issued. The rest are parts of
    answers: its ResponderID, the hashes by which a request may identify the authority, and its certificate.
    """

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    identifier: bytes = field(repr=False)
    names: dict[str, tuple[bytes, bytes]] = field(repr=False)
    chain: bytes = field(repr=False)

    @classmethod
    def of(cls, authority: Authority, *, certificate: x509.Certificate, key: PrivateKey) -> Responder:
        """Prepare the responder, with everything that is the same in all answers."""
        subject, bits = authority.certificate.subject.public_bytes(), key_bits(authority.key.public_key())
        names = {
            digest: (hashlib.new(digest, subject).digest(), hashlib.new(digest, bits).digest())
            for digest in _HASHES.values()
        }
        own = key_bits(key.public_key())
        # SHA-1 is prescribed by RFC 6960 4.2.1.
        identifier = element(0xA2, element(0x04, hashlib.sha1(own).digest()))  # noqa: S324
        chain = element(0xA0, element(0x30, certificate.public_bytes(Encoding.DER)))
        return cls(certificate=certificate, key=key, identifier=identifier, names=names, chain=chain)

    def answers_for(self, certificate_id: CertificateId) -> bool:
        """Whether the authority issued the certificate, by the hashes of its name and key."""
        return self.names.get(_HASHES.get(certificate_id.algorithm, "")) == (
            certificate_id.name_hash,
            certificate_id.key_hash,
        )

    def signed(self, data: bytes) -> bytes:
        """A successful answer with this ResponseData."""
        algorithm = _RSA_SHA256 if isinstance(self.key, RSAPrivateKey) else _ECDSA_SHA256
        proof = element(0x03, b"\0" + signature(self.key, data))
        basic = element(0x30, data + algorithm + proof + self.chain)
        body = element(0xA0, element(0x30, _BASIC + element(0x04, basic)))
        return element(0x30, element(0x0A, bytes([_SUCCESSFUL])) + body)


def answer(
    request: bytes, *, responder: Responder, lookup: Lookup, at: datetime, next_update: datetime | None
) -> bytes:
    """Answer a request with a response as DER; never raises on a bad request.

    `lookup` gets a serial number, and returns None for one that was never issued (status `unknown`). Bytes that are not
    a request, or contain a nonce outside of 1 to 128 octets, are answered `malformedRequest`; a request about another
    authority's certificates `unauthorized`. The nonce is echoed. `at` becomes thisUpdate and producedAt.
    """
    try:
        question = read_request(request)
    except Malformed:
        return malformed()
    return answer_request(question, responder=responder, lookup=lookup, at=at, next_update=next_update)


def answer_request(
    question: OcspRequest, *, responder: Responder, lookup: Lookup, at: datetime, next_update: datetime | None
) -> bytes:
    """Answer a request that was read before."""
    if not all(responder.answers_for(certificate) for certificate in question.certificates):
        return _refusal(_UNAUTHORIZED)
    moment = _time(at)
    valid = moment if next_update is None else moment + element(0xA0, _time(next_update))
    singles = b"".join(
        element(0x30, certificate.der + _status(lookup(certificate.serial)) + valid)
        for certificate in question.certificates
    )
    data = responder.identifier + moment + element(0x30, singles)
    if question.nonce is not None:
        data += element(0xA1, element(0x30, element(0x30, NONCE + element(0x04, question.nonce))))
    return responder.signed(element(0x30, data))


def malformed() -> bytes:
    """The answer to bytes that are not a request."""
    return _refusal(_MALFORMED)


def _status(status: Status | None) -> bytes:
    if status is None:
        return b"\x82\x00"
    if status.revoked_at is None:
        return b"\x80\x00"
    reason = b""
    if status.reason != "unspecified":
        reason = element(0xA0, element(0x0A, bytes([REASONS[status.reason]])))
    return element(0xA1, _time(status.revoked_at) + reason)


def _time(moment: datetime) -> bytes:
    return element(0x18, f"{moment.astimezone(UTC):%Y%m%d%H%M%S}Z".encode())


def _refusal(status: int) -> bytes:
    return element(0x30, element(0x0A, bytes([status])))
