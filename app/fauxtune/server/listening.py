"""Two listeners, HTTPS and HTTP, over one application in one event loop.

Ports are bound before anything else, so that addresses are known before a tenant is seeded (they stand in its
certificates) and two servers never fight. uvicorn serves; its own ideas of signals and lifespans are left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.types import ASGIApp
from uvicorn import Config, Server

from fauxtune.server.protocol import Protocol
from fauxtune.server.refusal import StartRefused

#: How long a stopping server waits for requests under way. Long polls are cut off then; their clients ask again.
_GRACE_SECONDS = 0.5
#: Devices keep their connections from one check-in to the next.
_KEEP_ALIVE_SECONDS = 75
_ATTEMPTS = 20
_OTHER_PORT_HELPS = {errno.EADDRINUSE, errno.EACCES}


@dataclass(frozen=True, slots=True)
class Port:
    """A port that is ours: one socket for each address family."""

    number: int
    sockets: list[socket.socket]

    def close(self) -> None:
        """Give it back."""
        for each in self.sockets:
            each.close()


def bind(host: str, port: int, *, option: str = "--port") -> Port:
    """Take the port on every address of the host (`localhost`: both loopbacks). StartRefused when it is taken, naming
    the `option` that chooses another.

    Port 0 takes a free one, the same for all addresses.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _bind_once(host, port)
        except OSError as error:
            # A free port of one family can be taken in the other: then another one is tried.
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
                # A machine without IPv6 has a localhost all the same.
                if not sockets or error.errno == errno.EADDRINUSE:
                    raise
        return Port(sockets[0].getsockname()[1], sockets)
    except OSError:
        for each in sockets:
            each.close()
        raise


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    if host == "localhost":
        return [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bound(family: socket.AddressFamily, address: str, *, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address != "::")
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made


class Listener(Server):
    """uvicorn's server, without its signal handlers and without its patience at the end."""

    def __init__(self, app: ASGIApp, port: Port, *, context: ssl.SSLContext | None = None) -> None:
        super().__init__(
            Config(
                app,
                http=Protocol,
                ws="none",
                interface="asgi3",
                lifespan="off",
                # Whoever connects is whoever connects: forwarded addresses are anybody's word.
                proxy_headers=False,
                server_header=False,
                log_config=None,
                access_log=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                ssl_context_factory=None if context is None else (lambda _config, _default: context),
            )
        )
        self._port = port
        self._up = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when connections are taken."""
        self._serving = asyncio.create_task(self.serve(self._port.sockets))
        up = asyncio.create_task(self._up.wait())
        await asyncio.wait([self._serving, up], return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._serving.done():
            await self._serving

    async def stop(self) -> None:
        """Take no more requests, let those under way end for a moment, cut off the rest. Again: nothing."""
        self.should_exit = True
        if self._serving is not None:
            await self._serving

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for the whole process, not for one listener."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's, and then the word that it is done."""
        await super().startup(sockets)
        self._up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn waits for clients to hang up, and logs what it cuts off; here nobody can hold up the end."""
        for server in self.servers:
            server.close()
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
