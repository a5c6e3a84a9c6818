"""uvicorn's HTTP protocol with the client's certificate, and with limits of size and time.

The certificate's DER is in `scope["extensions"]["tls"]["client_cert"]` (None: the client sent none), similar to the
ASGI TLS extension. A head has a limit of size and of time, each piece of a body has a limit of time, and so has a
connection on which nothing is sent. (Between two requests uvicorn itself waits, for `timeout_keep_alive`.)

It depends on internals of uvicorn 0.54 (`on_message_begin` makes `self.scope`; `on_headers_complete` ends the head, of
which `self.url` and `self.headers` are parts, and makes `self.cycle`, which writes the answer to its `transport`), so
the minor version is pinned and a test watches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Request line and headers together.
HEAD_LIMIT = 64 * 1024
#: Headers of a request. Python needs 130 bytes for each, however short it is.
MOST_HEADERS = 200
_WORDS = b"Request line and headers must be below %d KiB, with at most %d headers." % (HEAD_LIMIT // 1024, MOST_HEADERS)
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_WORDS), _WORDS)
)


@dataclass(frozen=True, slots=True)
class Patience:
    """The seconds that a client has for each step."""

    #: A CONNECT, to the intercepting proxy.
    connect: float = 10
    handshake: float = 30
    #: From the beginning of the connection to the first byte, and from there to the end of the headers.
    head: float = 30
    #: Between two pieces of a body.
    body: float = 60


class _Awaited(Enum):
    """What the client has to send next."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


#: What comes before the head of an answer, and what is in the head of one whose body follows at once.
_INTERIM, _HAS_LENGTH = b"HTTP/1.1 100 ", b"\r\ncontent-length: "
#: Bytes of a body that is not copied to be sent with its head.
_LARGE = 64 * 1024


class Answering:
    """The transport of one answer: the head waits for the beginning of the body, and both are sent together. uvicorn
    sends them one by one, 7 us for each, and wakes the client for each. Only the head of a body of a known length
    waits, which follows at once: what is streamed begins with its head.
    """

    __slots__ = ("_head", "_is_begun", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self._is_begun = False

    def write(self, data: bytes) -> None:
        """Send a part of the answer."""
        begins = not self._is_begun
        self._is_begun = not data.startswith(_INTERIM)
        if begins and _HAS_LENGTH in data:
            self._head = data
        elif self._head and len(data) < _LARGE:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        else:
            self.flush()
            self._transport.write(data)

    def flush(self) -> None:
        """Send what waits."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Close the connection once all was sent."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """One connection."""

    _tls: dict[object, object] | None = None
    _unfinished = 0

    def __init__(self, *, patience: Patience, is_last: Callable[[], bool] = lambda: False, **rest: Any) -> None:
        """`is_last`: whether a request that begins now is the last one of its connection."""
        super().__init__(**rest)
        self._is_last = is_last
        self._patience = patience
        self._awaited = _Awaited.HEAD
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the client's certificate, once for all requests of the connection."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self._tls = {"client_cert": tls.getpeercert(binary_form=True), "version": tls.version()}
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers, and let go of the last request: connection and request refer to each other, and a thousand
        headers of a stranger would stay until Python looks for such circles.
        """
        self._wait_no_more()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        self.cycle = self.scope = self.headers = None  # type: ignore[assignment]

    def on_message_begin(self) -> None:
        """Prepare for a new request."""
        super().on_message_begin()
        self._wait_no_more()
        self._awaited = _Awaited.HEAD
        self._unfinished = 0
        if self._tls is not None:
            self.scope["extensions"] = {"tls": self._tls}

    def on_headers_complete(self) -> None:
        """Pass the head on. The middleware refuses one that is too long, in the form of its surface."""
        self._awaited = _Awaited.BODY
        if len(self.headers) > MOST_HEADERS:
            del self.headers[MOST_HEADERS + 1 :]  # enough to be refused
        if self.url[:1] != b"/":
            self._take_host_from_target()
        super().on_headers_complete()
        if self.scope["method"] != "HEAD":  # its answer has a length and no body
            self.cycle.transport = Answering(self.transport)  # type: ignore[assignment]
        if self._is_last():
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Expect nothing more of this request."""
        self._awaited = _Awaited.NOTHING
        super().on_message_complete()

    def _take_host_from_target(self) -> None:
        """Take the host of a target that is a whole URL in place of the Host header (RFC 9112 3.2.2)."""
        _, separator, rest = self.url.partition(b"://")
        if separator:
            authority = rest.partition(b"/")[0].partition(b"?")[0].rpartition(b"@")[2]
            self.headers[:] = [(b"host", authority), *(header for header in self.headers if header[0] != b"host")]

    def _unsupported_upgrade_warning(self) -> None:
        """Do not warn: websocket requests are answered over HTTP, and uvicorn would advise to install a library."""

    def data_received(self, data: bytes) -> None:
        """Parse the data. The parser keeps an unfinished head in memory, so a too long one is cut off here."""
        if self._awaited is _Awaited.HEAD:
            self._unfinished += len(data)
        super().data_received(data)
        if self._awaited is _Awaited.HEAD:
            is_too_long = self._unfinished > HEAD_LIMIT or len(self.headers or ()) > MOST_HEADERS
            if is_too_long and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()
            elif self._timer is None:
                self._wait()
        elif self._awaited is _Awaited.BODY or self._timer is not None:
            # A request in one piece, as nearly all are, never has a timer.
            self._wait_no_more()
            self._wait()

    def _wait(self) -> None:
        if self._awaited is not _Awaited.NOTHING and not self.transport.is_closing():
            seconds = self._patience.head if self._awaited is _Awaited.HEAD else self._patience.body
            self._timer = self.loop.call_later(seconds, self._give_up)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self._awaited is _Awaited.BODY and self.flow.read_paused:
            self._wait()  # the application has not yet read what has arrived
        else:
            self.transport.abort()
