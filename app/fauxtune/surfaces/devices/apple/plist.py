"""Property lists, XML and binary, as they come from outside: read within limits, and taken apart key by key.

What a list may cost is limited, a declaration of entities is refused before anything is parsed, and a key whose value
is of another type is Invalid by its name. Apple: "Property List Programming Guide".
"""

from __future__ import annotations

import math
import plistlib
import struct
from datetime import datetime
from typing import Any, TypeVar
from xml.parsers.expat import ExpatError

from fauxtune.core.errors import Invalid
from fauxtune.surfaces.devices.apple.plist_limits import DEEPEST, MOST_VALUES, TOO_MUCH, check_binary, check_xml

Plist = dict[str, Any]
T = TypeVar("T")

LARGEST = 2 * 1024 * 1024
#: Identifiers, names and numbers; longer ones are no device's.
LONGEST_TEXT = 4096
_BINARY = b"bplist00"
#: Integers have 64 bits, with a sign or without.
_SMALLEST, _GREATEST = -(2**63), 2**64 - 1
#: What plistlib raises on hostile bytes (found by fuzzing).
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
    """A property list whose root is a dictionary, XML or binary. Invalid for anything else, or for too much of it."""
    if len(body) > LARGEST:
        raise Invalid(f"A property list has {LARGEST // 1024 // 1024} MiB at most.")
    if not body:
        raise Invalid("The body is empty: a property list is expected.")
    is_binary = body.startswith(_BINARY)
    check = check_binary if is_binary else check_xml
    try:
        check(body)
        values = plistlib.loads(body, fmt=plistlib.FMT_BINARY if is_binary else plistlib.FMT_XML)
    except _MALFORMED as error:
        raise Invalid(f"The body is no property list, XML or binary: {_first_line(error)}") from None
    check_extent(values)
    if not isinstance(values, dict):
        raise Invalid(f"The property list is a {_kind(values)}, not a dictionary.")
    return values


def write(values: Plist) -> bytes:
    """A property list, XML."""
    return plistlib.dumps(values, fmt=plistlib.FMT_XML, sort_keys=False)


def text(values: Plist, key: str, *, required: bool = True) -> str:
    """A string; empty when it is not required and not there."""
    found = typed(values, key, kind=str, required=required) or ""
    if required and not found:
        raise Invalid(f"{key} must not be empty.", target=key)
    if len(found) > LONGEST_TEXT:
        raise Invalid(f"{key} has {LONGEST_TEXT} characters at most.", target=key)
    return found


def dictionaries(values: Plist, key: str) -> list[Plist]:
    """An array of dictionaries; empty when it is not there."""
    found = typed(values, key, kind=list) or []
    for each in found:
        if not isinstance(each, dict):
            raise Invalid(f"{key} is an array of dictionaries; one of its values is a {_kind(each)}.", target=key)
    return found


def flag(values: Plist, key: str) -> bool:
    """A boolean; Fleet's test client says it as the text "false"."""
    value = values.get(key, False)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Invalid(f"{key} is a boolean, not a {_kind(value)}.", target=key)


def typed(values: Plist, key: str, *, kind: type[T], required: bool = False) -> T | None:
    """The value of a key, of this type."""
    if key not in values:
        if required:
            raise Invalid(f"{key} is missing.", target=key)
        return None
    value = values[key]
    # A boolean is an int to Python, and none to Apple.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Invalid(f"{key} is a {_KINDS[kind]}, not a {_kind(value)}.", target=key)
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


def check_extent(root: object) -> None:
    """Binary lists may refer to one part many times, or to itself: what counts is how often it would be read."""
    level, depth, seen = [root], 0, 0
    while level:
        seen += len(level)
        if depth > DEEPEST or seen > MOST_VALUES:
            raise Invalid(TOO_MUCH)
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                if not all(isinstance(key, str) and "\0" not in key for key in value):
                    raise Invalid("The keys of a property list are strings, without NUL characters.")
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            else:
                _check_value(value)
            if len(below) > MOST_VALUES:
                break
        level, depth = below, depth + 1


def _check_value(value: object) -> None:
    """What a writer can write and no device means: nothing can keep it."""
    if isinstance(value, str) and "\0" in value:
        raise Invalid("A text of the property list holds a NUL character.")
    if isinstance(value, int) and not _SMALLEST <= value <= _GREATEST:
        raise Invalid("An integer of the property list has more than 64 bits.")
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid("A real of the property list is no finite number.")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "its structure is damaged"
