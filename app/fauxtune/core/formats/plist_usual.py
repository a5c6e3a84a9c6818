"""XML property lists in the form in which nearly all devices send them, read without an XML parser.

ASCII, with plistlib's or Apple's header, and without references, comments, carriage returns or anything else that an
XML parser would have to change or to refuse. Whatever differs is no matter of this module, nor is a refusal: None, and
`plist_xml.read_xml` reads it. Both read the same values (tests/core/formats/test_plist_usual.py).
"""

from __future__ import annotations

import re
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.plist_xml import DEEPEST, MARKS, MOST_MARKS, MOST_VALUES, SIMPLE

#: What a document begins with. Nothing is declared in its type.
_HEAD = re.compile(
    r'(?:<\?xml version="1\.0" encoding="(?:UTF|utf)-8"\?>)?\s*'
    r'(?:<!DOCTYPE plist PUBLIC "-//Apple(?: Computer)?//DTD PLIST 1\.0//EN"'
    r' "https?://www\.apple\.com/DTDs/PropertyList-1\.0\.dtd">)?\s*'
    r'<plist version="1\.0">\s*<dict>',
    re.ASCII,
)
#: A value with its key, if it has one: with a text, without one, or a container that begins; or a container's end.
_TOKEN = re.compile(
    r"\s*+(?:<key>([^<]*+)</key>\s*+)?"
    r"<(?:(string|integer|real|data|date)>([^<]*+)</\2>|(true|false|dict|array|string|data)/>|(dict|array)>|/(dict|array)>)",
    re.ASCII,
)
_TAIL = re.compile(r"\s*</plist>\s*", re.ASCII)
#: All bytes but control characters, references and what is not ASCII, which are left to the parser. (\s is then space,
#: tab and line end.)
_PLAIN = bytes({0x09, 0x0A, *range(0x20, 0x80)} - {ord("&")})


def read_usual(body: bytes) -> dict[str, object] | None:
    """Return the root dictionary; None unless the document is in the usual form and within all limits."""
    if body.translate(None, _PLAIN) or b"]]>" in body or sum(map(body.count, MARKS)) > MOST_MARKS:
        return None
    text = body.decode("ascii")
    head = _HEAD.match(text)
    if head is None:
        return None
    try:
        return _read(text, head.end())
    except (ValueError, Invalid):
        return None


def _read(text: str, start: int) -> dict[str, object] | None:
    root: dict[str, object] = {}
    container: dict[str, object] | list[object] = root
    outer: list[dict[str, object] | list[object]] = []
    seen, place = 1, start
    while token := _TOKEN.match(text, place):
        key, kind, content, empty, begins, ends = token.groups()
        place = token.end()
        if ends:
            if key is not None or ends != ("dict" if isinstance(container, dict) else "array"):
                return None
            if not outer:
                tail = _TAIL.fullmatch(text, place)
                return None if tail is None else root
            container = outer.pop()
            continue
        value = _value(kind or empty or begins, content or "")
        seen += 1
        if isinstance(container, dict):
            if key is None:
                return None
            container[key] = value
        elif key is None:
            container.append(value)
        else:
            return None
        if begins:
            outer.append(container)
            container = value
        if seen > MOST_VALUES or len(outer) >= DEEPEST:
            return None
    return None


def _value(kind: str, content: str) -> Any:
    """The value of an element; an empty one of a container that begins."""
    if kind == "string":
        return content
    if kind in ("dict", "array"):
        return {} if kind == "dict" else []
    return SIMPLE[kind](content)
