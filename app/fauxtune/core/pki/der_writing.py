"""DER, written: elements with their length, and object identifiers (X.690 8.1 and 8.19).

asn1crypto writes the same bytes, and takes ten times as long for a message.
"""

from __future__ import annotations

from functools import lru_cache

from asn1crypto import core

INTEGER, OCTETS, IDENTIFIER, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
#: The element that says nothing.
NULL = b"\x05\x00"
#: Constructed, context-specific.
TAG_0, TAG_1 = 0xA0, 0xA1
_SHORT = 128


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
