"""The listeners of mail programs: SMTP and POP3 on this machine's own interface, with and without TLS from the start.

They take connections themselves, like those of HTTP (docs/decisions/0029): before TLS begins, the context must know the
authorities of every tenant, whose certificates clients may log in with.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from fauxtune.core.errors import Unavailable
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server import tls
from fauxtune.server.listening import ConnectionLimit, Port, keep
from fauxtune.storage.queries import authorities
from fauxtune.surfaces.mail.accounts import Accounts
from fauxtune.surfaces.mail.pop3 import Pop3
from fauxtune.surfaces.mail.smtp import Smtp

#: Connections at a time, on all ports together.
MOST_CONNECTIONS = 100
#: Messages that are received at a time: each can take the memory of the largest one.
_MOST_RECEIVED = 4
#: Seconds of a command, or without one, after which a connection is closed. RFC 1939 3: at least ten minutes; RFC 5321
#: 4.5.3.2: ten minutes after the end of a message.
PATIENCE = 600.0
#: Seconds of a command before the login. RFC 5321 and RFC 1939 say how long clients are waited for; mail servers give
#: strangers less (Dovecot's login service: three minutes, and it closes the oldest of them when it is full).
_PATIENCE_BEFORE = 60.0
#: Seconds after which a connection without a login makes room for another one, if there are too many.
_STRANGERS_SECONDS = 5.0
_HANDSHAKE_SECONDS = 10.0
_BACKLOG = 100
_BUSY = {
    "smtp": b"421 4.3.2 Too many connections are open; close some of them\r\n",
    "pop3": b"-ERR [SYS/TEMP] too many connections are open; close some of them\r\n",
}

Factory = Callable[[ssl.SSLContext | None], Smtp | Pop3]


@dataclass(frozen=True, slots=True)
class _Connection:
    protocol: Smtp | Pop3
    since: float


class MailListeners:
    """The listeners of all kinds. Together they have a limit of connections. `patience`: seconds for each command;
    `strangers`: seconds after which a connection without a login makes room for another one.
    """

    def __init__(
        self,
        emulator: Emulator,
        ports: dict[str, Port],
        *,
        files: tls.TlsFiles,
        most: int = MOST_CONNECTIONS,
        patience: float = PATIENCE,
        strangers: float = _STRANGERS_SECONDS,
    ) -> None:
        self._runner = emulator.runner
        self._ports = ports
        self._context = tls.AcceptingContext(files, client_certificates=True, protocol=None)
        self._limit = ConnectionLimit(most, who="mail programs are connected", make_room=self._make_room)
        self._limit.add(self._connected)
        self._state: object = None
        self._accepting: set[asyncio.Task[None]] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._strangers = strangers
        #: In the order in which they came.
        self._open: dict[asyncio.Transport, _Connection] = {}
        before = min(patience, _PATIENCE_BEFORE)
        accounts, slots = Accounts(emulator), asyncio.Semaphore(_MOST_RECEIVED)
        self._protocols: dict[str, Factory] = {
            "smtp": lambda context: Smtp(accounts, context=context, slots=slots, patience=(before, patience)),
            "pop3": lambda context: Pop3(accounts, context=context, patience=(before, patience)),
        }

    def _connected(self) -> int:
        return len(self._opening) + sum(not transport.is_closing() for transport in self._open)

    def _make_room(self) -> bool:
        """Cut off the oldest connection on which nobody has logged in, if it is not a new one."""
        latest = asyncio.get_running_loop().time() - self._strangers
        for transport, connection in self._open.items():
            if not (transport.is_closing() or connection.protocol.is_logged_in or connection.since > latest):
                transport.abort()
                return True
        return False

    async def start(self) -> None:
        """Start to accept connections."""
        for kind, port in self._ports.items():
            for listening in port.sockets:
                listening.setblocking(False)
                listening.listen(_BACKLOG)
                keep(self._accept(listening, kind=kind), among=self._accepting)

    async def stop(self) -> None:
        """Accept no more connections, and cut off those that are open."""
        ending = [*self._accepting, *self._opening]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        for port in self._ports.values():
            port.close()
        for transport in self._open:
            transport.abort()

    async def _accept(self, listening: socket.socket, *, kind: str) -> None:
        async for client in self._limit.accepted(listening, busy=_BUSY.get(kind, b"")):
            keep(self._serve(client, kind=kind), among=self._opening)

    async def _serve(self, client: socket.socket, *, kind: str) -> None:
        """Hand the connection over to its protocol; the socket is closed if the handshake fails."""
        with contextlib.ExitStack() as held:
            held.callback(client.close)
            with contextlib.suppress(Unavailable):
                await self._admit_authorities()
                held.pop_all()  # from here on the connection owns the socket
        at_once = kind.endswith("s")
        loop, new, context = asyncio.get_running_loop(), self._protocols[kind.removesuffix("s")], self._context()
        try:
            transport, protocol = await loop.connect_accepted_socket(
                lambda: new(None if at_once else context),
                client,
                ssl=context if at_once else None,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS if at_once else None,
            )
            self._open = {other: connection for other, connection in self._open.items() if not other.is_closing()}
            self._open[transport] = _Connection(protocol, loop.time())
        except ssl.SSLCertVerificationError as error:
            # TLS has no words for the reason that reach the person.
            self._limit.warn(f"a mail program's certificate is not accepted: {error.verify_message}.")
        except OSError:  # the client has gone, or the socket was closed above
            return

    async def _admit_authorities(self) -> None:
        """Make the context know every tenant's authorities, if anything was written since it was looked for last."""
        state = self._runner.database.state
        if state is not self._state or self._runner.database.is_shared:
            self._context.admit_only(await self._runner.read(authorities.enterprise_certificates))
            self._state = state
