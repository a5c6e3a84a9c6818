"""uvicorn's HTTP protocol, plus what it lacks: the client's certificate, and an end to endless headers.

The certificate's DER stands in `scope["extensions"]["tls"]["client_cert"]` (None: the client sent none), in the spirit
of the ASGI TLS extension. It rests on internals of uvicorn 0.54 (`on_message_begin` makes `self.scope`;
`on_headers_complete` ends the head, of which `self.url` and `self.headers` are parts), so the minor version is pinned
and a test watches.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Request line and headers together.
HEAD_LIMIT = 64 * 1024
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\n"
    b"content-length: 44\r\nconnection: close\r\n\r\nRequest line and headers must be below 64 KB"
)


class Protocol(HttpToolsProtocol):
    """One connection."""

    _tls: dict[object, object] | None = None
    _in_head = False
    _unfinished = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The handshake is over: note who is there, once for all requests."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self._tls = {"client_cert": tls.getpeercert(binary_form=True), "version": tls.version()}

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True
        self._unfinished = 0
        if self._tls is not None:
            self.scope["extensions"] = {"tls": self._tls}

    def on_headers_complete(self) -> None:
        """Its head is whole; whether it is too long the middleware says, in the surface's own words."""
        self._in_head = False
        if self.url[:1] != b"/":
            self._take_host_from_target()
        super().on_headers_complete()

    def _take_host_from_target(self) -> None:
        """The host that a whole URL names counts, and not the Host header beside it (RFC 9112 3.2.2)."""
        _, separator, rest = self.url.partition(b"://")
        if separator:
            authority = rest.partition(b"/")[0].partition(b"?")[0].rpartition(b"@")[2]
            self.headers[:] = [(b"host", authority), *(each for each in self.headers if each[0] != b"host")]

    def _unsupported_upgrade_warning(self) -> None:
        """Whoever asks for a websocket is answered over HTTP; uvicorn would advise us to install something."""

    def data_received(self, data: bytes) -> None:
        """The parser keeps an unfinished head in memory, so one that does not end is cut off here."""
        if self._in_head:
            self._unfinished += len(data)
        super().data_received(data)
        if self._in_head and self._unfinished > HEAD_LIMIT and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
