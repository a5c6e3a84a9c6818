"""The device's side of the mailbox protocols: POP3 to read (RFC 1939, RFC 5034), SMTP to send, both in TLS.

The calls block: run them in a thread.
"""

from __future__ import annotations

import base64
import os
import smtplib
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune_sim.errors import AnswerBroken, MailboxRefused, ServerUnreachable
from fauxtune_sim.keys.keystore import Identity

_SECONDS = 60.0
#: Bytes of one line: RFC 5321 allows 1,000 in a message, and the dot before a dot.
_LONGEST_LINE = 65_536
#: Bytes of one answer. Exchange Online takes messages of at most 150 MB.
_LONGEST_ANSWER = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MailLogin:
    """How an account logs in: as whom, and with a certificate or a password. `ca`: PEM of the authorities to trust."""

    name: str
    identity: Identity | None = None
    password: str | None = field(default=None, repr=False)
    ca: bytes | None = None

    @property
    def method(self) -> str:
        """The method in words."""
        return "a password" if self.identity is None else f"the certificate {self.identity.thumbprint[:8]}"


@contextmanager
def _answers(url: str, login: MailLogin) -> Iterator[None]:
    """Turn errors of the connection into the simulator's."""
    try:
        yield
    except ssl.SSLCertVerificationError as untrusted:
        raise ServerUnreachable(
            f"{url}: the server's certificate is not trusted ({untrusted.verify_message})"
        ) from None
    except (ssl.SSLError, ConnectionError, EOFError, smtplib.SMTPServerDisconnected) as ended:
        hint = ""
        if login.identity is not None:
            hint = (
                ". A server ends TLS in this way if it does not take the certificate at all: it was not issued by the "
                "tenant's CA, or its extended key usage lacks clientAuth"
            )
        raise ServerUnreachable(f"{url} ended the connection{hint}") from ended
    except smtplib.SMTPException as refused:
        raise MailboxRefused(f"{url} refused the mail: {_text(refused)}") from refused
    except OSError as failed:
        raise ServerUnreachable(f"{url} cannot be reached: {failed.strerror or failed}") from failed


class Mailbox:
    """An open mailbox. Use it with `with`, which ends the session; messages are left on the server."""

    def __init__(self, url: str, login: MailLogin) -> None:
        """Connect to a URL such as pop3s://localhost:8995, and log in. Raises MailboxRefused if that is refused."""
        self._url, self._login = url, login
        address = _address(url)
        with _answers(url, login), ExitStack() as held:
            plain = held.enter_context(socket.create_connection(address, timeout=_SECONDS))
            self._socket = held.enter_context(_context(login).wrap_socket(plain, server_hostname=address[0]))
            self._file = held.enter_context(self._socket.makefile("rb"))
            self._answer()
            self._log_in()
            self._held = held.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(MailboxRefused, OSError, EOFError):
            self._command("QUIT")
        self._held.close()

    def unique_ids(self) -> dict[int, str]:
        """The unique ids of the messages by their numbers, the oldest first."""
        with _answers(self._url, self._login):
            self._command("UIDL")
            rows = [line.decode("ascii", "replace").split() for line in self._lines()]
        try:
            return {int(number): unique_id for number, unique_id in rows}
        except ValueError as broken:
            raise AnswerBroken(f"{self._url} answered UIDL with lines of another form") from broken

    def message(self, number: int) -> bytes:
        """A message by its number."""
        with _answers(self._url, self._login):
            self._command(f"RETR {number}")
            return b"".join(line + b"\r\n" for line in self._lines())

    def _log_in(self) -> None:
        login = self._login
        try:
            if login.identity is not None:
                self._command(f"AUTH EXTERNAL {base64.b64encode(login.name.encode()).decode()}")
            else:
                text = f"\0{login.name}\0{login.password or ''}"
                self._command("AUTH PLAIN")
                self._command(base64.b64encode(text.encode()).decode())
        except MailboxRefused as refused:
            raise MailboxRefused(_login_refused(login, str(refused))) from None

    def _command(self, line: str) -> None:
        self._socket.sendall(f"{line}\r\n".encode())
        self._answer()

    def _answer(self) -> None:
        line = self._line().decode(errors="replace")
        if line.startswith("-ERR"):
            raise MailboxRefused(line.removeprefix("-ERR").strip())
        if not line.startswith("+"):
            raise AnswerBroken(f"{self._url} does not speak POP3: it answered {line[:80]!r}")

    def _line(self) -> bytes:
        line = self._file.readline(_LONGEST_LINE)
        if not line:
            raise EOFError
        if not line.endswith(b"\n"):
            raise AnswerBroken(f"{self._url} sent a line of more than {_LONGEST_LINE} bytes")
        return line.rstrip(b"\r\n")

    def _lines(self) -> Iterator[bytes]:
        """The lines of an answer up to the one that is only a dot."""
        size = 0
        while (line := self._line()) != b".":
            size += len(line)
            if size > _LONGEST_ANSWER:
                raise AnswerBroken(f"{self._url} sent an answer of more than {_LONGEST_ANSWER // 1024**2} MiB")
            yield line.removeprefix(b".")


def send(url: str, login: MailLogin, *, message: bytes, recipients: list[str]) -> str:
    """Send a message over a URL such as smtps://localhost:8465; the server's answer. Raises MailboxRefused."""
    host, port = _address(url)
    with _answers(url, login), smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=_context(login)) as connection:
        connection.ehlo()
        try:
            if login.identity is not None:
                connection.auth("EXTERNAL", lambda _challenge=None: login.name)
            else:
                connection.login(login.name, login.password or "")
        except smtplib.SMTPAuthenticationError as refused:
            raise MailboxRefused(_login_refused(login, _text(refused))) from None
        connection.mail(login.name)
        for recipient in recipients:
            code, text = connection.rcpt(recipient)
            if code >= 300:
                raise MailboxRefused(f"{url} refused the recipient {recipient}: {text.decode(errors='replace')}")
        code, text = connection.data(message)
        if code >= 300:
            raise MailboxRefused(f"{url} refused the mail: {text.decode(errors='replace')}")
        return text.decode(errors="replace")


def _login_refused(login: MailLogin, why: str) -> str:
    return f"the mail server refused the login of {login.name} with {login.method}: {why}"


def _text(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return str(error)


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if not parts.hostname or not parts.port:
        raise AnswerBroken(f"{url!r} is not the address of a mail server")
    return parts.hostname, parts.port


def _context(login: MailLogin) -> ssl.SSLContext:
    """The context that trusts the account's authorities and shows its certificate."""
    context = ssl.create_default_context(cadata=None if login.ca is None else login.ca.decode("ascii"))
    if login.identity is not None:
        # OpenSSL takes the key from a file only: one that nobody else can read, for this moment.
        handle, name = tempfile.mkstemp(suffix=".pem")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_pem(login.identity))
            context.load_cert_chain(name)
        finally:
            Path(name).unlink()
    return context


def _pem(identity: Identity) -> bytes:
    key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    issuers = [certificate for certificate in identity.chain if certificate.issuer != certificate.subject]
    return key + b"".join(issuer.public_bytes(Encoding.PEM) for issuer in (identity.certificate, *issuers))
