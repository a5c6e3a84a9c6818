"""DER: the limits for what others send, a strict reader, and a writer (X.690 8.1, 8.19 and 10.1).

Parsers spend far too much time on some inputs: an object identifier costs the square of its length, a string in a
million empty pieces or a thousand levels costs seconds. So every reader of bytes from others (PFX, CMS, certificate
requests, certificates) checks them with `check_limits` first, in one pass over the headers of the elements, without
recursion. The content of a primitive element is skipped: if it is DER again (the inside of a PFX file, decrypted
bytes), it is checked by itself.

`Part` reads tags of one byte, and definite lengths in their shortest form. asn1crypto, which reads and writes all of
ASN.1, takes ten times as long for either.
"""

from __future__ import annotations

from functools import lru_cache

from asn1crypto import core

#: Bytes. A PFX contains a key and its chain, about 5 KB; an OCSP request of 100 certificates has 8 KB. A signed message
#: must fit into a header, an envelope into a body: it may contain several PFX files. Differs from Intune: its documents
#: name no limit.
LARGEST_PFX = 256 * 1024
LARGEST_MESSAGE = 64 * 1024
LARGEST_ENVELOPE = 4 * 1024 * 1024
LARGEST_CERTIFICATE = 64 * 1024
LARGEST_OCSP_REQUEST = 16 * 1024

#: A certificate has about 100 elements, a message with its signer's certificate 150. A string in as many pieces takes
#: asn1crypto a few milliseconds.
MOST_ELEMENTS = 2_000
#: Levels.
DEEPEST = 32
#: Bytes. Real object identifiers have a dozen.
LONGEST_IDENTIFIER = 64

INTEGER, OCTETS, IDENTIFIER, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
#: The element that says nothing.
NULL = b"\x05\x00"
#: Constructed, context-specific.
TAG_0, TAG_1 = 0xA0, 0xA1
_SHORT = 128

_CONSTRUCTED, _LONG_TAG, _LONG_LENGTH, _END = 0x20, 0x1F, 0x80, 0x00


def check_limits(data: bytes, *, largest: int) -> bytes:
    """Return the bytes unchanged. Raises ValueError for more than `largest` bytes, or beyond another limit above."""
    try:
        _walk(check_size(data, largest=largest))
    except IndexError:
        raise ValueError("it ends too early") from None
    return data


def check_size(data: bytes, *, largest: int) -> bytes:
    """Return the bytes unchanged. Raises ValueError for more than `largest` bytes."""
    if len(data) > largest:
        raise ValueError(f"it has {len(data)} bytes, and {largest // 1024} KiB at most are read")
    return data


def _walk(data: bytes) -> None:
    """Check each header once. `outer` are the ends of the elements around the present one; the complement of an end
    means that the element inside it has an indefinite length, and ends with its end mark.
    """
    place, end = 0, len(data)
    outer: list[int] = []
    for _ in range(MOST_ELEMENTS + 1):
        while place >= end:
            if not outer and place == end:
                return
            end = _closed(outer, place - end)
        tag, length = data[place], data[place + 1]
        place += 2
        if tag & _LONG_TAG == _LONG_TAG:
            raise ValueError("it has an element with a tag of several bytes")
        if length >= _LONG_LENGTH:
            length, place = _long(data, place, tag=tag)
        if tag & _CONSTRUCTED:
            outer.append(end if length >= 0 else ~end)
            end = place + length if length >= 0 else end
            if len(outer) > DEEPEST:
                raise ValueError(f"it is more than {DEEPEST} levels deep")
        elif tag == _END:
            end = _ended(outer, length)
        else:
            if tag == IDENTIFIER and length > LONGEST_IDENTIFIER:
                raise ValueError(f"it has an object identifier of {length} bytes")
            place += length
    raise ValueError(f"it has more than {MOST_ELEMENTS} elements")


def _long(data: bytes, place: int, *, tag: int) -> tuple[int, int]:
    """A length of several bytes, and the position after it; -1 for an indefinite length."""
    digits = data[place - 1] - _LONG_LENGTH
    if digits:
        return int.from_bytes(data[place : place + digits], "big"), place + digits
    if not tag & _CONSTRUCTED:
        raise ValueError("it has a value without a length")
    return -1, place


def _closed(outer: list[int], excess: int) -> int:
    """The end of the element around one that has ended."""
    if excess or outer[-1] < 0:
        raise ValueError("it ends too early")
    return outer.pop()


def _ended(outer: list[int], length: int) -> int:
    """The end of the element around one that an end mark has closed."""
    if length or not outer or outer[-1] >= 0:
        raise ValueError("it has an end mark where nothing is open")
    return ~outer.pop()


class Malformed(ValueError):
    """The bytes are not DER, or not of the structure that is read."""


class Part:
    """A part of a message, read from front to back. All methods raise Malformed for other elements than they read."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def tag(self) -> int | None:
        """The tag of the next element; None at the end."""
        return self._data[self._at] if self._at < len(self._data) else None

    def take(self, tag: int) -> bytes:
        """The content of the next element, which must have this tag."""
        start, stop = self._bounds(tag)
        self._at = stop
        return self._data[start:stop]

    def take_whole(self, tag: int) -> bytes:
        """The next element, which must have this tag, with tag and length."""
        begin = self._at
        _, stop = self._bounds(tag)
        self._at = stop
        return self._data[begin:stop]

    def take_last(self, tag: int) -> bytes:
        """The content of the last element, which must have this tag."""
        content = self.take(tag)
        self.end()
        return content

    def take_rest(self, tag: int | None = None, *, most: int) -> list[bytes]:
        """All other elements with tag and length, at most so many: those with this tag, or with any."""
        elements: list[bytes] = []
        while (present := self.tag) is not None:
            if len(elements) == most:
                raise Malformed("it has too many elements")
            elements.append(self.take_whole(present if tag is None else tag))
        return elements

    def skip(self, element: bytes) -> None:
        """Pass over the next element, which must be this one."""
        if not self._data.startswith(element, self._at):
            raise Malformed("another element is expected")
        self._at += len(element)

    def end(self) -> None:
        """Check that there is no other element."""
        if self._at != len(self._data):
            raise Malformed("there is more than there should be")

    def _bounds(self, tag: int) -> tuple[int, int]:
        data, at = self._data, self._at
        if len(data) < at + 2 or data[at] != tag or tag & _LONG_TAG == _LONG_TAG:
            raise Malformed(f"an element with the tag {tag:#x} is expected")
        length, start = data[at + 1], at + 2
        if length >= _LONG_LENGTH:
            size = length - _LONG_LENGTH
            length = int.from_bytes(data[start : start + size], "big")
            start += size
            # DER: the shortest form, and never indefinite.
            if size not in (1, 2, 3, 4) or length < _LONG_LENGTH or length >> (8 * (size - 1)) == 0:
                raise Malformed("a length is not as DER writes it")
        if start + length > len(data):
            raise Malformed("it ends too early")
        return start, start + length


def element(tag: int, *parts: bytes) -> bytes:
    """Return an element of these parts."""
    content = b"".join(parts)
    size = len(content)
    if size < _SHORT:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT | len(length))) + length + content


@lru_cache(maxsize=64)
def identifier(dotted: str) -> bytes:
    """Return an object identifier."""
    return bytes(core.ObjectIdentifier(dotted).dump())
