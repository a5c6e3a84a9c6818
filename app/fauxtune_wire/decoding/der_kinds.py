"""Which kind of DER or BER some bytes are, by their outermost elements, and one line that names them.

Nothing is parsed to decide the kind, so that a private key is known as one even if it is malformed further inside. RFC
5280 (certificates, CRL), RFC 2986 (requests), RFC 5652 (CMS), RFC 7292 (PKCS#12), RFC 5958, 8017 and 5915 (keys), RFC
6960 (OCSP).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.core.pki.names import subject_text
from fauxtune_wire.decoding.parts import counted

_INTEGER, _BITS, _OCTETS, _OID, _ENUMERATED = 0x02, 0x03, 0x04, 0x06, 0x0A
_UTC_TIME, _TIME, _SEQUENCE, _SET, _FIRST = 0x17, 0x18, 0x30, 0x31, 0xA0
_LONG = 0x80
_MOST_CHILDREN = 8


class DerKind(StrEnum):
    """What the bytes are, in words."""

    CERTIFICATE = "certificate"
    REQUEST = "certificate request"
    CRL = "CRL"
    CMS = "CMS message"
    PFX = "PKCS#12 file"
    PRIVATE_KEY = "private key"
    PUBLIC_KEY = "public key"
    OCSP_REQUEST = "OCSP request"
    OCSP_RESPONSE = "OCSP response"

    @property
    def is_readable(self) -> bool:
        """Whether it is worth a part of its own."""
        return self in (DerKind.CERTIFICATE, DerKind.REQUEST, DerKind.CRL, DerKind.CMS)


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    content: bytes

    def children(self) -> list[_Element]:
        """The first elements inside; none after one that cannot be read."""
        data, place, children = self.content, 0, list[_Element]()
        while len(children) < _MOST_CHILDREN and place + 2 <= len(data):
            tag, length = data[place], data[place + 1]
            place += 2
            if length > _LONG:
                digits = length - _LONG
                length, place = int.from_bytes(data[place : place + digits], "big"), place + digits
            elif length == _LONG:  # indefinite: to the end of what is around it
                length = len(data) - place
            children.append(_Element(tag, data[place : place + length]))
            place += length
        return children


def kind_of(data: bytes) -> DerKind | None:
    """Return the kind; None for bytes of no kind that is known."""
    if len(data) < 4 or data[0] != _SEQUENCE:
        return None
    outer = _Element(0, data).children()
    inner = outer[0].children() if outer else []
    match [element.tag for element in inner]:
        case [0x06, *_]:
            return DerKind.CMS
        case [0x0A, *_]:
            return DerKind.OCSP_RESPONSE
        case [0x02, 0x30, *_]:
            return DerKind.PFX if inner[0].content == b"\3" else DerKind.PRIVATE_KEY
        case [0x02, 0x02 | 0x04, *_]:
            return DerKind.PRIVATE_KEY
        case [0x30, 0x03]:
            return DerKind.PUBLIC_KEY
        case [0x30, 0x04]:
            return DerKind.PRIVATE_KEY
        case [0x30] | [0x30, 0xA0]:
            return DerKind.OCSP_REQUEST
        case [0x30, 0x30, 0x03]:
            return _signed(inner[0].children())
    return None


def _signed(fields: list[_Element]) -> DerKind:
    """The kind of what has a signature after it: certificate, request, or CRL."""
    tags = [field.tag for field in fields]
    match tags:
        case [0x30, *_]:
            return DerKind.CRL
        case [0x02, 0x30, 0x30, 0x17 | 0x18, *_]:
            return DerKind.CRL
        case [0x02, 0x30, 0x30, *_] if not any(child.tag == _OID for child in fields[1].children()[:1]):
            return DerKind.REQUEST
    return DerKind.CERTIFICATE


def summary(data: bytes, kind: DerKind | None) -> str:
    """Name the bytes in one line: "certificate of CN=Contoso Root CA, 777 bytes"."""
    size = counted(len(data), "byte")
    if kind is not DerKind.CERTIFICATE:
        return f"{kind}, {size}" if kind else size
    try:
        return f"certificate of {subject_text(certificate_from(data).subject) or 'no name'}, {size}"
    except Invalid:
        return f"certificate that cannot be read, {size}"
