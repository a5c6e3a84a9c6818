"""The intercepting listener: an HTTPS proxy that answers for a fixed list of hosts itself (impersonation.HOSTS, 443).

It never connects to another host: other targets are refused, and so is every method but CONNECT. A tunnel is one
coroutine until its TLS handshake is over; then the connection belongs to uvicorn, like one of the HTTPS listener. The
application sees the host that the client called; a request that names another host is misdirected (421). Sources: RFC
9110 9.3.6 (CONNECT) and 15.5.20 (421), RFC 9112 3.2 (Host).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import ssl
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fauxtune.server.listening import ConnectionLimit, Listener, Port
from fauxtune.server.protocol import Patience, Protocol

#: A CONNECT is a line and a few headers.
HEAD_LIMIT = 16 * 1024
#: How long a refused client may take to read the answer. Closing at once would reset the connection.
_REFUSAL_SECONDS = 1.0

_END = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.[01]\r\n")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:/@\[\]]+):([0-9]{1,5})")
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

log = logging.getLogger(__name__)


class Refused(Exception):
    """The CONNECT is refused, with this status and message."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status

    def answer(self) -> bytes:
        """Return the whole answer, after which the connection is closed."""
        body = f"Fauxtune: {self}\n".encode()
        allow = "allow: CONNECT\r\n" if self.status is HTTPStatus.METHOD_NOT_ALLOWED else ""
        head = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\ncontent-type: text/plain; charset=us-ascii\r\n"
            f"content-length: {len(body)}\r\n{allow}connection: close\r\n\r\n"
        )
        return head.encode() + body


def connect_target(head: bytes, *, allowed: frozenset[str]) -> str:
    """Return the host that the CONNECT names, in lower case. `head`: the whole head. Raises Refused if it is not
    allowed.
    """
    match = _REQUEST_LINE.match(head)
    if match is None:
        raise Refused(HTTPStatus.BAD_REQUEST, "this is an HTTP proxy; send CONNECT host:443 HTTP/1.1, without TLS.")
    method, target = match[1].decode(), match[2].decode()
    if method != "CONNECT":
        raise Refused(
            HTTPStatus.METHOD_NOT_ALLOWED, f"this proxy answers CONNECT only, not {method[:20]}: it serves https URLs."
        )
    authority = _AUTHORITY.fullmatch(target)
    if authority is None:
        raise Refused(HTTPStatus.BAD_REQUEST, "CONNECT must name host:port.")
    host = authority[1].lower()
    if host not in allowed or int(authority[2]) != 443:
        raise Refused(
            HTTPStatus.FORBIDDEN,
            f"{target[:260]} is not intercepted, and this proxy passes nothing on. It answers for port 443 of "
            f"{', '.join(sorted(allowed))}.",
        )
    return host


class Interceptor(Listener):
    """The listener. It answers for each host in `contexts` with that host's certificate."""

    def __init__(
        self,
        app: ASGIApp,
        port: Port,
        *,
        contexts: Mapping[str, ssl.SSLContext],
        patience: Patience | None = None,
        limit: ConnectionLimit | None = None,
    ) -> None:
        super().__init__(app, port, patience=patience, limit=limit)
        self._contexts = contexts
        self._hosts = frozenset(contexts)

    def _too_many(self) -> bytes:
        """The answer to a client that is turned away."""
        return Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections are open; close some.").answer()

    async def _open(self, client: socket.socket) -> None:
        """Handle the connection until the end of the handshake. The socket is closed if anything fails."""
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as ours:
            ours.callback(client.close)
            try:
                async with asyncio.timeout(self._patience.connect):
                    host = connect_target(await _head(client), allowed=self._hosts)
                    await loop.sock_sendall(client, _ESTABLISHED)
            except (Refused, OSError) as error:
                await _refuse(client, error)
                return
            ours.pop_all()
        await self._hand_over(client, context=self._contexts[host], protocol=lambda: self._decrypted(host))

    def _decrypted(self, host: str) -> Protocol:
        protocol = self._protocol()
        protocol.app = _only_under(host, protocol.app)
        return protocol


def _only_under(host: str, app: ASGIApp) -> ASGIApp:
    """The application for requests to this host only: under another name it might take the caller for a local one."""
    names = ([host.encode()], [f"{host}:443".encode()])

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        hosts = [value.lower() for name, value in scope.get("headers", ()) if name == b"host"]
        if scope["type"] == "http" and hosts not in names:
            refusal = PlainTextResponse(f"Fauxtune: this tunnel leads to {host}; the Host header must name it.\n", 421)
            await refusal(scope, receive, send)
            return
        await app(scope, receive, send)

    return checked


async def _head(client: socket.socket) -> bytes:
    """Read up to the empty line. Raises Refused if that is too long or if more follows. Stops early for other than
    HTTP.
    """
    loop = asyncio.get_running_loop()
    head = bytearray()
    while _END not in head:
        if len(head) > HEAD_LIMIT:
            raise Refused(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"a CONNECT must be below {HEAD_LIMIT // 1024} KiB."
            )
        piece = await loop.sock_recv(client, 4096)
        if not piece:
            raise ConnectionError("the client closed the connection before its CONNECT was complete")
        head += piece
        if not head[:1].isalpha():
            break  # TLS, most likely, from a client that was given an https:// proxy: no empty line will come
    head_end = head.find(_END)
    if head_end >= 0 and head_end + len(_END) != len(head) and head.startswith(b"CONNECT "):
        raise Refused(HTTPStatus.BAD_REQUEST, "nothing may follow a CONNECT before it is answered.")
    return bytes(head)


async def _refuse(client: socket.socket, error: Exception) -> None:
    """Send the refusal, if the error is one and the client still reads."""
    if isinstance(error, TimeoutError):
        error = Refused(HTTPStatus.REQUEST_TIMEOUT, "the CONNECT was not complete in time.")
    if not isinstance(error, Refused):
        return
    log.info("Refused: %s", error)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_REFUSAL_SECONDS):
            await loop.sock_sendall(client, error.answer())
            client.shutdown(socket.SHUT_WR)
            while await loop.sock_recv(client, 4096):
                pass
