"""The mailbox of a device: the commands about it, up to the wires, and the messages in the device's folder.

POP3 and SMTP are tried against servers that say what they should not.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from fauxtune.server import tls
from fauxtune.server.system import SystemIds
from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli.main import app
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import AnswerBroken, MailboxRefused, ServerUnreachable, SimulatorError
from fauxtune_sim.mail.accounts import MailAccount, MailFolder
from fauxtune_sim.mail.mailbox_wires import Mailbox, MailLogin, send
from fauxtune_sim.platforms import Platform

LETTER = (
    b"From: =?utf-8?q?B=C3=B6b?= <bob@contoso.example>\r\nSubject: =?utf-8?q?M=C3=BCsli?=\r\n\tfor all\r\n"
    b"Date: Fri, 27 Nov 2026 12:00:00 +0000\r\nContent-Type: application/pkcs7-mime\r\n\r\nx\r\n"
)
ALICE = "alice@contoso.example"
NO_ACCOUNT, ADD = "fauxtune-sim: phone has no mail account", "fauxtune-sim mail account add"


def account(number: int = 1, *, alias: str | None = None) -> MailAccount:
    address = f"alice{number}@contoso.example"
    return MailAccount(f"email-{number}", package="mail", digest="", address=address, host="mail", login_alias=alias)


def phone(folder: Path, *accounts: MailAccount, ended: str | None = None) -> Device:
    device = Device.new("phone", folder=folder)
    device.accounts = {mail_account.id: mail_account for mail_account in accounts}
    device.ended = ended
    device.save()
    return device


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["mail", *map(str, arguments)], env={"COLUMNS": "200"})
    return result.exit_code, result.output


SEND = ("send", "--deliver", "--to-user", "bob@contoso.example", "--sign", "--out", "x.eml")
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


WORK = MailAccount("email-1", package="mail", digest="", address="alice@contoso.example")
OTHER = MailAccount("email-2", package="mail", digest="", address="alice@other.example")


@pytest.mark.parametrize("command", [("fetch",), ("list",), ("open", "1"), SEND])
def test_without_an_account_there_is_no_mailbox(tmp_path: Path, command: tuple[str, ...]) -> None:
    phone(tmp_path)
    assert run(*command, "--state", tmp_path) == (
        1,
        f"{NO_ACCOUNT}: no e-mail profile has set one up, and its user has added none ({ADD})\n",
    )
    phone(tmp_path, ended="wiped by the administrator")
    assert (
        "has no mail account: its management ended: wiped by the administrator" in run(*command, "--state", tmp_path)[1]
    )


def test_the_user_of_any_device_adds_a_mail_account_by_hand_and_management_leaves_it(tmp_path: Path) -> None:
    device = Device.new("mac", platform=Platform.MACOS, folder=tmp_path)
    device.save()
    assert run("account", "add", "alice@contoso.example", "--state", tmp_path) == (
        0,
        "Mail on mac has the account alice@contoso.example, which logs in with the user's password (--password-file)\n",
    )
    code, text = run("list", "--state", tmp_path)
    assert (code, text) == (0, "no mail of alice@contoso.example is on mac: `mail fetch` gets it\n")
    code, text = run("fetch", "--state", tmp_path)
    assert (code, "logs in with its user's password: give it with --password-file" in text) == (1, True)
    for wrong, why in (
        (("alice",), "'alice' is no address: write it whole, such as alice@contoso.example"),
        (("ALICE@contoso.example",), "mac has a mail account for ALICE@contoso.example already"),
        (("bob@contoso.example", "--certificate", "ffe3035b"), "mac holds no key for ffe3035b: it has none"),
    ):
        code, text = run("account", "add", *wrong, "--state", tmp_path)
        assert (code, why in text) == (1, True), text
    # What a check-in changes is the accounts of management alone.
    device = load_device(tmp_path)
    device.accounts.clear()
    device.save()
    assert [own_account.address for own_account in load_device(tmp_path).own_accounts.values()] == [
        "alice@contoso.example"
    ]


def test_of_several_accounts_one_is_chosen_by_its_address(tmp_path: Path) -> None:
    phone(tmp_path, account(1), account(2))
    code, text = run("list", "--state", tmp_path)
    assert (code, "choose one with --account: alice1@contoso.example, alice2@contoso.example" in text) == (1, True)
    code, text = run("list", "--state", tmp_path, "--account", "ALICE2@contoso.example")
    assert (code, "no mail of alice2@contoso.example is on phone" in text) == (0, True)


@pytest.mark.parametrize(
    ("alias", "password", "why"),
    [
        (None, None, "logs in with its user's password: give it with --password-file"),
        (None, "missing", "the password cannot be read from"),
        ("gone", None, "logs in with the certificate gone, which is not on phone any more"),
        (None, "present", "phone is not enrolled, so it knows no mail server"),
    ],
)
def test_what_a_login_lacks_is_said(tmp_path: Path, alias: str | None, password: str | None, why: str) -> None:
    phone(tmp_path, account(alias=alias))
    (tmp_path / "present").write_text("secret\n")
    more = () if password is None else ("--password-file", tmp_path / password)
    code, text = run("fetch", "--state", tmp_path, *more)
    assert (code, why in text) == (1, True), text


def test_fetched_mail_is_listed_and_opened_by_its_number(tmp_path: Path) -> None:
    device = phone(tmp_path, account())
    assert device.folder is not None
    folder = MailFolder(device.folder, account())
    folder.add("a", LETTER)
    folder.add("b", b"X" * 300_000)
    code, text = run("list", "--state", tmp_path)
    first, second = text.splitlines()
    assert first.split() == ["1", "2026-11-27", "12:00", "bob@contoso.example", "Müsli", "for", "all", "[S/MIME]"]
    assert (code, second.split()) == (0, ["2"])
    code, text = run("open", "1", "--state", tmp_path, "--offline")
    assert (code, "bob@contoso.example" in text) == (1, True)
    assert "there is no message 3: `mail list` has 2" in run("open", "3", "--state", tmp_path)[1]


def test_a_hostile_header_breaks_no_list_and_reaches_no_terminal(tmp_path: Path) -> None:
    device = phone(tmp_path, account())
    assert device.folder is not None
    folder = MailFolder(device.folder, account())
    date = b"Date: Mon, 99999999999999999999 Jan 2020 00:00:00 +0000\r\n"
    folder.add("a", b"From: " + b"(" * 5_000 + b"\r\n" + date + b"Subject: =?utf-8?q?a=07=08=C2=9Bb?=\r\n\r\nx")
    code, text = run("list", "--state", tmp_path)
    assert (code, text.split()) == (0, ["1", "a", "b"])
    code, text = run("open", "1", "--state", tmp_path, "--offline")
    assert (code, text.splitlines()[0]) == (0, "from:      nobody")


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


def test_messages_keep_their_order_and_one_that_is_gone_from_the_server_goes(tmp_path: Path) -> None:
    folder = MailFolder(StateFolder(tmp_path), WORK)
    ids = [f"../{number}/\N{SNOWMAN}" for number in range(3)]
    files = [folder.add(each, f"{number}".encode()) for number, each in enumerate(ids)]
    assert folder.files() == files
    assert all(file.parent == tmp_path for file in files)
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    assert folder.missing([*ids, "new"]) == ["new"]
    assert folder.keep_only([ids[0], ids[2]]) == 1
    assert [file.read_bytes() for file in folder.files()] == [b"0", b"2"]
    assert folder.add("new", b"3").read_bytes() == b"3"
    assert folder.files()[-1].read_bytes() == b"3"


def test_messages_leave_the_device_with_their_account_and_with_management(tmp_path: Path) -> None:
    device = Device.new(folder=tmp_path)
    assert device.folder is not None
    folders = [MailFolder(device.folder, account) for account in (WORK, OTHER)]
    device.accounts = {WORK.id: WORK, OTHER.id: OTHER}
    for folder in folders:
        folder.add("a", b"x")
    device.save()
    assert [len(folder.files()) for folder in folders] == [1, 1]
    del device.accounts[OTHER.id]
    device.save()
    assert [len(folder.files()) for folder in folders] == [1, 0]
    device.remove_management("wiped")
    assert [len(folder.files()) for folder in folders] == [0, 0]
