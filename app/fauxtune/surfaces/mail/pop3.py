"""POP3: the connection of a client (lines in, answers out, with bounds on lengths and on waiting), and its session
(what each command does, and when it may be sent).

RFC 1939 4-6; RFC 2595 4 (STLS); RFC 5034 (AUTH); RFC 3206 (the code [AUTH] of a refused login).

Unlike RFC 1939 4 a session locks nothing: the devices of a user read at the same time. A session sees the messages that
were there when it began, and each message keeps its number and its unique id.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

from fauxtune.core.errors import FauxtuneError, Unavailable
from fauxtune.surfaces.mail import accounts as sasl
from fauxtune.surfaces.mail.accounts import Accounts, Listed, LoginRefused, Mailbox, PlainLogin, SaslInvalid
from fauxtune.surfaces.mail.pop3_commands import (
    LONGEST_LINE,
    CommandInvalid,
    Verb,
    command_from,
    crlf,
    number_from,
    one_line,
    stuffed,
    top_of,
)


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


#: Logins that may fail on one connection.
MOST_FAILURES = 5
#: Bytes of a message that is looked through in a thread: nothing else would be served meanwhile.
_LARGE = 1 << 20
_BEFORE_LOGIN = {Verb.APOP, Verb.AUTH, Verb.PASS, Verb.STLS, Verb.USER}
_AT_ANY_TIME = {Verb.CAPA, Verb.QUIT}


class Then(Enum):
    """What the connection does after an answer."""

    GO_ON = auto()
    START_TLS = auto()
    CLOSE = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its first line without CRLF, and the rest of it, if it has several lines."""

    line: str
    rest: Iterable[bytes] | None = None
    then: Then = Then.GO_ON


@dataclass(frozen=True, slots=True)
class Security:
    """The state of the connection: whether TLS can be started, and the client's certificate (DER)."""

    can_start: bool = False
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Maildrop:
    """An open mailbox, as it was at the login. A message's number is its place in `messages`, counted from 1."""

    mailbox: Mailbox
    messages: list[Listed]
    deleted: set[int]

    def kept(self) -> list[tuple[int, Listed]]:
        return [(number, message) for number, message in enumerate(self.messages, 1) if number not in self.deleted]


