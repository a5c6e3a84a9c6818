"""The connection of POP3: lines in, answers out, with bounds on lengths and on waiting."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from fauxtune.core.errors import FauxtuneError, Unavailable
from fauxtune.surfaces.mail import sasl
from fauxtune.surfaces.mail.accounts import Accounts
from fauxtune.surfaces.mail.pop3_commands import LONGEST_LINE, one_line
from fauxtune.surfaces.mail.pop3_session import Answer, Security, Session, Then


class _Reader(asyncio.StreamReader):
    """A reader that can forget what it has received."""

    def forget(self) -> None:
        """Drop what was sent and not read yet: RFC 2595 4 forbids to use after STLS what came before it."""
        self._buffer.clear()  # type: ignore[attr-defined]


class Pop3(asyncio.StreamReaderProtocol):
    """The protocol of one connection. `context`: for STLS; None on a port where TLS begins at once. `patience`: seconds
    without a command, or without a byte of an answer, after which the connection is closed: before the login and after.
    """

    def __init__(self, accounts: Accounts, *, context: ssl.SSLContext | None, patience: tuple[float, float]) -> None:
        loop = asyncio.get_running_loop()
        reader = _Reader(limit=sasl.LONGEST_RESPONSE, loop=loop)
        super().__init__(reader, self._begin, loop=loop)
        self._accounts = accounts
        self._context = context
        self._patience, self._patience_after = patience
        self._input = reader
        self._conversation: asyncio.Task[None] | None = None
        #: Whether a user has logged in on this connection.
        self.is_logged_in = False

    def _begin(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not a coroutine, for which Python 3.11 would log an error when the server ends.
        self._conversation = asyncio.get_running_loop().create_task(self._serve(writer))

    async def _serve(self, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the client has gone, or sent nothing for too long
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._patience):
                    await writer.wait_closed()

    async def _converse(self, writer: asyncio.StreamWriter) -> None:
        session = Session(self._accounts, _security(writer.transport, can_start=self._context is not None))
        await self._send(writer, Answer("+OK Fauxtune's mailboxes: an emulator, for tests only"))
        while True:
            line = await self._line(longest=LONGEST_LINE if session.mechanism is None else sasl.LONGEST_RESPONSE)
            if line is None:
                await self._send(writer, Answer("-ERR the line is too long"))
                return
            answer = await _answered(session, line)
            if session.is_logged_in:
                self.is_logged_in, self._patience = True, self._patience_after
            await self._send(writer, answer)
            if answer.then is Then.CLOSE:
                return
            if answer.then is Then.START_TLS:
                assert self._context is not None
                self._input.forget()
                async with asyncio.timeout(self._patience):
                    await writer.start_tls(self._context)
                session.tls_started(_security(writer.transport, can_start=False))

    async def _line(self, *, longest: int) -> bytes | None:
        """The next line; None for one that is too long."""
        async with asyncio.timeout(self._patience):
            try:
                line = await self._input.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                return None
        return line if len(line) <= longest else None

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        writer.write(f"{answer.line}\r\n".encode())
        for part in answer.rest or ():
            writer.write(part)
            async with asyncio.timeout(self._patience):
                await writer.drain()
        async with asyncio.timeout(self._patience):
            await writer.drain()


async def _answered(session: Session, line: bytes) -> Answer:
    try:
        return await session.answer(line)
    except Unavailable as error:
        return Answer(f"-ERR [SYS/TEMP] {one_line(error.message)}")
    except FauxtuneError as error:
        return Answer(f"-ERR {one_line(error.message)}")


def _security(transport: asyncio.BaseTransport, *, can_start: bool) -> Security:
    secure = transport.get_extra_info("ssl_object") is not None
    return Security(can_start and not secure, sasl.client_certificate(transport))
