"""Records exchanges for the window on the wire: what a request brought and what it was answered, as references.

Not recorded: pages for people and probes, and the window itself, so that a reader does not see its own reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from time import perf_counter

from starlette.types import Message, Scope

from fauxtune.operations.runtime.wire import BODY_LIMIT, Caller, RecordedExchange, Wire

#: Returns the recorder of the application that a request came to.
WireOf = Callable[[Scope], Wire]

_LEFT_OUT = re.compile(r"/(?:$|(?:console|docs|livez|readyz|favicon\.ico|_fauxtune/v1/(?:tenants/[^/]+/)?wire)(?:/|$))")


class Recording:
    """One exchange under way."""

    __slots__ = (
        "_answer",
        "_began",
        "_body",
        "_headers",
        "_length",
        "_response_length",
        "_started",
        "_status",
        "_wire",
    )

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._began = wire.runner.clock.now()
        self._started = perf_counter()
        self._body = self._answer = b""
        self._length = self._response_length = 0
        self._status: int | None = None
        self._headers: list[tuple[bytes, bytes]] = []

    def received(self, piece: bytes) -> None:
        """Note a piece of the request's body."""
        self._length += len(piece)
        self._body = _extended(self._body, piece)

    def sent(self, message: Message) -> None:
        """Note a message of the answer."""
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], message.get("headers", [])
        else:
            piece = message.get("body", b"")
            self._response_length += len(piece)
            self._answer = _extended(self._answer, piece)

    def end(self, scope: Scope, caller: Caller, *, request_id: str) -> None:
        """Record the exchange, which has ended."""
        exchange = RecordedExchange(
            began=self._began,
            seconds=perf_counter() - self._started,
            request_id=request_id,
            method=scope["method"],
            scheme=scope.get("scheme", "http"),
            path=scope["path"],
            raw_path=scope.get("raw_path") or scope["path"].encode(),
            query=scope["query_string"],
            caller=caller,
            request_headers=scope["headers"],
            request_body=self._body,
            request_length=self._length,
            status=self._status,
            response_headers=self._headers,
            response_body=self._answer,
            response_length=self._response_length,
        )
        self._wire.record(exchange)


def recording(scope: Scope, wire_of: WireOf | None) -> Recording | None:
    """Begin to record a request; None if it is not to be recorded."""
    if wire_of is None:
        return None
    wire = wire_of(scope)
    return Recording(wire) if wire.is_on and not _LEFT_OUT.match(scope["path"]) else None


def _extended(body: bytes, piece: bytes) -> bytes:
    """The body with as much of the next piece as is kept. (Whole pieces are not copied.)"""
    room = BODY_LIMIT - len(body)
    return body + piece[:room] if room > 0 and piece else body
