"""JSON texts (RFC 8259): the most elements that one may have, and the places of its members.

Elements are counted before a text is parsed: parsing holds the event loop and costs time for each element. Commas
separate the elements; a comma inside a string does not count. Places are lines, by the pointers of members (RFC 6901);
names that are there twice are found, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from fauxtune.core.errors import Invalid

#: A request to Graph or the control surface: well above a thousand ids, or the assignments of hundreds of groups.
MOST_IN_REQUEST = 3000
#: A policy of the settings catalog with a thousand settings, or of administrative templates with as many values.
MOST_IN_POLICY = 50_000
#: A request that may hold a seed with thousands of users.
MOST_IN_SEED = 100_000
#: A connector's request; its greeting with the most keys has some 500.
MOST_FROM_CONNECTOR = 1000
#: A device's request; the largest report of a device has some hundreds.
MOST_FROM_DEVICE = 10_000


def check_elements(content: bytes, *, most: int) -> None:
    """Raise Invalid for a JSON text with more members and elements than `most`, on all levels together. Text that is
    not JSON may pass. A body of 4 MiB takes some milliseconds at most.
    """
    if content.count(b",") >= most and _commas(content, most=most) >= most:
        raise Invalid(f"The body has too many elements: at most {most:,} members and elements are read.")


def check_depth(value: object, *, most: int) -> None:
    """Raise Invalid for a parsed JSON value that is nested deeper than `most`."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > most:
            raise Invalid(f"The body is nested too deep: at most {most} levels are read.")
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
            if isinstance(below, dict | list)
        ]


def _commas(content: bytes, *, most: int) -> int:
    """The number of commas outside strings; `most` if there are more strings than so many elements can have."""
    # An escaped quote does not end a string.
    plain = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A member has two strings at most, its name and its value.
    if plain.count(b'"') > 4 * most:
        return most
    return sum(part.count(b",") for part in plain.split(b'"')[::2])


_SIGN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')

Place = tuple[str | int, ...]


def pointer(place: Iterable[str | int]) -> str:
    """Return the JSON pointer of a place; the whole document's is empty."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)


def lines_of(text: str) -> tuple[dict[Place, int], list[Place]]:
    """Return the line of each value of a valid JSON text by its place, and the places of names that are repeated."""
    lines: dict[Place, int] = {}
    repeated: list[Place] = []
    #: Of each open container: the name or the number of the value that comes next; None before a name.
    stack: list[str | int | None] = []
    line, end = 1, 0
    for match in _SIGN.finditer(text):
        line += text.count("\n", end, match.start())
        end, sign = match.start(), match[0]
        if sign in ":":
            continue
        if sign == ",":
            stack[-1] = stack[-1] + 1 if isinstance(stack[-1], int) else None
        elif sign in "]}":
            stack.pop()
        elif stack and stack[-1] is None:
            stack[-1] = str(json.loads(sign))
        else:
            place = tuple(part for part in stack if part is not None)
            if place in lines and not any(place[: len(outer)] == outer for outer in repeated):
                repeated.append(place)
            lines[place] = line
            if sign in "[{":
                stack.append(0 if sign == "[" else None)
    return lines, repeated
