"""Online certificate status (RFC 6960, nonces as in RFC 9654): a request's bytes in, an answer's bytes out.

Requests are read as strict DER, without a general parser: one takes several times as long as the answer's signature,
and a responder does little else. `write_request` asks about several certificates of one authority, where
cryptography's own builder writes requests about one.

What is answered for a certificate is decided here; `operations.ca.crl_and_ocsp` says what the register knows of it.
A delegated responder signs (4.2.2.2): its certificate, which each answer contains, was issued by the authority itself
for this purpose. The DER is written here and not by cryptography's builder, because that writes the system's time as
`producedAt`, and here it is the tenant's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from asn1crypto.core import Integer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.pki.authority import Authority, PrivateKey, key_bits, signature
from fauxtune.core.pki.crl import REASONS
from fauxtune.core.pki.der import (
    IDENTIFIER,
    INTEGER,
    LARGEST_OCSP_REQUEST,
    NULL,
    OCTETS,
    SEQUENCE,
    Malformed,
    Part,
    element,
    identifier,
)

#: Certificates and extensions in one request; the protocol sets no limit.
MOST_CERTIFICATES = 100
_MOST_EXTENSIONS = 20
#: RFC 5280 4.1.2.2 allows 20; a longer one was never issued.
_LONGEST_SERIAL = 64
_NONCE_SIZES = range(1, 129)
NONCE = bytes.fromhex("06092b0601050507300102")

_BOOLEAN, _NULL = 0x01, 0x05
_SHA_1 = "1.3.14.3.2.26"
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
class CertificateId:
    """The CertID of a certificate in a request. `der` is the whole CertID, `algorithm` the hash's OID
    without its tag.
    """

    der: bytes
    algorithm: bytes
    name_hash: bytes
    key_hash: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """A request. `nonce` is the whole extension, to be echoed."""

    certificates: tuple[CertificateId, ...]
    nonce: bytes | None = None


def read_request(data: bytes) -> OcspRequest:
    """Read a request. Raises Malformed for anything else. Its signature and its requestorName are not read."""
    if len(data) > LARGEST_OCSP_REQUEST:
        raise Malformed(f"it has more than {LARGEST_OCSP_REQUEST // 1024} KiB")
    message = Part(data)
    whole = Part(message.take(SEQUENCE))
    message.end()
    body = Part(whole.take(SEQUENCE))
    _skip(whole, 0xA0)  # the signature
    whole.end()
    if body.tag == 0xA0:
        version = Part(body.take(0xA0))
        if version.take(INTEGER) != b"\0":
            raise Malformed("this version is unknown")
        version.end()
    _skip(body, 0xA1)  # requestorName
    # One more than allowed is enough to refuse the request.
    certificates = tuple(islice(_asked(body.take(SEQUENCE)), MOST_CERTIFICATES + 1))
    nonce = _nonce(body.take(0xA2)) if body.tag == 0xA2 else None
    body.end()
    if not 0 < len(certificates) <= MOST_CERTIFICATES:
        raise Malformed("no certificate, or too many")
    return OcspRequest(certificates, nonce)


def _asked(requests: bytes) -> Iterator[CertificateId]:
    part = Part(requests)
    while part.tag is not None:
        single = Part(part.take(SEQUENCE))
        whole = single.take_whole(SEQUENCE)
        _skip(single, 0xA0)  # extensions of a single request, none of which is known
        single.end()
        yield _certificate_id(whole)


def _certificate_id(whole: bytes) -> CertificateId:
    inside = Part(Part(whole).take(SEQUENCE))
    algorithm = Part(inside.take(SEQUENCE))
    oid = algorithm.take(IDENTIFIER)
    if algorithm.tag is not None and algorithm.take(_NULL):
        raise Malformed("a hash has no parameters")
    algorithm.end()
    name, key, serial = inside.take(OCTETS), inside.take(OCTETS), inside.take(INTEGER)
    inside.end()
    is_padded = len(serial) > 1 and (serial[0], serial[1] >> 7) in {(0x00, 0), (0xFF, 1)}
    if not 0 < len(serial) <= _LONGEST_SERIAL or is_padded:
        raise Malformed("this is no serial number")
    return CertificateId(whole, oid, name, key_hash=key, serial=int.from_bytes(serial, "big", signed=True))


def _nonce(extensions: bytes) -> bytes | None:
    """The one nonce among the extensions; other extensions are ignored."""
    outer = Part(extensions)
    part, nonce, seen = Part(outer.take(SEQUENCE)), None, 0
    outer.end()
    while part.tag is not None:
        seen += 1
        if seen > _MOST_EXTENSIONS:
            raise Malformed("too many extensions")
        extension = Part(part.take(SEQUENCE))
        oid = extension.take_whole(IDENTIFIER)
        if extension.tag == _BOOLEAN:
            extension.take(_BOOLEAN)
        value = extension.take(OCTETS)
        extension.end()
        if oid == NONCE:
            inner = Part(value)
            if nonce is not None or len(inner.take(OCTETS)) not in _NONCE_SIZES:
                raise Malformed("a nonce is one OCTET STRING of 1 to 128 octets")
            inner.end()
            nonce = value
    return nonce


def _skip(part: Part, tag: int) -> None:
    if part.tag == tag:
        part.take(tag)


def write_request(certificates: Iterable[x509.Certificate], *, issuer: x509.Certificate) -> bytes:
    """Return a request about these certificates, without a nonce; SHA-1 names the issuer, as most clients do."""
    key = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest
    name = hashlib.sha1(issuer.subject.public_bytes(), usedforsecurity=False).digest()
    algorithm = element(SEQUENCE, identifier(_SHA_1), NULL)
    known = algorithm + element(OCTETS, name) + element(OCTETS, key)
    singles = [
        element(SEQUENCE, element(SEQUENCE, known, Integer(certificate.serial_number).dump()))
        for certificate in certificates
    ]
    return element(SEQUENCE, element(SEQUENCE, element(SEQUENCE, *singles)))


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
