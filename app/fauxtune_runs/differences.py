"""The first difference between two answers or two states, in words for people."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.in_order import body_of
from fauxtune_runs.run import RecordedRequest
from fauxtune_wire.decoding import Part, decode

#: Lines of a difference that are shown, and characters of a line.
_LINES, _LONGEST = 40, 160


def of_answers(request: RecordedRequest, recorded: JsonObject, *, repeated: JsonObject) -> str | None:
    """Return the difference between two answers to a request, both decoded; None if every byte is the same."""
    if recorded == repeated:
        return None
    before, now = ([*_lines(request, answer)] for answer in (recorded, repeated))
    lines = [_short(line) for line in difflib.unified_diff(before, now, "in the run", "now", lineterm="", n=1)]
    if not lines:  # what differs is a secret, which decoding hides, or in how the same is written
        left, right = body_of(recorded["body"]), body_of(repeated["body"])
        place = next((n for n, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), len(left))
        return f"The bodies say the same in other bytes, or differ in a secret: from byte {place:,} on."
    more = [] if len(lines) <= _LINES else [f"... and {len(lines) - _LINES} more lines"]
    return "\n".join([*lines[:_LINES], *more])


def of_states(recorded: Any, repeated: Any, *, place: str = "") -> str | None:
    """Return the first place at which two JSON documents differ, with both values; None if they are the same."""
    if recorded == repeated:
        return None
    if isinstance(recorded, dict) and isinstance(repeated, dict):
        pairs: Iterable[tuple[str, Any, Any]] = (
            (f"{place}.{name}".lstrip("."), recorded.get(name), repeated.get(name))
            for name in sorted({*recorded, *repeated})
        )
    elif isinstance(recorded, list) and isinstance(repeated, list) and len(recorded) == len(repeated):
        pairs = ((f"{place}[{n}]", *pair) for n, pair in enumerate(zip(recorded, repeated, strict=True)))
    elif isinstance(recorded, list) and isinstance(repeated, list):
        return f"{place}: {len(recorded):,} elements in the run, {len(repeated):,} now"
    else:
        return f"{place}\n- {_short(json.dumps(recorded))}\n+ {_short(json.dumps(repeated))}"
    return next((first for at, old, new in pairs if (first := of_states(old, new, place=at))), None)


def as_http(request: RecordedRequest, answer: JsonObject) -> bytes:
    """Return an exchange as text for other programs: the request, a line of `###`, and the answer (RFC 9112)."""
    target = request.path + (f"?{request.query}" if request.query else "")
    head = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers)]
    status = [f"HTTP/1.1 {answer['status']}", *(f"{name}: {value}" for name, value in answer["headers"])]
    parts = ((head, body_of(request.body)), (["###"], b""), (status, body_of(answer["body"])))
    return b"\r\n".join("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body for lines, body in parts) + b"\r\n"


def _lines(request: RecordedRequest, answer: JsonObject) -> Iterator[str]:
    """Yield the lines of an answer, with its body decoded."""
    yield f"status: {answer['status']}"
    media = ""
    for name, value in answer["headers"]:
        yield f"{name}: {value}"
        media = value if name == "content-type" else media
    body = body_of(answer["body"])
    if media.startswith("application/json"):
        try:
            yield from json.dumps(orjson.loads(body), indent=1).splitlines()
            return
        except ValueError:
            """It is shown as what it is."""
    parts = decode(body, content_type=media, path=request.path, query=request.query, direction="response")
    for part in parts:
        yield from _part(part)


def _part(part: Part) -> Iterator[str]:
    yield part.title
    yield from (f"{name}: {value}" for name, value in part.facts)
    yield from part.text.splitlines()
    for inner in part.parts:
        yield from _part(inner)


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
