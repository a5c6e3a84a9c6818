"""The reader of OCSP requests (RFC 6960 4.1, nonces as in RFC 9654): strict DER, without a general parser.

A general parser takes several times as long as the answer's signature, and a responder does little else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from fauxtune.core.pki.der_limits import LARGEST_OCSP_REQUEST
from fauxtune.core.pki.der_reading import Malformed, Part

#: Certificates and extensions in one request; the protocol sets no limit.
MOST_CERTIFICATES = 100
_MOST_EXTENSIONS = 20
#: RFC 5280 4.1.2.2 allows 20; a longer one was never issued.
_LONGEST_SERIAL = 64
_NONCE_SIZES = range(1, 129)
NONCE = bytes.fromhex("06092b0601050507300102")

_BOOLEAN, _INTEGER, _OCTETS, _NULL, _OID, _SEQUENCE = 0x01, 0x02, 0x04, 0x05, 0x06, 0x30


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
    whole = Part(message.take(_SEQUENCE))
    message.end()
    body = Part(whole.take(_SEQUENCE))
    _skip(whole, 0xA0)  # the signature
    whole.end()
    if body.tag == 0xA0:
        version = Part(body.take(0xA0))
        if version.take(_INTEGER) != b"\0":
            raise Malformed("this version is unknown")
        version.end()
    _skip(body, 0xA1)  # requestorName
    # One more than allowed is enough to refuse the request.
    certificates = tuple(islice(_asked(body.take(_SEQUENCE)), MOST_CERTIFICATES + 1))
    nonce = _nonce(body.take(0xA2)) if body.tag == 0xA2 else None
    body.end()
    if not 0 < len(certificates) <= MOST_CERTIFICATES:
        raise Malformed("no certificate, or too many")
    return OcspRequest(certificates, nonce)


def _asked(requests: bytes) -> Iterator[CertificateId]:
    part = Part(requests)
    while part.tag is not None:
        single = Part(part.take(_SEQUENCE))
        whole = single.take_whole(_SEQUENCE)
        _skip(single, 0xA0)  # extensions of a single request, none of which is known
        single.end()
        yield _certificate_id(whole)


def _certificate_id(whole: bytes) -> CertificateId:
    inside = Part(Part(whole).take(_SEQUENCE))
    algorithm = Part(inside.take(_SEQUENCE))
    oid = algorithm.take(_OID)
    if algorithm.tag is not None and algorithm.take(_NULL):
        raise Malformed("a hash has no parameters")
    algorithm.end()
    name, key, serial = inside.take(_OCTETS), inside.take(_OCTETS), inside.take(_INTEGER)
    inside.end()
    is_padded = len(serial) > 1 and (serial[0], serial[1] >> 7) in {(0x00, 0), (0xFF, 1)}
    if not 0 < len(serial) <= _LONGEST_SERIAL or is_padded:
        raise Malformed("this is no serial number")
    return CertificateId(whole, oid, name, key_hash=key, serial=int.from_bytes(serial, "big", signed=True))


def _nonce(extensions: bytes) -> bytes | None:
    """The one nonce among the extensions; other extensions are ignored."""
    outer = Part(extensions)
    part, nonce, seen = Part(outer.take(_SEQUENCE)), None, 0
    outer.end()
    while part.tag is not None:
        seen += 1
        if seen > _MOST_EXTENSIONS:
            raise Malformed("too many extensions")
        extension = Part(part.take(_SEQUENCE))
        oid = extension.take_whole(_OID)
        if extension.tag == _BOOLEAN:
            extension.take(_BOOLEAN)
        value = extension.take(_OCTETS)
        extension.end()
        if oid == NONCE:
            inner = Part(value)
            if nonce is not None or len(inner.take(_OCTETS)) not in _NONCE_SIZES:
                raise Malformed("a nonce is one OCTET STRING of 1 to 128 octets")
            inner.end()
            nonce = value
    return nonce


def _skip(part: Part, tag: int) -> None:
    if part.tag == tag:
        part.take(tag)
