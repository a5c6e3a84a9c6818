"""A mail program sends by SMTP: Python's own smtplib is the program."""

from __future__ import annotations

import base64
import smtplib
import socket

import pytest

from fauxtune.core.model.mail_accounts import LARGEST_MESSAGE, MOST_RECIPIENTS
from fauxtune.operations.mail import mailboxes
from tests.support.mail_programs import ALICE, BOB, LETTER, PASSWORD, Programs, in_thread


def logged_in(program: smtplib.SMTP, user: str = ALICE) -> smtplib.SMTP:
    program.login(user, PASSWORD)
    return program


async def test_a_message_reaches_each_recipient_once(programs: Programs) -> None:
    def work() -> None:
        with logged_in(programs.smtp()) as program:
            assert program.sendmail(ALICE, [BOB, BOB.upper(), ALICE], LETTER) == {}
            # Another one on the same connection.
            assert program.sendmail(ALICE, [ALICE], b"Subject: .\r\n\r\n.\r\n..\r\n") == {}

    await in_thread(work)
    assert await in_thread(programs.read) == [LETTER]
    assert await in_thread(lambda: programs.read(ALICE)) == [LETTER, b"Subject: .\r\n\r\n.\r\n..\r\n"]


@pytest.mark.parametrize("kind", ["smtp", "smtps"])
async def test_tls_begins_on_request_or_at_once(programs: Programs, kind: str) -> None:
    def work() -> None:
        with programs.smtp() if kind == "smtp" else programs.smtps() as program:
            if kind == "smtp":
                program.starttls(context=programs.context())
            program.ehlo()
            assert not program.has_extn("starttls")
            logged_in(program).sendmail(ALICE, [BOB], LETTER)

    await in_thread(work)
    assert await in_thread(programs.read) == [LETTER]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "plain"])
async def test_each_mechanism_with_a_password(programs: Programs, mechanism: str) -> None:
    def text(value: str) -> str:
        return base64.b64encode(value.encode()).decode()

    def work() -> None:
        with programs.smtp() as program:
            program.ehlo()
            if mechanism == "LOGIN":
                assert program.docmd("AUTH", mechanism) == (334, b"VXNlcm5hbWU6")
                assert program.docmd(text(ALICE)) == (334, b"UGFzc3dvcmQ6")
                answer = program.docmd(text(PASSWORD))
            else:
                assert program.docmd("AUTH", mechanism)[0] == 334
                answer = program.docmd(text(f"\0{ALICE}\0{PASSWORD}"))
            assert answer == (235, b"2.7.0 alice@contoso.example")
            assert program.docmd("AUTH", "PLAIN")[0] == 503

    await in_thread(work)


