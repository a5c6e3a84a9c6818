"""Limits of a property list, checked before it is read: larger ones than devices send are refused.

plistlib keeps everything that it reads, and reads a binary object as often as it is referred to. So the elements of XML
are counted first by a parser that keeps nothing, and the objects of a binary list must not overlap. Apple:
"Property List Programming Guide"; CFBinaryPList.c (the binary format).
"""

from __future__ import annotations

import struct
from xml.parsers import expat

from fauxtune.core.errors import Invalid

#: A message of a real device nests six deep and has some thousand values (the list of its certificates).
DEEPEST = 32
MOST_VALUES = 20_000
TOO_LARGE = f"A property list must not have more than {MOST_VALUES} values, nor be nested deeper than {DEEPEST}."
#: Every value may have a key.
_MOST_ELEMENTS = 2 * MOST_VALUES
#: `plist` has its version; no other element has attributes.
_MOST_ATTRIBUTES = 8
#: Line ends and references, at which an XML parser hands over what it has; and quotes, two for each attribute.
_MOST_MARKS = 100_000
_MARKS = (b"\n", b"\r", b"&", b'"', b"'")
_TRAILER = struct.Struct(">6xBBQQQ")
_INTEGER, _REAL, _DATE, _DATA, _ASCII, _UTF16, _UID, _ARRAY, _SET, _DICT = 1, 2, 3, 4, 5, 6, 8, 10, 12, 13


def check_xml(body: bytes) -> None:
    """Raise Invalid for too many elements, too deep ones, or a document type with declarations of its own (entities, or
    attributes for every element). Malformed XML passes: plistlib refuses it.
    """
    if sum(map(body.count, _MARKS)) > _MOST_MARKS:
        raise Invalid(f"A property list must not have more than {_MOST_MARKS} line ends, references and quotes.")
    parser = expat.ParserCreate()
    seen = depth = 0

    def doctype(*declared: object) -> None:
        if declared[-1]:
            raise Invalid("A property list must not declare entities or anything else in its document type.")

    def start(_name: str, attributes: dict[str, str]) -> None:
        nonlocal seen, depth
        seen, depth = seen + 1, depth + 1
        # One element more is around the values; keys are not deeper than their values.
        if seen > _MOST_ELEMENTS or depth > DEEPEST + 2 or len(attributes) > _MOST_ATTRIBUTES:
            raise Invalid(TOO_LARGE)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler, parser.StartElementHandler, parser.EndElementHandler = doctype, start, end
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):
        return  # plistlib refuses it with its reason


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
