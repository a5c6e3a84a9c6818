"""Property lists from outside: XML or binary, no entities, of limited size, usually with a dictionary on top.

`plistlib` refuses entity declarations; all other exceptions from damaged or hostile lists become AnswerBroken here.
"""

from __future__ import annotations

import binascii
import plistlib
import struct
from typing import Any
from xml.parsers.expat import ExpatError

from fauxtune_sim.errors import AnswerBroken

#: A profile with all keys that a user ever had is far smaller.
MOST_BYTES = 16 * 1024 * 1024
_DAMAGE = (
    plistlib.InvalidFileException,
    ExpatError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
    binascii.Error,
)


def read_any(data: bytes, *, what: str) -> Any:
    """The value of a property list. Raises AnswerBroken, with `what` in its text, if it cannot be read."""
    if len(data) > MOST_BYTES:
        raise AnswerBroken(f"{what} is larger than {MOST_BYTES} bytes")
    try:
        return plistlib.loads(data)
    except _DAMAGE as damaged:
        raise AnswerBroken(f"{what} is not a readable property list: {damaged}") from damaged


def read_plist(data: bytes, *, what: str) -> dict[str, Any]:
    """The dictionary of a property list. Raises AnswerBroken if it cannot be read or is not a dictionary."""
    document = read_any(data, what=what)
    if not isinstance(document, dict):
        raise AnswerBroken(f"{what} is a property list, but not a dictionary")
    return document


def write_plist(document: dict[str, Any]) -> bytes:
    """The dictionary as XML, its keys in their order."""
    return plistlib.dumps(document, sort_keys=False)
