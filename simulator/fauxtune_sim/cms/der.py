"""A reader of DER, and of the BER in which some programs write CMS (X.690; RFC 5652 allows both). And what reading and
writing CMS share: the errors of damaged messages, and what a certificate is named by.

Only what CMS needs: tags of one byte, lengths of up to four. Elements are positions in the bytes, so nothing is copied
or looked at before somebody asks for it. asn1crypto, with which envelopes are written, reads ten times slower.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import subject, subject_key_identifier

BOOLEAN, INTEGER, OCTET_STRING, OBJECT_IDENTIFIER = 0x01, 0x02, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
#: The bit of a tag that says that elements are inside.
CONSTRUCTED = 0x20
#: The tags of elements whose type the context tells: `CONTEXT | n`, with CONSTRUCTED if elements are inside.
CONTEXT = 0x80
_LONGEST_LENGTH = 4
#: Bytes. The longest that CMS names has 11.
_LONGEST_IDENTIFIER = 64
#: Elements in one another, and elements of one message in BER: programs cut content into pieces of 1,000 bytes.
_DEEPEST, _MOST = 32, 200_000
#: The exceptions that reading a damaged or hostile structure can raise.
DAMAGE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    InvalidSignature,
    InvalidUnwrap,
    UnsupportedAlgorithm,
)


class IndefiniteLength(ValueError):
    """An element has no length (X.690 8.1.3.6): `with_lengths` has to rewrite the message first."""


class Element:
    """An element at a position in `source`: its tag, and where it and its content begin and end."""

    __slots__ = ("begin", "content_begin", "end", "source", "tag")

    def __init__(self, source: bytes, begin: int, *, limit: int) -> None:
        """Read tag and length. Raises ValueError if the element does not end before `limit`, IndefiniteLength."""
        try:
            tag, length = source[begin], source[begin + 1]
        except IndexError:
            raise ValueError("an element is cut off") from None
        if tag & 0x1F == 0x1F:
            raise ValueError("an element has a tag that CMS does not use")
        content_begin = begin + 2
        if length >= 0x80:
            digits = length & 0x7F
            if not digits:
                raise IndefiniteLength("an element has no length")
            if digits > _LONGEST_LENGTH:
                raise ValueError("an element is too long")
            content_begin += digits
            length = int.from_bytes(source[begin + 2 : content_begin], "big")
        self.source = source
        self.tag = tag
        self.begin = begin
        self.content_begin = content_begin
        self.end = content_begin + length
        if self.end > limit:
            raise ValueError("an element is cut off")

    @property
    def content(self) -> bytes:
        """The bytes after tag and length."""
        return self.source[self.content_begin : self.end]

    @property
    def encoding(self) -> bytes:
        """All bytes, tag and length included."""
        return self.source[self.begin : self.end]

    def children(self, tag: int | None = None) -> list[Element]:
        """Return the elements inside. Raises ValueError if this has another tag, or if no elements are inside."""
        if not self.tag & CONSTRUCTED or (tag is not None and self.tag != tag):
            raise ValueError(f"an element has the tag {self.tag:02x}" + ("" if tag is None else f", not {tag:02x}"))
        source, at, end = self.source, self.content_begin, self.end
        elements: list[Element] = []
        for _ in range(_MOST):
            if at >= end:
                return elements
            element = Element(source, at, limit=end)
            elements.append(element)
            at = element.end
        raise ValueError(f"an element has more than {_MOST} elements inside")

    def only_child(self, tag: int | None = None) -> Element:
        """Return the one element inside. Raises ValueError for another tag, or another number of elements."""
        (element,) = self.children(tag)
        return element

    def has_tag(self, tag: int) -> Element:
        """Return the element itself. Raises ValueError if it has another tag."""
        if self.tag != tag:
            raise ValueError(f"an element has the tag {self.tag:02x}, not {tag:02x}")
        return self

    def octets(self, tag: int = OCTET_STRING) -> bytes:
        """Return the content of an octet string, which BER may cut into pieces (X.690 8.7.3). `tag`: an implicit one.

        Raises ValueError for an element of another type.
        """
        if self.tag == tag:
            return self.content
        if self.tag != tag | CONSTRUCTED:
            raise ValueError(f"an element has the tag {self.tag:02x}, not {tag:02x}")
        return b"".join(piece.octets() for piece in self.children())

    def integer(self) -> int:
        """Return the number of an INTEGER."""
        return int.from_bytes(self.has_tag(INTEGER).content, "big", signed=True)

    def identifier(self) -> bytes:
        """Return the content of an OBJECT IDENTIFIER: compare it with what `identifier` makes of dotted text."""
        return self.has_tag(OBJECT_IDENTIFIER).content

    def time(self) -> datetime:
        """Return the time of a UTCTime or GeneralizedTime: in UTC and with seconds, as RFC 5652 11.3 asks."""
        text = self.content.decode("ascii")
        if self.tag == UTC_TIME:
            text = ("19" if text[:2] >= "50" else "20") + text
        elif self.tag != GENERALIZED_TIME:
            raise ValueError(f"an element has the tag {self.tag:02x}, which is no time")
        if len(text) != 15 or text[14] != "Z" or not text[:14].isdigit():
            raise ValueError(f"the time {text} is not in UTC and with seconds")
        year, *rest = int(text[:4]), *(int(text[at : at + 2]) for at in range(4, 14, 2))
        month, day, hour, minute, second = rest
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def load(data: bytes) -> Element:
    """Return the first element of the bytes. Raises ValueError for other bytes, IndefiniteLength."""
    return Element(data, 0, limit=len(data))


def identifier(dotted: str) -> bytes:
    """Return the content of the OBJECT IDENTIFIER that is written like `1.2.840.113549.1.7.1`."""
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray()
    for number in (first * 40 + second, *rest):
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        content += bytes(reversed(digits))
    return bytes(content)


def dotted(content: bytes) -> str:
    """Return an OBJECT IDENTIFIER's content as text: `1.2.840.113549.1.7.1`. Raises ValueError for a long one."""
    if len(content) > _LONGEST_IDENTIFIER:
        raise ValueError("an object identifier is too long")
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first, *rest = numbers or [0]
    head = min(first // 40, 2)
    return ".".join(map(str, (head, first - head * 40, *rest)))


def with_lengths(data: bytes) -> bytes:
    """Return the first element with a length in place of each mark of an end. Raises ValueError if it is damaged."""
    return _Rewriting(data).element(0, depth=0)[0]


class _Rewriting:
    """The rewriting of one message."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._elements = 0

    def element(self, at: int, *, depth: int) -> tuple[bytes, int]:
        """Return the element at a position with lengths in it, and the position after it."""
        data = self._data
        self._elements += 1
        if depth > _DEEPEST or self._elements > _MOST:
            raise ValueError(f"it has more than {_DEEPEST} layers or {_MOST} elements")
        try:
            element = Element(data, at, limit=len(data))
        except IndefiniteLength:
            return self._until_mark(at, depth=depth)
        if not element.tag & CONSTRUCTED:
            return element.encoding, element.end
        pieces, at = [], element.content_begin
        while at < element.end:
            piece, at = self.element(at, depth=depth + 1)
            pieces.append(piece)
        if at != element.end:
            raise ValueError("an element is longer than the one around it")
        return encoded(element.tag, *pieces), at

    def _until_mark(self, at: int, *, depth: int) -> tuple[bytes, int]:
        data, tag, pieces = self._data, self._data[at], []
        if not tag & CONSTRUCTED:
            raise ValueError("an element without elements inside has no length")
        at += 2
        while data[at : at + 2] != b"\0\0":
            piece, at = self.element(at, depth=depth + 1)
            pieces.append(piece)
        return encoded(tag, *pieces), at + 2


def encoded(tag: int, *pieces: bytes) -> bytes:
    """Return an element with these bytes inside, as DER."""
    length = sum(map(len, pieces))
    if length < 0x80:
        head = bytes((tag, length))
    else:
        digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
        head = bytes((tag, 0x80 | len(digits))) + digits
    return b"".join((head, *pieces))


def issuer_and_serial(certificate: x509.Certificate) -> dict[str, Any]:
    """The IssuerAndSerialNumber of a certificate, for asn1crypto."""
    return {
        "issuer": asn1_x509.Name.load(certificate.issuer.public_bytes()),
        "serial_number": certificate.serial_number,
    }


def required_key_identifier(certificate: x509.Certificate) -> bytes:
    """The subject key identifier of a certificate. Raises CmsRefused without one."""
    identifier = subject_key_identifier(certificate)
    if identifier is None:
        raise CmsRefused(f"{subject(certificate)} has no subject key identifier: name it by issuer and serial number")
    return identifier
