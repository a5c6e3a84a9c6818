"""Message submission by SMTP: aiosmtpd's protocol with the logins and the bounds of this server.

RFC 6409 (submission), RFC 5321, RFC 4954 (AUTH), RFC 3207 (STARTTLS), RFC 3463 (status codes). A user sends from
addresses of the own account only, to people of the own tenant.

Differs from Intune: Exchange also sends to other domains.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import ssl
from collections.abc import Awaitable

from aiosmtpd.smtp import SMTP, Envelope, Session, TLSSetupException

from fauxtune.core.errors import FauxtuneError, NotAllowed, Unavailable
from fauxtune.core.model.mail_accounts import LARGEST_MESSAGE, MOST_RECIPIENTS
from fauxtune.operations.mail.mailboxes import Delivery
from fauxtune.surfaces.mail import accounts as sasl
from fauxtune.surfaces.mail.accounts import Accounts, LoginRefused, Mailbox, PlainLogin, SaslInvalid
from fauxtune.surfaces.mail.pop3_commands import one_line

#: Commands of one kind on one connection; of AUTH, those that may fail.
_MOST_COMMANDS = {"AUTH": 5, "RCPT": 20_000, "*": 2000}
#: Bytes that are read, and thrown away, of a message that is too large, before the client is cut off.
_MOST_WASTED = 2 * LARGEST_MESSAGE
_LONGEST_LINE = 1000
#: Bytes of a message that is received without a slot: so the slots of large ones keep nobody from writing.
_SMALL = 1 << 20
#: Seconds for all of a message (RFC 5321 4.5.3.2.5: three minutes for a block of it), for the rest of a large one once
#: it has a slot, and for which a large one waits for a slot.
_MESSAGE_SECONDS, _LARGE_SECONDS, _SLOT_SECONDS = 180.0, 120.0, 60.0
#: As Exchange refuses it (Microsoft: "Fix email delivery issues for error code 550 5.6.11", read 2026-12-02).
_BARE_LINE_FEED = (
    "550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; the message has line feeds without a carriage return before them: "
    "end each line with CR LF"
)

# aiosmtpd logs addresses at level INFO, whole messages at DEBUG, and each wrong command as a warning.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class Submission:
    """What aiosmtpd calls for each command. One for each connection."""

    def __init__(self) -> None:
        self.mailbox: Mailbox | None = None

    async def handle_EHLO(
        self, server: Smtp, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """List the mechanisms that this connection can use."""
        session.host_name = hostname
        names = ["LOGIN", "PLAIN"] if server.certificate is None else ["EXTERNAL", "LOGIN", "PLAIN"]
        return [f"250-AUTH {' '.join(names)}" if line.startswith("250-AUTH") else line for line in responses]

    def handle_STARTTLS(self, server: Smtp, session: Session, envelope: Envelope) -> bool:
        """Forget who logged in before TLS began (RFC 3207 4.2): anybody on the way can have sent that."""
        self.mailbox = None
        return True

    async def handle_MAIL(
        self, server: Smtp, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a sender that is the user."""
        assert self.mailbox is not None
        if not await self.mailbox.owns(address):
            return f"550 5.7.60 {self.mailbox.name} cannot send as {_ascii(address)}"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: Smtp, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a recipient who has a mailbox."""
        assert self.mailbox is not None
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return f"452 4.5.3 A message has at most {MOST_RECIPIENTS} recipients; send another one to the others"
        if not await self.mailbox.knows(address):
            return f"550 5.1.1 There is no mailbox {_ascii(address)} in {self.mailbox.tenant.domain}"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        """Return the answer to a command that failed; it reaches nobody if TLS did not begin: the connection ends."""
        if isinstance(error, TLSSetupException):
            cause = error.__cause__
            if isinstance(cause, ssl.SSLCertVerificationError):
                logging.getLogger(__name__).warning("A certificate is not accepted: %s", cause.verify_message)
            return ""
        if isinstance(error, Unavailable):
            return f"451 4.3.0 {_ascii(error.message)}"
        if isinstance(error, NotAllowed):
            return f"550 5.7.60 {_ascii(error.message)}"
        if isinstance(error, FauxtuneError):
            return f"554 5.6.0 {_ascii(error.message)}"
        logging.getLogger(__name__).error("A command of SMTP failed", exc_info=error)
        return "451 4.3.0 The server has failed; its log says why"


class Smtp(SMTP):
    """The protocol of one connection. `context`: for STARTTLS; None on a port where TLS begins at once.

    `slots` limits how many large messages are received at the same time, on all connections together; `patience`:
    seconds of one command after which the connection is closed, before the login and after it.
    """

    def __init__(
        self,
        accounts: Accounts,
        *,
        context: ssl.SSLContext | None,
        slots: asyncio.Semaphore,
        patience: tuple[float, float],
    ) -> None:
        before, self._patience = patience
        self._submission = Submission()
        super().__init__(
            self._submission,
            data_size_limit=LARGEST_MESSAGE,
            hostname="localhost",
            ident="Fauxtune: an emulator, for tests only",
            tls_context=context,
            timeout=before,
            # The ports are on this machine's own interface: TLS is not demanded.
            auth_require_tls=False,
            command_call_limit=_MOST_COMMANDS,
            loop=asyncio.get_running_loop(),
        )
        self._accounts = accounts
        self._slots = slots
        self._mechanisms = {"EXTERNAL": self._external, "LOGIN": self._login, "PLAIN": self._plain}

    @property
    def certificate(self) -> bytes | None:
        """The certificate that the client showed (DER)."""
        return sasl.client_certificate(self.transport)

    @property
    def is_logged_in(self) -> bool:
        """Whether a user has logged in on this connection."""
        return self._submission.mailbox is not None

    async def check_auth_needed(self, caller_method: str) -> bool:
        """Refuse a command before the login."""
        if self._submission.mailbox is not None:
            return False
        await self.push("530 5.7.0 Log in first, with AUTH")
        return True

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        """Begin TLS (RFC 3207). aiosmtpd would begin it once more inside TLS."""
        if self.session is not None and self.session.ssl is not None:
            await self.push("503 5.5.1 TLS protects this connection already")
        else:
            await super().smtp_STARTTLS(arg)

    # ------------------------------------------------------------------------------------------------------------ login

    async def smtp_AUTH(self, arg: str | None) -> None:
        """Log in (RFC 4954 4). aiosmtpd's own calls its checks in the event loop, where no database can be read."""
        if await self.check_helo_needed("EHLO"):
            return
        mechanism, _, initial = (arg or "").partition(" ")
        attempt = self._mechanisms.get(mechanism.upper())
        if self._submission.mailbox is not None:
            await self.push("503 5.5.1 You are logged in already")
        elif attempt is None:
            await self.push(f"504 5.5.4 The mechanisms of AUTH are {', '.join(self._mechanisms)}")
        else:
            await self.push(await self._logged_in(attempt(initial.strip())))

    async def _logged_in(self, attempt: Awaitable[Mailbox]) -> str:
        """Log in; return the answer."""
        try:
            self._submission.mailbox = await attempt
        except (SaslInvalid, LoginRefused) as error:
            return f"535 5.7.8 {_ascii(str(error))}"
        self._timeout_duration = self._patience
        return f"235 2.7.0 {_ascii(self._submission.mailbox.name)}"

    async def _plain(self, initial: str) -> Mailbox:
        return await self._accounts.open_by_password(sasl.plain(sasl.decoded(initial or await self._response(b""))))

    async def _login(self, initial: str) -> Mailbox:
        """LOGIN, which no RFC describes: name and password in a response each. Some mail programs know nothing else."""
        name = sasl.decoded(initial or await self._response(b"Username:"))
        password = sasl.decoded(await self._response(b"Password:"))
        return await self._accounts.open_by_password(PlainLogin(sasl.text(name), sasl.text(password)))

    async def _external(self, initial: str) -> Mailbox:
        response = sasl.decoded(initial or await self._response(b""))
        return await self._accounts.open_by_certificate(self.certificate, sasl.external(response))

    async def _response(self, challenge: bytes) -> str:
        """The client's response in base64. Raises SaslInvalid for a client that cancels, or writes a line too long."""
        await self.push(b"334 " + base64.b64encode(challenge))
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            self._writer.close()
            raise SaslInvalid(f"a response has at most {_LONGEST_LINE} characters") from None
        text = line.strip(b"\r\n").decode("ascii", "replace")
        if text == "*":
            raise SaslInvalid("the client has cancelled AUTH")
        return text

    # --------------------------------------------------------------------------------------------------------- message

    async def smtp_DATA(self, arg: str | None) -> None:
        """Receive a message and deliver it. aiosmtpd would store all of a line that never ends in memory."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        mailbox = self._submission.mailbox
        assert self.envelope is not None
        assert mailbox is not None
        if not self.envelope.rcpt_tos or arg:
            await self.push("501 5.5.4 DATA takes no argument" if arg else "503 5.5.1 Send RCPT before DATA")
            return
        async with contextlib.AsyncExitStack() as held:
            self._reset_timeout(min(self._patience, _MESSAGE_SECONDS))
            await self.push("354 End the message with a line of one dot")
            content = await self._message(held)
            if isinstance(content, str):
                await self.push(content)
            else:
                await self.push(await self._delivered(content, mailbox))
        self.envelope = self._create_envelope()

    async def _message(self, held: contextlib.AsyncExitStack) -> bytes | str:
        """The message without its end and the dots before dots (RFC 5321 4.5.2); the answer for one that is refused.
        `held` gets the slot of a large one.
        """
        content = bytearray()
        size, refusal, begins = 0, "", True
        while True:
            try:
                line = await self._reader.readuntil(b"\r\n")
                ends = True
            except asyncio.LimitOverrunError as error:
                line, ends = await self._reader.read(error.consumed), False
                refusal = refusal or f"500 5.5.2 A line has more than {_LONGEST_LINE} octets (RFC 5321 4.5.3.1.6)"
            if b"\n" in line.removesuffix(b"\r\n"):
                refusal = _BARE_LINE_FEED  # also of what looks like one long line, because of them
            if begins and line == b".\r\n":
                return refusal or bytes(content)
            if size <= _SMALL < size + len(line) and not refusal:
                refusal = await self._slot(held)
            size += len(line)
            if size > _MOST_WASTED:
                self._writer.close()
            if size > LARGEST_MESSAGE:
                refusal = f"552 5.3.4 A message has at most {LARGEST_MESSAGE} bytes"
            if refusal:
                content.clear()
            else:
                content += line.removeprefix(b".")
            begins = ends

    async def _slot(self, held: contextlib.AsyncExitStack) -> str:
        """Wait until one more large message can be received; return the answer if that takes too long."""
        try:
            async with asyncio.timeout(_SLOT_SECONDS):
                await held.enter_async_context(self._slots)
        except TimeoutError:
            return "452 4.3.1 Other large messages are being received; send this one again later"
        self._reset_timeout(min(self._patience, _LARGE_SECONDS))
        return ""

    async def _delivered(self, content: bytes, mailbox: Mailbox) -> str:
        """Deliver the message; return the answer."""
        assert self.envelope is not None
        sender = self.envelope.mail_from or ""
        try:
            result = await mailbox.send(content, sender=sender, recipients=self.envelope.rcpt_tos)
        except FauxtuneError as error:
            return await self._submission.handle_exception(error)
        return _answer(result)


def _answer(result: Delivery) -> str:
    """The answer for a message: one for all recipients."""
    reasons = "; ".join(f"{address}: {why}" for address, why in result.refused.items())
    if not result.accepted:
        return f"552 5.2.2 Nobody has the message. {_ascii(reasons)}"
    missing = "" if not reasons else f", but not {_ascii(reasons)}"
    count = len(result.accepted)
    return f"250 2.6.0 {count} mailbox{'es have' if count > 1 else ' has'} the message{missing}"


def _ascii(text: str) -> str:
    """A text as a part of an answer: one line of at most 400 characters (RFC 5321 4.5.3.1.5: an answer has 512)."""
    return one_line(text)[:400].encode("ascii", "replace").decode()
