"""The device's side of POP3 and SMTP, against servers that say what they should not."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from fauxtune.server import tls
from fauxtune.server.system import SystemIds
from fauxtune_sim.errors import AnswerBroken, MailboxRefused, ServerUnreachable, SimulatorError
from fauxtune_sim.mail.mailbox_wires import Mailbox, MailLogin, send

GREETING = b"+OK ready\r\n"
LOGGED_IN = GREETING + b"+ \r\n+OK alice\r\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tls.TlsFiles:
    folder = tmp_path_factory.mktemp("tls")
    return tls.prepare(folder, names=["localhost"], now=datetime.now(UTC), ids=SystemIds())


@contextmanager
def saying(answers: bytes, files: tls.TlsFiles) -> Iterator[int]:
    """A server of TLS that says this to its only client, whatever that asks, and goes; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server, files.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            client, _ = listening.accept()
            try:
                with client, context.wrap_socket(client, server_side=True) as secure:
                    secure.sendall(answers)
                    secure.settimeout(5)
                    while secure.recv(4096):
                        pass
            except OSError:
                pass  # the client has gone, or does not trust this server

        server = Thread(target=serve, daemon=True)
        server.start()
        yield listening.getsockname()[1]
        server.join(10)


def login(files: tls.TlsFiles) -> MailLogin:
    return MailLogin("alice@contoso.example", password="x", ca=Path(files.ca).read_bytes())


def first_message(url: str, account: MailLogin) -> bytes:
    with Mailbox(url, account) as mailbox:
        (number,) = mailbox.unique_ids()
        return mailbox.message(number)


def test_a_message_is_read_with_its_dots_and_lines_of_any_end(files: tls.TlsFiles) -> None:
    answers = LOGGED_IN + b"+OK\r\n7 abc\r\n.\r\n+OK\r\nSubject: a\n\r\n..dot\r\n" + b"x" * 5000 + b"\r\n.\r\n+OK\r\n"
    with saying(answers, files) as port:
        message = first_message(f"pop3s://localhost:{port}", login(files))
    assert message == b"Subject: a\r\n\r\n.dot\r\n" + b"x" * 5000 + b"\r\n"


@pytest.mark.parametrize(
    ("answers", "error", "why"),
    [
        (b"220 mail ESMTP\r\n", AnswerBroken, "does not speak POP3: it answered '220 mail ESMTP'"),
        (b"-ERR [SYS/TEMP] too busy\r\n", MailboxRefused, "too busy"),
        (b"x" * 200_000, AnswerBroken, "sent a line of more than 65536 bytes"),
        (
            GREETING + b"+ \r\n-ERR [AUTH] wrong\r\n",
            MailboxRefused,
            r"login of alice@contoso.example .* \[AUTH\] wrong",
        ),
        (LOGGED_IN + b"+OK\r\none abc\r\n.\r\n+OK\r\n", AnswerBroken, "answered UIDL with lines of another form"),
        (LOGGED_IN + b"+OK\r\n1 abc\r\n.\r\n-ERR it is gone\r\n+OK\r\n", MailboxRefused, "it is gone"),
    ],
)
def test_an_answer_that_is_none_is_refused(
    files: tls.TlsFiles, answers: bytes, error: type[SimulatorError], why: str
) -> None:
    with saying(answers, files) as port, pytest.raises(error, match=why):
        first_message(f"pop3s://localhost:{port}", login(files))


def use_smtp(url: str, account: MailLogin) -> object:
    return send(url, account, message=b"Subject: a\r\n\r\nb\r\n", recipients=["bob@contoso.example"])


_EHLO = b"220 mail\r\n250-mail\r\n250 AUTH PLAIN\r\n"


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (b"554 go away\r\n", "go away"),
        (
            _EHLO + b"535 5.7.8 wrong\r\n221 Bye\r\n",
            "refused the login of alice@contoso.example with a password: 5.7.8 wrong",
        ),
        (
            _EHLO + b"235 OK\r\n250 OK\r\n550 5.1.1 nobody\r\n221 Bye\r\n",
            "refused the recipient bob@contoso.example: 5.1.1",
        ),
        (
            _EHLO + b"235 OK\r\n250 OK\r\n250 OK\r\n354 go\r\n552 5.2.2 full\r\n221 Bye\r\n",
            "refused the mail: 5.2.2 full",
        ),
    ],
)
def test_the_reason_of_a_refusal_is_passed_on(files: tls.TlsFiles, answers: bytes, why: str) -> None:
    with saying(answers, files) as port, pytest.raises(MailboxRefused, match=why):
        use_smtp(f"smtps://localhost:{port}", login(files))


@pytest.mark.parametrize(("kind", "use"), [("pop3s", first_message), ("smtps", use_smtp)])
def test_a_server_that_is_not_trusted_or_not_there_is_named(
    files: tls.TlsFiles, tmp_path: Path, kind: str, use: Callable[[str, MailLogin], object]
) -> None:
    others = tls.prepare(tmp_path, names=["localhost"], now=datetime.now(UTC), ids=SystemIds())
    with saying(GREETING, files) as port, pytest.raises(ServerUnreachable, match="certificate is not trusted"):
        use(f"{kind}://localhost:{port}", login(others))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ServerUnreachable, match=r"cannot be reached|ended the connection"):
        use(f"{kind}://localhost:{port}", login(files))
    with pytest.raises(AnswerBroken, match="is not the address of a mail server"):
        use(f"{kind}://localhost", login(files))
