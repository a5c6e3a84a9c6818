"""The gate: the bounds that foreign DER or BER must keep before any library reads it (X.690 8.1).

On some inputs parsers spend far too much time: an object identifier costs the square of its length, a string in a
million empty pieces or a thousand levels costs seconds. So every reader of bytes that others made (PFX,
CMS, certificate requests, certificates) passes them here first. One pass over the headers of the elements, without
recursion. The content of a primitive element is stepped over: where that is DER again (the inside of a PFX file, and
whatever was decrypted), it passes the gate on its own.
"""

from __future__ import annotations

#: Bytes. A PFX holds a key and its chain, about 5 KB; an OCSP request of 100 certificates has 8 KB. A signed message
#: must fit into a header, an envelope into a body: it may hold several PFX files. Differs from Intune: its documents
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


def admit(data: bytes, *, largest: int) -> bytes:
    """The bytes, unchanged. ValueError for more than `largest` of them, and where a bound above is not kept."""
    if len(data) > largest:
        raise ValueError(f"it has {len(data)} bytes, and {largest // 1024} KiB at most are read")
    try:
        _walk(data)
    except IndexError:
        raise ValueError("it ends too early") from None
    return data


def _walk(data: bytes) -> None:
    """One look at each header. `outer` are the ends of the elements around the present one; the complement of an end
    says that the element inside it has no length, and waits for its end mark.
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
    """A length of several bytes, and the place behind it; -1 for an element that has none."""
    digits = data[place - 1] - _OPEN
    if digits:
        return int.from_bytes(data[place : place + digits], "big"), place + digits
    if not tag & _CONSTRUCTED:
        raise ValueError("it has a value without a length")
    return -1, place


def _closed(outer: list[int], excess: int) -> int:
    """The end of the element around one that is over."""
    if excess or outer[-1] < 0:
        raise ValueError("it ends too early")
    return outer.pop()


def _ended(outer: list[int], length: int) -> int:
    """The end of the element around one that an end mark closes."""
    if length or not outer or outer[-1] >= 0:
        raise ValueError("it has an end mark where nothing is open")
    return ~outer.pop()
