"""The intercepting listener: an HTTPS proxy that answers for a fixed list of hosts itself (impersonation.HOSTS, 443),
with certificates in the names of Microsoft's hosts.

It never connects to another host: other targets are refused, and so is every method but CONNECT. A tunnel is one
coroutine until its TLS handshake is over; then the connection belongs to uvicorn, like one of the HTTPS listener. The
application sees the host that the client called; a request that names another host is misdirected (421). Sources: RFC
9110 9.3.6 (CONNECT) and 15.5.20 (421), RFC 9112 3.2 (Host).

The authority of these certificates exists during one run. It is below the emulator's own root, so clients that trust
that file trust these names too. Its key is made in memory and never written. Its certificate permits these names only,
no addresses, and only server authentication: a leaked key could not be used for anything else. Source: RFC 5280 4.2.1.9
and 4.2.1.10.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fauxtune.core.model.addresses import PUBLIC_HOST
from fauxtune.core.model.ids import IdSource
from fauxtune.internals.uvicorn_protocol import Patience, Protocol
from fauxtune.server import StartRefused, tls
from fauxtune.server.listening import ConnectionLimit, Listener, Port
from fauxtune.server.tls import TlsFiles

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
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(app, port, patience=patience, limit=limit, headers=headers)
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


#: The hosts for which the interceptor answers. There are no others.
HOSTS = (
    "login.microsoftonline.com",
    "graph.microsoft.com",
    "graph.windows.net",
    "api.manage.microsoft.com",
    # Azure CLI asks it for tenants and subscriptions when it logs in.
    "management.azure.com",
    PUBLIC_HOST,
)

_EVERY_ADDRESS = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


@dataclass(frozen=True, slots=True)
class Impersonator:
    """The authority of one run and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def certify(
        self, host: str, *, now: datetime, ids: IdSource
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """Return a server certificate for the host, and its key. Any name is signed; verifiers refuse all but
        `HOSTS`.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = tls.server_certificate(
            key.public_key(), names=[x509.DNSName(host)], common_name=host, now=now, serial=ids.serial()
        )
        return tls.signed(certificate, issuer=self.certificate, key=self.key), key


def make(files: TlsFiles, *, now: datetime, ids: IdSource) -> Impersonator:
    """Return an authority for `HOSTS` below the emulator's root. Raises StartRefused if that root permits none."""
    root, root_key = tls.root(files)
    if root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0:
        raise StartRefused(
            f"--intercept needs an authority below {files.ca}, but this root, made by an earlier version, forbids any. "
            f"Delete {files.ca.parent}: the next start makes a new root, which clients must then trust."
        )
    key = ec.generate_private_key(ec.SECP256R1())
    permitted = [x509.DNSName(host) for host in HOSTS]
    excluded = [x509.IPAddress(network) for network in _EVERY_ADDRESS]
    builder = (
        tls.certificate(key.public_key(), common_name="Fauxtune Interception CA", now=now, serial=ids.serial())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(tls.SIGNS_CERTIFICATES, critical=True)
        .add_extension(x509.NameConstraints(permitted, excluded), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return Impersonator(tls.signed(builder, issuer=root, key=root_key), key)


def contexts(files: TlsFiles, *, now: datetime, ids: IdSource) -> dict[str, ssl.SSLContext]:
    """Return a TLS context for each of `HOSTS`."""
    impersonator = make(files, now=now, ids=ids)
    return {host: _context(impersonator, host, now=now, ids=ids) for host in HOSTS}


def _context(impersonator: Impersonator, host: str, *, now: datetime, ids: IdSource) -> ssl.SSLContext:
    certificate, key = impersonator.certify(host, now=now, ids=ids)
    chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (certificate, impersonator.certificate))
    context = tls.plain_context()
    with _file(chain) as chain_file, _file(tls.pem(key)) as key_file:
        context.load_cert_chain(chain_file, key_file)
    context.sni_callback = _only(host)
    return context


def _only(host: str) -> Callable[[ssl.SSLObject, str | None, ssl.SSLContext], int | None]:
    """A callback that refuses clients whose SNI has another name (RFC 6066 3). Without SNI the CONNECT has named it."""

    def check(_connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        return None if name is None or name.lower() == host else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    return check


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    """Yield a path from which `content` can be read once: `ssl` reads keys from files only; a pipe leaves none on
    disk.
    """
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as file:
            file.write(content)  # far less than a pipe holds
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)
