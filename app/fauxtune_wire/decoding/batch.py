"""Graph's `$batch`: each item apart, with its own query and body. Graph: "Combine multiple HTTP requests"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fauxtune_wire.decoding.addresses import hidden_in, mask_headers, mask_url
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.json_bodies import load, masked_text
from fauxtune_wire.decoding.masking import from_base64, mask_text
from fauxtune_wire.decoding.odata import describe_query
from fauxtune_wire.decoding.parts import Fact, Part, counted, shortened

_JSON = "application/json"
_LONGEST_WORD = 40
#: Items of a batch that are read. Graph takes no more in one; a body of 64 KiB can have more than a thousand.
_MOST = 20
_STATUSES: dict[int, str] = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    424: "Failed Dependency",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


def read(body: Body) -> list[Part] | None:
    """Read a batch or its answers; None for anything else, and for a batch that is inside another one."""
    # A batch in a batch is refused, and is read as JSON: opened, each level would read all that is below it again.
    if body.depth > 1 or not body.path.rstrip("/").endswith("$batch") or body.data.lstrip()[:1] != b"{":
        return None
    document = load(body)
    for member, read_item in (("requests", _request), ("responses", _answer)):
        items = document.get(member) if isinstance(document, dict) else None
        if isinstance(items, list):
            title = f"Batch of {counted(len(items), 'request' if member == 'requests' else 'answer')}"
            parts = [
                read_item(item, body, place=f"{number} of {len(items)}")
                for number, item in enumerate(items[:_MOST], 1)
                if isinstance(item, dict)
            ]
            for item in items[_MOST:]:  # an answer may repeat what is hidden in an address that nobody reads
                if isinstance(item, dict):
                    body.masking.hidden.update(hidden_in(str(item.get("url", ""))))
            facts = (("Not shown", f"{len(items) - _MOST} more: Graph takes {_MOST} at most"),) * (len(items) > _MOST)
            return [Part(title, "json", masked_text(document, body.beside())[1], facts, parts=tuple(parts))]
    return None


def paired(requests: list[Part], answers: list[Part]) -> list[Part]:
    """Return the parts of a batch and of its answers as pairs: each answer inside the request with its id, answers to
    no request at the end. Both are what `decode` returned.
    """
    waiting = [part for whole in answers for part in whole.parts]
    pairs = []
    for request in (part for whole in requests for part in whole.parts):
        own = [part for part in waiting if dict(part.facts).get("Id") == dict(request.facts).get("Id")][:1]
        waiting = [part for part in waiting if part not in own]
        pairs.append(Part(request.title, request.language, request.text, request.facts, (*request.parts, *own)))
    return [*pairs, *waiting]


def _request(item: dict[str, Any], body: Body, *, place: str) -> Part:
    url = str(item.get("url", ""))
    body.masking.hidden.update(hidden_in(url))
    path, _, query = url.partition("?")
    facts: list[Fact] = [("Id", _id(item))]
    facts += [("Query", line) for line in describe_query(query)]
    if isinstance(item.get("dependsOn"), list):
        facts.append(("After", ", ".join(map(str, item["dependsOn"]))))
    title = f"Request {place} in the batch: {_method(item)} {mask_url(path)}"
    return Part(title, facts=(*facts, *_headers(item)), parts=tuple(_content(item, body, path=path, query=query)))


def _answer(item: dict[str, Any], body: Body, *, place: str) -> Part:
    status = item.get("status")
    words = f"{status} {_STATUSES.get(status, '')}".strip() if isinstance(status, int) else "without a status"
    facts: list[Fact] = [("Id", _id(item)), *_headers(item)]
    title = f"Answer {place} in the batch, to request {_id(item)}: {words}"
    return Part(title, facts=tuple(facts), parts=tuple(_content(item, body)))


def _id(item: dict[str, Any]) -> str:
    return mask_text(shortened(str(item.get("id")), _LONGEST_WORD))


def _method(item: dict[str, Any]) -> str:
    return mask_text(shortened(str(item.get("method", "GET")).upper(), _LONGEST_WORD))


def _headers(item: dict[str, Any]) -> Iterator[Fact]:
    headers = item.get("headers")
    if isinstance(headers, dict):
        yield from mask_headers({str(name): str(value) for name, value in headers.items()})


def _content(item: dict[str, Any], body: Body, *, path: str = "", query: str = "") -> list[Part]:
    """The parts of an item's body: JSON as it is, anything else in base64."""
    content = item.get("body")
    if content is None:
        return []
    headers = item.get("headers")
    names = {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    media_type = names.get("content-type", _JSON).partition(";")[0].strip().lower()
    if isinstance(content, str) and media_type != _JSON:
        return body.unfold(from_base64(content) or content.encode(), media_type=media_type, path=path, query=query)
    return body.unfold(json.dumps(content).encode(), media_type=_JSON, path=path, query=query)
