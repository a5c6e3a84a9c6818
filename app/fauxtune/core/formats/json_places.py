"""Where the members of a JSON document stand: the lines of its pointers (RFC 6901), and names that are there twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

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
