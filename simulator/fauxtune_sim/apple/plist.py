"""Property lists as they come from outside: XML or binary, no entities, of a bounded size, a dictionary on top.

`plistlib` refuses entity declarations; whatever else a damaged or hostile list can raise ends here as AnswerBroken.
"""

from __future__ import annotations

import binascii
import plistlib
import struct
from typing import Any
from xml.parsers.expat import ExpatError

from fauxtune_sim.errors import AnswerBroken

#: A profile with a user's whole history of keys is far below this.
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
    """The value that a property list holds; AnswerBroken, beginning with `what`, if it cannot be read."""
    if len(data) > MOST_BYTES:
        raise AnswerBroken(f"{what} is larger than {MOST_BYTES} bytes")
    try:
        return plistlib.loads(data)
    except _DAMAGE as damaged:
        raise AnswerBroken(f"{what} is not a readable property list: {damaged}") from damaged


def read_plist(data: bytes, *, what: str) -> dict[str, Any]:
    """The dictionary that a property list holds; AnswerBroken if it holds none."""
    document = read_any(data, what=what)
    if not isinstance(document, dict):
        raise AnswerBroken(f"{what} is a property list, but not a dictionary")
    return document


def write_plist(document: dict[str, Any]) -> bytes:
    """The dictionary as XML, keys in the order given."""
    return plistlib.dumps(document, sort_keys=False)