@pytest.mark.parametrize(
    ("commands", "code", "text"),
    [
        (["MAIL FROM:<alice@contoso.example>"], 530, "Log in first"),
        (["DATA"], 530, "Log in first"),
        (["AUTH NTLM"], 504, "EXTERNAL, LOGIN, PLAIN"),
        (["AUTH"], 504, "mechanisms"),
        (["AUTH PLAIN", "*"], 535, "cancelled"),
        (["AUTH PLAIN ===="], 535, "not base64"),
        (["AUTH EXTERNAL ="], 535, "EXTERNAL needs TLS and a certificate"),
        (["AUTH LOGIN", "YWxpY2U=", "eA=="], 535, "the name or the password is wrong"),
        (["AUTH PLAIN", "A" * 2000], 535, "at most 1000 characters"),
        (["login", "MAIL FROM:<bob@contoso.example>"], 550, "alice@contoso.example cannot send as bob"),
        (["login", f"MAIL FROM:<{ALICE}> SIZE={LARGEST_MESSAGE + 1}"], 552, "exceeds"),
        (["login", f"MAIL FROM:<{ALICE}>", "RCPT TO:<nobody@contoso.example>"], 550, "There is no mailbox nobody"),
        (["login", f"MAIL FROM:<{ALICE}>", "RCPT TO:<bob@elsewhere.example>"], 550, "in contoso.example"),
        (["login", f"MAIL FROM:<{ALICE}>", "DATA"], 503, "Send RCPT before DATA"),
        (["login", "X" * 600], 500, "too long"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_the_reason(
    programs: Programs, commands: list[str], code: int, text: str
) -> None:
    def work() -> tuple[int, bytes]:
        with programs.smtp() as program:
            program.ehlo()
            for command in commands:
                answer = program.login(ALICE, PASSWORD) if command == "login" else program.docmd(command)
        return answer

    try:
        answer = await in_thread(work)
    except smtplib.SMTPServerDisconnected:  # after the answer, for a line without a limit
        assert "1000" in text
        return
    assert (answer[0], text in answer[1].decode()) == (code, True), answer


async def test_a_message_has_a_hundred_recipients_at_most(programs: Programs) -> None:
    def work() -> None:
        with logged_in(programs.smtp()) as program:
            program.mail(ALICE)
            codes = [program.rcpt(BOB)[0] for _ in range(MOST_RECIPIENTS + 1)]
            assert codes == [250] * MOST_RECIPIENTS + [452]
            assert program.data(LETTER)[0] == 250

    await in_thread(work)
    assert await in_thread(programs.read) == [LETTER]


async def test_a_full_mailbox_refuses_and_the_others_get_the_message(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "MOST_MESSAGES", 1)
    await in_thread(programs.send)

    def work() -> None:
        with logged_in(programs.smtp()) as program:
            answers = []
            for recipients in ([BOB], [BOB, ALICE]):
                program.mail(ALICE)
                assert {program.rcpt(recipient)[0] for recipient in recipients} == {250}
                answers.append(program.data(LETTER))
        (refused, why), (taken, which) = answers
        assert (refused, b"5.2.2 Nobody has the message. bob@contoso.example: the mailbox is full" in why) == (
            552,
            True,
        )
        assert (taken, b"1 mailbox has the message, but not bob@contoso.example: the" in which) == (250, True)

    await in_thread(work)
    assert len(await in_thread(programs.read)) == 1
    assert len(await in_thread(lambda: programs.read(ALICE))) == 1


async def test_a_message_over_the_limit_is_552_and_the_connection_stays(programs: Programs) -> None:
    # smtplib announces no size in `data`, so the server reads it all.
    large = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * (LARGEST_MESSAGE // 78 + 1)

    def work() -> None:
        with logged_in(programs.smtp()) as program:
            program.mail(ALICE)
            program.rcpt(BOB)
            code, text = program.data(large)
            assert (code, str(LARGEST_MESSAGE) in text.decode()) == (552, True)
            program.sendmail(ALICE, [BOB], LETTER)

    await in_thread(work)
    assert await in_thread(programs.read) == [LETTER]


async def test_a_line_without_an_end_takes_no_memory_and_is_refused(programs: Programs) -> None:
    def work() -> None:
        with logged_in(programs.smtp()) as program:
            program.mail(ALICE)
            program.rcpt(BOB)
            code, text = program.data(b"Subject: long\r\n\r\n" + b"x" * 1_000_000)
            assert (code, b"more than 1000 octets" in text) == (500, True)
            program.sendmail(ALICE, [BOB], LETTER)

    await in_thread(work)
    assert await in_thread(programs.read) == [LETTER]


async def test_line_feeds_alone_are_refused_with_the_word_for_it_however_long_the_message_is(
    programs: Programs,
) -> None:
    def work() -> None:
        with logged_in(programs.smtp()) as program:
            for lines in (3, 30, 3000):
                program.mail(ALICE)
                program.rcpt(BOB)
                program.docmd("DATA")
                letter = b"Subject: x\n\n" + b"a line of a mail program from another system\n" * lines
                program.send(letter + b"\r\n.\r\n")
                code, text = program.getreply()
                assert (code, text[:40]) == (550, b"5.6.11 SMTPSEND.BareLinefeedsAreIllegal;"), text
            program.sendmail(ALICE, [BOB], LETTER)

    await in_thread(work)
    assert await in_thread(programs.read) == [LETTER]


async def test_clients_that_stop_in_large_messages_keep_nobody_from_writing(programs: Programs) -> None:
    def work() -> None:
        stopped = [logged_in(programs.smtp()) for _ in range(5)]
        for program in stopped:
            program.mail(ALICE)
            program.rcpt(BOB)
            program.docmd("DATA")
            program.send((b"x" * 70 + b"\r\n") * 20_000)
        programs.send()
        for program in stopped:
            program.close()

    await in_thread(work)
    assert await in_thread(programs.read) == [LETTER]


async def test_who_never_ends_a_message_is_cut_off(programs: Programs) -> None:
    def work() -> int:
        program = logged_in(programs.smtp())
        program.mail(ALICE)
        program.rcpt(BOB)
        program.docmd("DATA")
        sent, line = 0, b"x" * 65_536
        assert program.sock is not None
        try:
            while sent < 4 * LARGEST_MESSAGE:
                program.sock.sendall(line)
                sent += len(line)
        except OSError:
            pass
        program.close()
        return sent

    assert await in_thread(work) < 3 * LARGEST_MESSAGE
    assert await in_thread(programs.read) == []


async def test_a_dot_that_ends_no_message_elsewhere_ends_none_here(programs: Programs) -> None:
    """SMTP smuggling: a message that holds another one behind an end that only some servers see."""
    smuggled = b"Subject: a\r\n\r\nb\n.\nMAIL FROM:<bob@contoso.example>\n.\r\nRCPT TO:<x>\r.\r\nend"

    def work() -> None:
        with logged_in(programs.smtp()) as program:
            program.mail(ALICE)
            program.rcpt(BOB)
            program.docmd("DATA")
            assert program.sock is not None
            program.sock.sendall(smuggled + b"\r\n.\r\n")
            assert program.getreply()[0] == 550
            assert program.noop()[0] == 250

    await in_thread(work)
    assert await in_thread(programs.read) == []


async def test_what_was_sent_in_clear_behind_starttls_counts_no_more(programs: Programs) -> None:
    def work() -> bytes:
        with socket.create_connection(("127.0.0.1", programs.ports["smtp"]), timeout=30) as plain:
            plain.recv(200)
            plain.sendall(b"EHLO a\r\n")
            while b"250 HELP" not in plain.recv(500):
                pass
            plain.sendall(b"STARTTLS\r\nNOOP injected\r\n")
            assert plain.recv(200) == b"220 Ready to start TLS\r\n"
            with programs.context().wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(b"HELP\r\n")
                return secure.recv(200)

    assert (await in_thread(work)).startswith(b"530 5.7.0 Log in first")


async def test_a_login_before_starttls_counts_no_more(programs: Programs) -> None:
    """RFC 3207 4.2: who changes what is sent in clear could log in there as somebody else."""

    def work() -> tuple[int, int]:
        with logged_in(programs.smtp()) as program:
            program.starttls(context=programs.context())
            program.ehlo()
            return program.mail(ALICE)[0], program.login(ALICE, PASSWORD)[0]

    assert await in_thread(work) == (530, 235)


async def test_a_user_sends_in_nobody_elses_name(programs: Programs) -> None:
    """Exchange looks at the From of the message, too, which is what its reader sees."""

    def work() -> list[int]:
        codes = []
        with logged_in(programs.smtp()) as program:
            for author in (
                b"Bob <bob@contoso.example>",
                b"mallory@elsewhere.example",
                b"Alice <ALICE@contoso.example>",
            ):
                program.mail(ALICE)
                program.rcpt(BOB)
                codes.append(program.data(b"From: " + author + b"\r\n\r\nhi\r\n")[0])
        return codes

    assert await in_thread(work) == [550, 550, 250]
    assert len(await in_thread(programs.read)) == 1


async def test_wrong_logins_end_the_connection(programs: Programs) -> None:
    def work() -> list[int]:
        wrong = base64.b64encode(f"\0{ALICE}\0wrong".encode()).decode()
        with programs.smtp() as program:
            program.ehlo()
            return [program.docmd("AUTH", f"PLAIN {wrong}")[0] for _ in range(6)]

    assert await in_thread(work) == [535, 535, 535, 535, 535, 421]


async def test_tls_begins_once(programs: Programs) -> None:
    def work() -> list[int]:
        with programs.smtp() as program:
            program.starttls(context=programs.context())
            program.ehlo()
            return [program.has_extn("starttls"), program.docmd("STARTTLS")[0], program.noop()[0]]

    assert await in_thread(work) == [False, 503, 250]


async def test_what_is_no_handshake_ends_the_connection_and_logs_no_failure(
    programs: Programs, caplog: pytest.LogCaptureFixture
) -> None:
    def work() -> None:
        with socket.create_connection(("127.0.0.1", programs.ports["smtp"]), timeout=30) as plain:
            plain.recv(200)
            plain.sendall(b"EHLO a\r\n")
            while b"250 HELP" not in plain.recv(500):
                pass
            plain.sendall(b"STARTTLS\r\n")
            assert plain.recv(200) == b"220 Ready to start TLS\r\n"
            plain.sendall(b"NOOP\r\n" * 100)
            while plain.recv(1000):
                pass

    await in_thread(work)
    assert [record.message for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}] == []
