"""Property lists, XML and binary, from outside: read within limits, then key by key.

Declarations of entities are refused before anything is parsed, and a key whose value has the wrong type is Invalid by
its name. Apple: "Property List Programming Guide".
"""

from __future__ import annotations

import plistlib
import struct
from datetime import datetime
from typing import Any, TypeVar
from xml.parsers.expat import ExpatError

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.plist_text import write_xml
from fauxtune.core.formats.plist_usual import read_usual
from fauxtune.core.formats.plist_xml import DEEPEST, MOST_VALUES, TOO_LARGE, check_binary, check_value, read_xml

Plist = dict[str, Any]
T = TypeVar("T")

LARGEST = 2 * 1024 * 1024
#: Identifiers, names and numbers: no device has longer ones.
LONGEST_TEXT = 4096
_BINARY = b"bplist00"
#: What readers raise on hostile bytes (found by fuzzing).
_MALFORMED = (
    ExpatError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    OverflowError,
    struct.error,
)


def parse(body: bytes) -> Plist:
    """Read a property list, XML or binary, whose root is a dictionary. Raises Invalid for any other, or a too large
    one.
    """
    if len(body) > LARGEST:
        raise Invalid(f"A property list must not be larger than {LARGEST // 1024 // 1024} MiB.")
    if not body:
        raise Invalid("The body is empty: a property list is expected.")
    try:
        values = _read_binary(body) if body.startswith(_BINARY) else read_usual(body) or read_xml(body)
    except _MALFORMED as error:
        raise Invalid(f"The body is not a property list, XML or binary: {_first_line(error)}") from None
    if not isinstance(values, dict):
        raise Invalid(f"The property list is a {_kind(values)}, not a dictionary.")
    return values


def _read_binary(body: bytes) -> object:
    check_binary(body)
    values = plistlib.loads(body, fmt=plistlib.FMT_BINARY)
    check_size(values)
    return values


def write(values: Plist | list[Plist]) -> bytes:
    """Write an XML property list."""
    return write_xml(values)


def text(values: Plist, key: str, *, required: bool = True) -> str:
    """Return a string; empty if it is missing and not required. Raises Invalid otherwise."""
    value = typed(values, key, kind=str, required=required) or ""
    if required and not value:
        raise Invalid(f"{key} must not be empty.", target=key)
    if len(value) > LONGEST_TEXT:
        raise Invalid(f"{key} must not have more than {LONGEST_TEXT} characters.", target=key)
    return value


def dictionaries(values: Plist, key: str) -> list[Plist]:
    """Return an array of dictionaries; empty if it is missing."""
    entries = typed(values, key, kind=list) or []
    for entry in entries:
        if not isinstance(entry, dict):
            raise Invalid(f"{key} must be an array of dictionaries; one of its values is a {_kind(entry)}.", target=key)
    return entries


def flag(values: Plist, key: str) -> bool:
    """Return a boolean, False if it is missing. Fleet's test client writes it as the text "false"."""
    value = values.get(key, False)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Invalid(f"{key} must be a boolean, not a {_kind(value)}.", target=key)


def typed(values: Plist, key: str, *, kind: type[T], required: bool = False) -> T | None:
    """Return the value of a key, which must have this type; None if it is missing and not required."""
    if key not in values:
        if required:
            raise Invalid(f"{key} is missing.", target=key)
        return None
    value = values[key]
    # A boolean is an int to Python, but not to Apple.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Invalid(f"{key} must be a {_KINDS[kind]}, not a {_kind(value)}.", target=key)
    return value


_KINDS: dict[type, str] = {
    dict: "dictionary",
    list: "array",
    str: "string",
    bytes: "data",
    bool: "boolean",
    int: "integer",
    float: "real",
    datetime: "date",
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "value of no known type")


def check_size(root: object) -> None:
    """Raise Invalid for too many values, too deep ones, or ones that no device sends.

    Binary lists may refer to one part many times, or to itself: each reference counts.
    """
    level, depth, seen = [root], 0, 0
    while level:
        seen += len(level)
        if depth > DEEPEST or seen > MOST_VALUES:
            raise Invalid(TOO_LARGE)
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                if not all(isinstance(key, str) and "\0" not in key for key in value):
                    raise Invalid("The keys of a property list must be strings without NUL characters.")
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            else:
                check_value(value)
            if len(below) > MOST_VALUES:
                break
        level, depth = below, depth + 1


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "its structure is damaged"
