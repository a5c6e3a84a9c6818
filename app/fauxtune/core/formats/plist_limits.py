"""Limits of a property list: larger ones than devices send are refused.

plistlib reads a binary object as often as it is referred to, so the objects of a binary list must not overlap, which is
checked before. Apple: "Property List Programming Guide"; CFBinaryPList.c (the binary format).
"""

from __future__ import annotations

import math
import struct

from fauxtune.core.errors import Invalid

#: A message of a real device nests six deep and has some thousand values (the list of its certificates).
DEEPEST = 32
MOST_VALUES = 20_000
TOO_LARGE = f"A property list must not have more than {MOST_VALUES} values, nor be nested deeper than {DEEPEST}."
#: Every value may have a key.
_MOST_ELEMENTS = 2 * MOST_VALUES
#: Integers have 64 bits, with a sign or without.
_SMALLEST, _GREATEST = -(2**63), 2**64 - 1
_TRAILER = struct.Struct(">6xBBQQQ")
_INTEGER, _REAL, _DATE, _DATA, _ASCII, _UTF16, _UID, _ARRAY, _SET, _DICT = 1, 2, 3, 4, 5, 6, 8, 10, 12, 13


def check_value(value: object) -> None:
    """Raise Invalid for a value that a writer can write but the database cannot hold."""
    if isinstance(value, str) and "\0" in value:
        raise Invalid("A text of the property list holds a NUL character.")
    if isinstance(value, int) and not _SMALLEST <= value <= _GREATEST:
        raise Invalid("An integer of the property list has more than 64 bits.")
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid("A real of the property list is not a finite number.")


def check_binary(body: bytes) -> None:
    """Raise Invalid for too many objects, or for ones that overlap: they would be read once for each reference.

    A malformed list passes, or raises struct.error, IndexError or ValueError.
    """
    width, reference, count, _top, table = _TRAILER.unpack(body[-_TRAILER.size :])
    if count > _MOST_ELEMENTS:
        raise Invalid(TOO_LARGE)
    size = references = 0
    for number in range(count):
        start = int.from_bytes(body[table + number * width : table + (number + 1) * width], "big")
        taken, referred = _object(body, start, reference=reference)
        size, references = size + taken, references + referred
        if size > len(body):
            raise Invalid("The objects of a binary property list must not overlap.")
        if references > _MOST_ELEMENTS:
            raise Invalid(TOO_LARGE)


def _object(body: bytes, start: int, *, reference: int) -> tuple[int, int]:
    """The number of bytes of the object at this offset, and the number of its references."""
    kind, low = body[start] >> 4, body[start] & 0x0F
    if kind in (_INTEGER, _REAL, _DATE):
        return 1 + (1 << low), 0
    if kind == _UID:
        return 2 + low, 0
    if kind not in (_DATA, _ASCII, _UTF16, _ARRAY, _SET, _DICT):
        return 1, 0
    length, head = low, 1
    if low == 0x0F:
        digits = 1 << (body[start + 1] & 0x0F)
        length, head = int.from_bytes(body[start + 2 : start + 2 + digits], "big"), 2 + digits
    if kind in (_DATA, _ASCII, _UTF16):
        return head + length * (2 if kind == _UTF16 else 1), 0
    references = length * (2 if kind == _DICT else 1)
    return head + references * reference, references
