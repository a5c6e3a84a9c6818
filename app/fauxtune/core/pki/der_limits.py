"""Limits for DER or BER from others, checked before a library parses it (X.690 8.1).

Parsers spend far too much time on some inputs: an object identifier costs the square of its length, a string in a
million empty pieces or a thousand levels costs seconds. So every reader of bytes from others (PFX, CMS, certificate
requests, certificates) checks them here first, in one pass over the headers of the elements, without recursion. The
content of a primitive element is skipped: if it is DER again (the inside of a PFX file, decrypted bytes), it is checked
by itself.
"""

from __future__ import annotations

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

_CONSTRUCTED, _LONG_TAG, _OPEN = 0x20, 0x1F, 0x80
_IDENTIFIER, _END = 0x06, 0x00


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
        if length >= _OPEN:
            length, place = _long(data, place, tag=tag)
        if tag & _CONSTRUCTED:
            outer.append(end if length >= 0 else ~end)
            end = place + length if length >= 0 else end
            if len(outer) > DEEPEST:
                raise ValueError(f"it is more than {DEEPEST} levels deep")
        elif tag == _END:
            end = _ended(outer, length)
        else:
            if tag == _IDENTIFIER and length > LONGEST_IDENTIFIER:
                raise ValueError(f"it has an object identifier of {length} bytes")
            place += length
    raise ValueError(f"it has more than {MOST_ELEMENTS} elements")


def _long(data: bytes, place: int, *, tag: int) -> tuple[int, int]:
    """A length of several bytes, and the position after it; -1 for an indefinite length."""
    digits = data[place - 1] - _OPEN
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
