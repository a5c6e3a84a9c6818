"""Two listeners, HTTPS and HTTP, for one application in one event loop.

Ports are bound before anything else, so that addresses are known before a tenant is seeded (its certificates contain
them). uvicorn serves, without its handling of signals and lifespans.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp
from uvicorn import Config, Server

from fauxtune.internals.uvicorn_protocol import Patience, Protocol
from fauxtune.server import StartRefused

log = logging.getLogger(__name__)

#: Open files besides clients' connections: the database's connections, keys, listening sockets, the log.
_OTHER_FILES = 64
_FEWEST_CONNECTIONS = 16
#: The default limit of connections at a time.
MOST_CONNECTIONS = 1000
#: How long a stopping server waits for requests in progress. Then long polls are cut off; clients send them again.
_GRACE_SECONDS = 0.5
#: How long a server that leaves waits for the next requests of its clients, which it answers.
_DRAIN_SECONDS = 3.0
#: Devices keep their connections from one check-in to the next.
_KEEP_ALIVE_SECONDS = 75
_ATTEMPTS = 20
_BACKLOG = 2048
#: Seconds to wait after a connection that could not be accepted, most likely because no more files can be opened.
_PAUSE_SECONDS = 0.1
#: Seconds in which a warning is not repeated.
_SILENCE_SECONDS = 60.0
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: 45\r\nretry-after: 1\r\n"
    b"connection: close\r\n\r\nToo many connections are open; close some of\n"
)
_IN_CLEAR = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 75\r\nconnection: close\r\n\r\n"
    b"This port speaks HTTPS: begin the address with https:// instead of http://\n"
)
_LONGEST_HEAD = 65536
_OTHER_PORT_HELPS = {errno.EADDRINUSE, errno.EACCES}


@dataclass(frozen=True, slots=True)
class Port:
    """A bound port: one socket for each address family."""

    number: int
    sockets: list[socket.socket]

    def close(self) -> None:
        """Close the sockets."""
        for bound in self.sockets:
            bound.close()


def bind(host: str, port: int, *, option: str = "--port") -> Port:
    """Bind the port on every address of the host (`localhost`: both loopbacks). Port 0 takes a free one, the same for
    all addresses.

    Raises StartRefused if the port cannot be bound; the message names the `option` that chooses another.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _bind_once(host, port)
        except OSError as error:
            # A port that is free in one family may be taken in the other: then another one is tried.
            if port == 0 and error.errno == errno.EADDRINUSE and attempt < _ATTEMPTS:
                continue
            other = f" Choose another with {option}." if error.errno in _OTHER_PORT_HELPS else ""
            raise StartRefused(f"Cannot listen on {host}, port {port}: {error.strerror or error}.{other}") from None
    raise AssertionError("unreachable")  # pragma: no cover


def _bind_once(host: str, port: int) -> Port:
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host):
            number = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(_bound(family, address, port=number))
            except OSError as error:
                # A machine without IPv6 has an IPv4 localhost.
                if not sockets or error.errno == errno.EADDRINUSE:
                    raise
        return Port(sockets[0].getsockname()[1], sockets)
    except OSError:
        for bound in sockets:
            bound.close()
        raise


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    if host == "localhost":
        return [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    results = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in results))


def _bound(family: socket.AddressFamily, address: str, *, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address != "::")
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


class ConnectionLimit:
    """The limit of connections on all listeners together, in any state: with more, no file could be opened for the
    database and the keys. If clients are turned away, the log has a warning, at most once a minute.
    """

    def __init__(
        self, most: int, *, who: str = "connections are open", make_room: Callable[[], bool] = lambda: False
    ) -> None:
        """`who`: what the warning says of so many; `make_room` closes one that can be spared: whether it did."""
        self._most = most
        self._who = who
        self._make_room = make_room
        self._connected: list[Callable[[], int]] = []
        self._silent_until = 0.0

    def add(self, connected: Callable[[], int]) -> None:
        """Count the clients of a listener too."""
        self._connected.append(connected)

    @property
    def is_reached(self) -> bool:
        """Whether no further connection may be opened."""
        return sum(connected() for connected in self._connected) >= self._most

    async def accepted(self, listening: socket.socket, *, busy: bytes) -> AsyncIterator[socket.socket]:
        """Yield each client that connects, below the limit. Others are sent `busy`, and their connection is closed."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(listening)
            except OSError as error:
                # No more descriptors, or a client that has gone already: both pass.
                self.warn(error.strerror or str(error))
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if self.is_reached and not self._make_room():
                self.warn(f"{self._most} {self._who}, which is the limit.")
                with client, contextlib.suppress(OSError):
                    client.send(busy)
            else:
                yield client

    def warn(self, reason: str) -> None:
        """Log that a client was turned away, and why."""
        now = asyncio.get_running_loop().time()
        if now >= self._silent_until:
            self._silent_until = now + _SILENCE_SECONDS
            log.warning("Clients are turned away: %s", reason)


def allow_many_connections() -> None:
    """Raise the limit of open files: a fleet has a connection for each device, and the usual limit is 1,024 files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft < limit:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def most_connections() -> int:
    """The number of connections that leaves enough files for everything else."""
    return max(_FEWEST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OTHER_FILES)


