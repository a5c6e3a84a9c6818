"""XML property lists, read within limits: what is too much is refused before it is kept.

Apple: "Property List Programming Guide". Reads what plistlib reads, to the same values (tests/core/formats/
test_plist_xml.py), in less than half of the time: a text comes in one piece, and nothing is looked at twice.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from xml.parsers import expat

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.plist_limits import DEEPEST, MOST_VALUES, TOO_LARGE, check_value

#: `plist` has its version; no other element has attributes.
_MOST_ATTRIBUTES = 8
#: Line ends and references, at which an XML parser hands over what it has; and quotes, two for each attribute.
_MOST_MARKS = 100_000
_MARKS = (b"\n", b"\r", b"&", b'"', b"'")
#: One element more is around the values; the root is the first level below it.
_MOST_SEEN, _DEEPEST_SEEN = MOST_VALUES + 1, DEEPEST + 2


def read_xml(body: bytes) -> object:
    """Return the root; None if there is no value. Raises Invalid for too many values, too deep ones, and a document
    type with declarations of its own (entities, or attributes for every element); expat's error, LookupError or
    ValueError for what is no property list.
    """
    if sum(map(body.count, _MARKS)) > _MOST_MARKS:
        raise Invalid(f"A property list must not have more than {_MOST_MARKS} line ends, references and quotes.")
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
        read = _SIMPLE.get(name)
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
_SIMPLE: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "data": lambda text: binascii.a2b_base64(text.encode()),
    "integer": _integer,
    "real": _real,
    "true": lambda _text: True,
    "false": lambda _text: False,
    "date": _date,
}
