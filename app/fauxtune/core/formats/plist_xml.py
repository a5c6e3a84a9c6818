"""XML property lists, and the limits of all property lists: larger ones than devices send are refused.

An XML list is read within the limits: what is too much is refused before it is kept. It reads what plistlib reads, to
the same values (tests/core/formats/test_plist.py), in less than half of the time: a text comes in one piece, and
nothing is looked at twice. A binary list is checked before plistlib reads it, which reads an object as often as it is
referred to: its objects must not overlap.

Apple: "Property List Programming Guide"; CFBinaryPList.c (the binary format).
"""

from __future__ import annotations

import binascii
import math
import struct
from collections.abc import Callable, Mapping
from datetime import datetime
from xml.parsers import expat

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


#: `plist` has its version; no other element has attributes.
_MOST_ATTRIBUTES = 8
#: Line ends and references, at which an XML parser hands over what it has; and quotes, two for each attribute.
MOST_MARKS = 100_000
MARKS = (b"\n", b"\r", b"&", b'"', b"'")
#: One element more is around the values; the root is the first level below it.
_MOST_SEEN, _DEEPEST_SEEN = MOST_VALUES + 1, DEEPEST + 2


def read_xml(body: bytes) -> object:
    """Return the root; None if there is no value. Raises Invalid for too many values, too deep ones, and a document
    type with declarations of its own (entities, or attributes for every element); expat's error, LookupError or
    ValueError for what is no property list.
    """
    if sum(map(body.count, MARKS)) > MOST_MARKS:
        raise Invalid(f"A property list must not have more than {MOST_MARKS} line ends, references and quotes.")
    reader, parser = _Reader(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_declarations
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.Parse(body, True)
    return reader.root


def _refuse_declarations(*declared: object) -> None:
    if declared[-1]:
        raise Invalid("A property list must not declare entities or anything else in its document type.")


class _Reader:
    """Builds the values from the parser's events."""

    def __init__(self) -> None:
        self.root: object = None
        self._open: list[dict[str, object] | list[object]] = []
        self._key: str | None = None
        self._pieces: list[str] = []
        self._seen = self._depth = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._pieces = []
        self._seen += name != "key"  # only one comes before a value
        if self._seen > _MOST_SEEN or self._depth > _DEEPEST_SEEN or len(attributes) > _MOST_ATTRIBUTES:
            raise Invalid(TOO_LARGE)
        if name in ("dict", "array"):
            container: dict[str, object] | list[object] = {} if name == "dict" else []
            self._put(container)
            self._open.append(container)

    def text(self, piece: str) -> None:
        self._pieces.append(piece)

    def end(self, name: str) -> None:
        self._depth -= 1
        read = SIMPLE.get(name)
        if read is not None:
            text, self._pieces = "".join(self._pieces), []
            self._put(read(text))
        elif name == "key":
            if self._key is not None or not isinstance(self._open[-1], dict):
                raise ValueError("a key stands where a value is expected")
            self._key, self._pieces = "".join(self._pieces), []
        elif name in ("dict", "array"):
            if name == "dict" and self._key is not None:
                raise ValueError(f"the key '{self._key}' has no value")
            self._open.pop()

    def _put(self, value: object) -> None:
        container = self._open[-1] if self._open else None
        if isinstance(container, dict):
            if self._key is None:
                raise ValueError("a value in a dictionary has no key")
            container[self._key], self._key = value, None
        elif container is not None:
            container.append(value)
        else:
            self.root = value


def _integer(text: str) -> int:
    value = int(text, 16 if text[:2] in ("0x", "0X") else 10)
    check_value(value)
    return value


def _real(text: str) -> float:
    value = float(text)
    check_value(value)
    return value


def _date(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


#: Elements that contain text or nothing, and how they are read.
SIMPLE: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "data": lambda text: binascii.a2b_base64(text.encode()),
    "integer": _integer,
    "real": _real,
    "true": lambda _text: True,
    "false": lambda _text: False,
    "date": _date,
}
