"""Recorded exchanges as an HTTP archive, which browsers and other tools open.

Source: HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/). Bodies are those that are shown: decoded, and without
secrets. Members that begin with an underscore are ours, as the specification allows.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl

import orjson

from fauxtune import __version__
from fauxtune_wire.exchanges import Message, WholeExchange

_UNKNOWN = -1
_MOST_PARAMETERS = 1000


#: What stands before the entries, which commas separate; after them stands `end`.
BEGIN = b'{"log":{"version":"1.2","creator":{"name":"Fauxtune","version":"%b"},"entries":[' % __version__.encode()


def end(stopped: int | None) -> bytes:
    """Return what stands after the entries. `stopped`: where a search for a text stopped."""
    if stopped is None:
        return b"]}}"
    comment = f"Incomplete: the messages take too long to read, so the search stopped at request {stopped}."
    return b'],"comment":%b}}' % orjson.dumps(comment)


def entry(whole: WholeExchange) -> bytes:
    """Return the entry of one exchange, JSON."""
    exchange = whole.exchange
    document = {
        "startedDateTime": exchange.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": exchange.milliseconds,
        "request": _request(whole),
        "response": _response(whole),
        "cache": {},
        "timings": {"send": 0, "wait": exchange.milliseconds, "receive": 0},
        "comment": exchange.refusal or "",
        "_number": exchange.number,
        "_surface": exchange.surface,
        "_requestId": exchange.request_id,
    }
    return orjson.dumps(document)


def _request(whole: WholeExchange) -> dict[str, Any]:
    message = whole.request
    query = whole.address.partition("?")[2]
    request = {
        "method": whole.exchange.method,
        "url": whole.address,
        **_head(message),
        "queryString": _pairs(parse_qsl(query, keep_blank_values=True)[:_MOST_PARAMETERS]),
        "bodySize": message.length,
    }
    if message.length:
        request["postData"] = {"mimeType": message.content_type, "text": _text(message), "params": []} | _comment(
            message
        )
    return request


def _response(whole: WholeExchange) -> dict[str, Any]:
    message = whole.response
    content = {"size": message.length, "mimeType": message.content_type, "text": _text(message)} | _comment(message)
    location = next((value for name, value in message.headers if name.lower() == "location"), "")
    return {
        "status": whole.exchange.status or 0,
        "statusText": "",
        **_head(message),
        "content": content,
        "redirectURL": location,
        "bodySize": message.length,
    }


def _head(message: Message) -> dict[str, Any]:
    # Cookies are masked, and there is nothing else to say of them.
    return {"httpVersion": "HTTP/1.1", "cookies": [], "headers": _pairs(message.headers), "headersSize": _UNKNOWN}


def _pairs(pairs: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _text(message: Message) -> str:
    """The body; of one that has no text of its own, what was read from it."""
    return message.text or "\n".join(
        line for part in message.parts for line in (part.title, *(f"{name}: {value}" for name, value in part.facts))
    )


def _comment(message: Message) -> dict[str, str]:
    if not message.truncated:
        return {}
    return {"comment": f"The first 64 KiB of {message.length:,} bytes."}