class Listener(Server):
    """uvicorn's server, without its signal handlers and waiting times. It accepts connections itself, to limit their
    number.
    """

    def __init__(
        self,
        app: ASGIApp,
        port: Port,
        *,
        context: Callable[[], ssl.SSLContext] | None = None,
        patience: Patience | None = None,
        limit: ConnectionLimit | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`context`: returns the context of a new connection; None: connections are in clear. `headers`: those of every
        answer.
        """
        super().__init__(
            Config(
                app,
                ws="none",
                interface="asgi3",
                lifespan="off",
                # The peer is the peer of the connection: everybody can send forwarded addresses.
                proxy_headers=False,
                server_header=False,
                log_config=None,
                access_log=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                headers=[*headers],
            )
        )
        self._port = port
        self._context = context
        self._patience = patience or Patience()
        self._limit = limit or ConnectionLimit(MOST_CONNECTIONS)
        self._limit.add(lambda: self.connected)
        self._accepting: set[asyncio.Task[None]] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._up = asyncio.Event()
        self._is_leaving = False
        self._serving: asyncio.Task[None] | None = None

    @property
    def connected(self) -> int:
        """The number of connected clients."""
        return len(self._opening) + len(self.server_state.connections)

    async def start(self) -> None:
        """Start to accept connections; return when that has begun."""
        self._serving = asyncio.create_task(self.serve(self._port.sockets))
        up = asyncio.create_task(self._up.wait())
        await asyncio.wait([self._serving, up], return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._serving.done():
            await self._serving

    async def drain(self) -> None:
        """Accept no more connections, close each with its next answer, and wait some time for that."""
        self._is_leaving = True
        for task in list(self._accepting):
            task.cancel()
        ends = asyncio.get_running_loop().time() + _DRAIN_SECONDS
        while self.connected and asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(_PAUSE_SECONDS)

    async def stop(self) -> None:
        """Accept no more requests, wait a moment for those in progress, and cut off the others. Safe to repeat."""
        self.should_exit = True
        if self._serving is not None:
            await self._serving

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: they are for the whole process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections."""
        for listening in sockets or ():
            listening.setblocking(False)
            listening.listen(_BACKLOG)
            keep(self._accept(listening), among=self._accepting)
        await super().startup([])
        self._up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close all connections, also half-open ones. uvicorn would wait for clients to close theirs, and log what it
        cuts off; here no client can delay the end.
        """
        for group in (self._accepting, self._opening):
            ending = list(group)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
        self._port.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            _, late = await asyncio.wait(self.server_state.tasks, timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_GRACE_SECONDS)
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()

    async def _accept(self, listening: socket.socket) -> None:
        async for client in self._limit.accepted(listening, busy=self._too_many()):
            keep(self._open(client), among=self._opening)

    def _too_many(self) -> bytes:
        """The answer to a client that is turned away; empty before a TLS handshake."""
        return b"" if self._context is not None else _BUSY

    async def _open(self, client: socket.socket) -> None:
        """Handle the connection until the end of the handshake. The socket is closed if anything fails."""
        if self._context is None:
            await self._hand_over(client, context=None, protocol=self._protocol)
            return
        first = await _first_byte(client, patience=self._patience.handshake)
        if not first:
            client.close()
        elif first.isalpha():  # a handshake of TLS begins with 0x16, a request with a verb
            _refuse_in_clear(client)
        else:
            await self._hand_over(client, context=self._context(), protocol=self._protocol)

    async def _hand_over(
        self, client: socket.socket, *, context: ssl.SSLContext | None, protocol: Callable[[], Protocol]
    ) -> None:
        # The transport owns the socket, and closes it if the handshake fails, which is the client's error.
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                protocol,
                client,
                ssl=context,
                ssl_handshake_timeout=None if context is None else self._patience.handshake,
            )

    def _protocol(self) -> Protocol:
        return Protocol(
            patience=self._patience,
            is_last=lambda: self._is_leaving,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )


async def _first_byte(client: socket.socket, *, patience: float) -> bytes:
    """Return the first byte that the client sends, and leave it there; nothing if none comes within so many seconds."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(client, readable.set)
    try:
        async with asyncio.timeout(patience):
            await readable.wait()
        return client.recv(1, socket.MSG_PEEK)
    except (OSError, TimeoutError):
        return b""
    except asyncio.CancelledError:
        client.close()
        raise
    finally:
        loop.remove_reader(client)


def _refuse_in_clear(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):
        client.recv(_LONGEST_HEAD)  # to close a socket with unread bytes would take the answer back
        client.send(_IN_CLEAR)
        client.shutdown(socket.SHUT_WR)


def keep(work: Coroutine[Any, Any, None], *, among: set[asyncio.Task[None]]) -> None:
    """Run the coroutine as a task, with a reference to it: asyncio keeps none."""
    task = asyncio.create_task(work)
    among.add(task)
    task.add_done_callback(among.discard)
