"""The intercepting listener: a proxy that speaks CONNECT for a fixed list of hosts and answers in their place itself.

It never dials out: what is not on the list (impersonation.HOSTS, port 443) is refused, and so is every other method. A
tunnel is one coroutine until its TLS handshake is over; then the connection is uvicorn's, like one of the HTTPS
listener, and the application sees the host that the client called; a request inside that names another is misdirected.
Ruled by RFC 9110 9.3.6 (CONNECT) and 15.5.20 (421), RFC 9112 3.2 (Host).
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

from fauxtune.server.listening import Listener, Places, Port
from fauxtune.server.protocol import Patience, Protocol

#: A CONNECT is a line and a few headers.
HEAD_LIMIT = 16 * 1024
#: How long a refused client may take to hear why. Closing at once would reset what it is still sending.
_FAREWELL_SECONDS = 1.0

_END = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.[01]\r\n")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:/@\[\]]+):([0-9]{1,5})")
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

log = logging.getLogger(__name__)


class Refused(Exception):
    """The CONNECT is not granted: with which status, and what to tell the client."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status

    def answer(self) -> bytes:
        """The whole answer; the connection ends with it."""
        body = f"Fauxtune: {self}\n".encode()
        allow = "allow: CONNECT\r\n" if self.status is HTTPStatus.METHOD_NOT_ALLOWED else ""
        head = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\ncontent-type: text/plain; charset=us-ascii\r\n"
            f"content-length: {len(body)}\r\n{allow}connection: close\r\n\r\n"
        )
        return head.encode() + body


def host_asked_for(head: bytes, *, allowed: frozenset[str]) -> str:
    """The host, in lower case, that this whole head asks to be connected to. Refused says why it may not be."""
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
            f"{target[:260]} is not intercepted, and nothing is passed on. This proxy answers for port 443 of "
            f"{', '.join(sorted(allowed))}.",
        )
    return host


class Interceptor(Listener):
    """The listener, which answers under each host of `contexts` with that host's certificate."""

    def __init__(
        self,
        app: ASGIApp,
        port: Port,
        *,
        contexts: Mapping[str, ssl.SSLContext],
        patience: Patience | None = None,
        places: Places | None = None,
    ) -> None:
        super().__init__(app, port, patience=patience, places=places)
        self._contexts = contexts
        self._hosts = frozenset(contexts)

    def _farewell(self) -> bytes:
        """What is sent to a client that is turned away."""
        return Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections; close some.").answer()

    async def _open(self, client: socket.socket) -> None:
        """From the first byte to the end of the handshake. Whatever goes wrong, the socket is closed."""
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as ours:
            ours.callback(client.close)
            try:
                async with asyncio.timeout(self._patience.connect):
                    host = host_asked_for(await _head(client), allowed=self._hosts)
                    await loop.sock_sendall(client, _ESTABLISHED)
            except (Refused, OSError) as error:
                await _say(client, error)
                return
            ours.pop_all()
        await self._hand_over(client, context=self._contexts[host], protocol=lambda: self._decrypted(host))

    def _decrypted(self, host: str) -> Protocol:
        made = self._protocol()
        made.app = _only_under(host, made.app)
        return made


def _only_under(host: str, app: ASGIApp) -> ASGIApp:
    """The application, for requests to this host: under another name it might take the caller for somebody nearer."""
    names = ([host.encode()], [f"{host}:443".encode()])

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        said = [value.lower() for name, value in scope.get("headers", ()) if name == b"host"]
        if scope["type"] == "http" and said not in names:
            refused = PlainTextResponse(f"Fauxtune: this tunnel leads to {host}; the Host header must say so.\n", 421)
            await refused(scope, receive, send)
            return
        await app(scope, receive, send)

    return checked


async def _head(client: socket.socket) -> bytes:
    """Everything up to the empty line. Refused when it is too long, is no HTTP, or when more follows."""
    loop = asyncio.get_running_loop()
    head = bytearray()
    while _END not in head:
        if len(head) > HEAD_LIMIT:
            raise Refused(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"a CONNECT must be below {HEAD_LIMIT // 1024} KiB."
            )
        piece = await loop.sock_recv(client, 4096)
        if not piece:
            raise ConnectionError("the client left before it said what it wants")
        head += piece
        if not head[:1].isalpha():
            break  # TLS, most likely, from a client that was given an https:// proxy: no empty line will come
    head_end = head.find(_END)
    if head_end >= 0 and head_end + len(_END) != len(head) and head.startswith(b"CONNECT "):
        raise Refused(HTTPStatus.BAD_REQUEST, "nothing may follow a CONNECT before it is answered.")
    return bytes(head)


async def _say(client: socket.socket, error: Exception) -> None:
    """Tell the client why, if there is a reason to tell and it listens."""
    if isinstance(error, TimeoutError):
        error = Refused(HTTPStatus.REQUEST_TIMEOUT, "no whole CONNECT came in time.")
    if not isinstance(error, Refused):
        return
    log.info("Refused: %s", error)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await loop.sock_sendall(client, error.answer())
            client.shutdown(socket.SHUT_WR)
            while await loop.sock_recv(client, 4096):
                pass