class Session:
    """A session from the greeting to QUIT. `security` is to be replaced when TLS has started."""

    def __init__(self, accounts: Accounts, security: Security) -> None:
        self.security = security
        self._accounts = accounts
        self._user: str | None = None
        self._mechanism: str | None = None
        self._failures = 0
        self._drop: _Maildrop | None = None

    @property
    def is_logged_in(self) -> bool:
        """Whether a mailbox is open."""
        return self._drop is not None

    @property
    def mechanism(self) -> str | None:
        """The mechanism of AUTH whose response is awaited."""
        return self._mechanism

    async def answer(self, line: bytes) -> Answer:
        """Return the answer to a line of the client."""
        try:
            if self._mechanism is not None:
                return await self._response(line)
            command = command_from(line)
            self._check_state(command.verb)
            return await _HANDLERS[command.verb](self, command.arguments)
        except CommandInvalid as error:
            return Answer(f"-ERR {one_line(str(error))}")

    def tls_started(self, security: Security) -> None:
        """Begin again on a connection that TLS protects now: what was said before counts no more (RFC 2595 4)."""
        self.security = security
        self._user = None

    def _check_state(self, verb: Verb) -> None:
        if verb in _AT_ANY_TIME:
            return
        if self._drop is None and verb not in _BEFORE_LOGIN:
            raise CommandInvalid(f"log in before {verb}: with USER and PASS, or with AUTH")
        if self._drop is not None and verb in _BEFORE_LOGIN:
            raise CommandInvalid(f"{verb} is not possible any more: you are logged in")

    # ------------------------------------------------------------------------------------------------- before the login

    async def _capabilities(self, _: tuple[str, ...]) -> Answer:
        lines = ["TOP", "UIDL", "USER", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER"]
        lines.append(f"SASL {' '.join(self._mechanisms())}")
        if self.security.can_start and self._drop is None:
            lines.append("STLS")
        return Answer("+OK what this server can do:", _lines([*lines, "IMPLEMENTATION Fauxtune"]))

    def _mechanisms(self) -> list[str]:
        return ["PLAIN"] if self.security.certificate is None else ["EXTERNAL", "PLAIN"]

    async def _start_tls(self, _: tuple[str, ...]) -> Answer:
        if not self.security.can_start:
            raise CommandInvalid("TLS protects this connection already")
        return Answer("+OK begin TLS", then=Then.START_TLS)

    async def _apop(self, _: tuple[str, ...]) -> Answer:
        raise CommandInvalid("APOP is not possible: the server does not store passwords. Use USER and PASS, or AUTH")

    async def _name(self, arguments: tuple[str, ...]) -> Answer:
        self._user = arguments[0]
        return Answer("+OK now the password")

    async def _password(self, arguments: tuple[str, ...]) -> Answer:
        if self._user is None:
            raise CommandInvalid("send USER before PASS")
        given, self._user = PlainLogin(self._user, arguments[0]), None
        return await self._opened(self._accounts.open_by_password(given))

    async def _auth(self, arguments: tuple[str, ...]) -> Answer:
        if not arguments:  # as RFC 5034 4 describes older servers
            return Answer("+OK mechanisms:", _lines(self._mechanisms()))
        mechanism = arguments[0].upper()
        if mechanism not in {"EXTERNAL", "PLAIN"}:
            raise CommandInvalid(f"the mechanisms of AUTH are {' and '.join(self._mechanisms())}")
        self._mechanism = mechanism
        return Answer("+ ") if len(arguments) == 1 else await self._response(arguments[1].encode())

    async def _response(self, line: bytes) -> Answer:
        """Log in with the response of the mechanism that the client chose."""
        mechanism, self._mechanism = self._mechanism, None
        text = line.strip(b"\r\n").decode("ascii", "replace")
        if text == "*":
            return Answer("-ERR AUTH was cancelled")
        try:
            response = sasl.decoded(text)
            if mechanism == "PLAIN":
                return await self._opened(self._accounts.open_by_password(sasl.plain(response)))
            name = sasl.external(response)
        except SaslInvalid as error:
            return self._failed(str(error))
        return await self._opened(self._accounts.open_by_certificate(self.security.certificate, name))

    async def _opened(self, attempt: Awaitable[Mailbox]) -> Answer:
        try:
            mailbox = await attempt
        except LoginRefused as error:
            return self._failed(str(error))
        self._drop = _Maildrop(mailbox, await mailbox.listing(), set())
        return Answer(f"+OK {one_line(mailbox.name)}: {_counted(len(self._drop.messages))}")

    def _failed(self, why: str) -> Answer:
        self._failures += 1
        then = Then.CLOSE if self._failures >= MOST_FAILURES else Then.GO_ON
        return Answer(f"-ERR [AUTH] {one_line(why)}", then=then)

    # -------------------------------------------------------------------------------------------------- after the login

    @property
    def _open(self) -> _Maildrop:
        assert self._drop is not None
        return self._drop

    def _message(self, text: str) -> tuple[int, Listed]:
        number = number_from(text)
        if not 1 <= number <= len(self._open.messages) or number in self._open.deleted:
            raise CommandInvalid(f"there is no message {number}")
        return number, self._open.messages[number - 1]

    async def _statistics(self, _: tuple[str, ...]) -> Answer:
        kept = self._open.kept()
        return Answer(f"+OK {len(kept)} {sum(each.size for _, each in kept)}")

    async def _list(self, arguments: tuple[str, ...]) -> Answer:
        return self._of_each(arguments, lambda each: str(each.size))

    async def _unique_ids(self, arguments: tuple[str, ...]) -> Answer:
        return self._of_each(arguments, lambda each: each.id)

    def _of_each(self, arguments: tuple[str, ...], fact: Callable[[Listed], str]) -> Answer:
        if arguments:
            number, each = self._message(arguments[0])
            return Answer(f"+OK {number} {fact(each)}")
        kept = self._open.kept()
        return Answer(f"+OK {_counted(len(kept))}", _lines(f"{number} {fact(each)}" for number, each in kept))

    async def _retrieve(self, arguments: tuple[str, ...]) -> Answer:
        message = await self._content(arguments[0], seen=True)
        return Answer(f"+OK {len(message)} octets", stuffed(message))

    async def _top(self, arguments: tuple[str, ...]) -> Answer:
        lines = number_from(arguments[1])
        message = await self._content(arguments[0], seen=False)
        return Answer("+OK the header, and lines of the body", stuffed(top_of(message, lines)))

    async def _content(self, text: str, *, seen: bool) -> bytes:
        number, each = self._message(text)
        raw = await self._open.mailbox.raw(each, seen=seen)
        if raw is None:
            raise CommandInvalid(f"message {number} is gone: another program has deleted it")
        return await asyncio.to_thread(crlf, raw) if len(raw) > _LARGE else crlf(raw)

    async def _delete(self, arguments: tuple[str, ...]) -> Answer:
        number, _ = self._message(arguments[0])
        self._open.deleted.add(number)
        return Answer(f"+OK message {number} is deleted at QUIT")

    async def _nothing(self, _: tuple[str, ...]) -> Answer:
        return Answer("+OK")

    async def _reset(self, _: tuple[str, ...]) -> Answer:
        self._open.deleted.clear()
        return Answer("+OK no message is marked as deleted")

    async def _quit(self, _: tuple[str, ...]) -> Answer:
        if self._drop is not None and self._drop.deleted:
            await self._drop.mailbox.delete(self._drop.messages[number - 1] for number in sorted(self._drop.deleted))
        return Answer("+OK goodbye", then=Then.CLOSE)


_HANDLERS: dict[Verb, Callable[[Session, tuple[str, ...]], Awaitable[Answer]]] = {
    Verb.APOP: Session._apop,
    Verb.AUTH: Session._auth,
    Verb.CAPA: Session._capabilities,
    Verb.DELE: Session._delete,
    Verb.LIST: Session._list,
    Verb.NOOP: Session._nothing,
    Verb.PASS: Session._password,
    Verb.QUIT: Session._quit,
    Verb.RETR: Session._retrieve,
    Verb.RSET: Session._reset,
    Verb.STAT: Session._statistics,
    Verb.STLS: Session._start_tls,
    Verb.TOP: Session._top,
    Verb.UIDL: Session._unique_ids,
    Verb.USER: Session._name,
}


def _lines(texts: Iterable[str]) -> Iterator[bytes]:
    for text in texts:
        yield f"{text}\r\n".encode()
    yield b".\r\n"


def _counted(number: int) -> str:
    return f"{number} message" if number == 1 else f"{number} messages"
