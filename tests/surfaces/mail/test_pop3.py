"""A mail program reads a mailbox by POP3: Python's own poplib is the program.

Lines of POP3, and messages as answers have them.
"""

from __future__ import annotations

import poplib
import socket
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.mail import mailboxes
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.mail.pop3_commands import (
    Command,
    CommandInvalid,
    Verb,
    command_from,
    crlf,
    number_from,
    stuffed,
    top_of,
)
from tests.support.mail_programs import ALICE, BOB, LETTER, PASSWORD, Programs, command, in_thread


def log_in(program: poplib.POP3, user: str = BOB) -> poplib.POP3:
    program.user(user)
    program.pass_(PASSWORD)
    return program


async def test_a_message_is_listed_read_and_deleted(programs: Programs) -> None:
    letter = LETTER + b".\r\n..hidden\r\n"

    def work() -> None:
        programs.send(letter)
        program = log_in(programs.pop3())
        assert program.stat() == (1, len(letter))
        assert program.list()[1] == [b"1 %d" % len(letter)]
        (_, unique_id), *rest = [line.split() for line in program.uidl()[1]]
        assert rest == []
        assert b"\r\n".join([*program.retr(1)[1], b""]) == letter
        assert program.top(1, 1)[1][-2:] == [b"", b"At noon."]
        program.dele(1)
        assert program.stat() == (0, 0)
        program.rset()
        assert program.stat() == (1, len(letter))
        program.quit()
        again = log_in(programs.pop3())
        assert again.uidl()[1] == [b"1 " + unique_id]
        again.dele(1)
        again.quit()

    await in_thread(work)
    assert await in_thread(programs.read) == []


async def test_a_message_that_is_marked_stays_if_the_program_goes_without_quit(programs: Programs) -> None:
    def work() -> None:
        programs.send()
        program = log_in(programs.pop3())
        program.dele(1)
        program.close()

    await in_thread(work)
    assert await in_thread(programs.read) == [LETTER]


async def test_a_message_is_seen_when_it_was_retrieved_and_not_when_its_header_was(
    emulator: Emulator, tenant: Tenant, programs: Programs
) -> None:
    def seen(tx: Transaction) -> list[bool]:
        bob = mailboxes.owner_of(tx, BOB)
        assert bob is not None
        return [line.seen for line in mailboxes.messages(tx, bob)]

    def work(command: str) -> None:
        program = log_in(programs.pop3())
        if command == "TOP":
            program.top(1, 0)
        else:
            program.retr(1)
        program.quit()

    await in_thread(programs.send)
    await in_thread(lambda: work("TOP"))
    assert await emulator.runner.run(tenant, seen) == [False]
    await in_thread(lambda: work("RETR"))
    assert await emulator.runner.run(tenant, seen) == [True]


async def test_two_programs_read_one_mailbox_and_the_second_says_what_the_first_deleted(programs: Programs) -> None:
    def work() -> None:
        programs.send()
        first, second = log_in(programs.pop3()), log_in(programs.pop3())
        first.dele(1)
        first.quit()
        with pytest.raises(poplib.error_proto, match="message 1 is gone"):
            second.retr(1)
        # The next message may get the same number in the mailbox; it is not the one that the second knows.
        programs.send(LETTER.replace(b"Lunch", b"Dinner"))
        with pytest.raises(poplib.error_proto, match="message 1 is gone"):
            second.retr(1)
        second.dele(1)
        second.quit()

    await in_thread(work)
    (message,) = await in_thread(programs.read)
    assert b"Dinner" in message


async def test_tls_begins_on_request_or_at_once(programs: Programs) -> None:
    def work() -> None:
        program = programs.pop3()
        assert "STLS" in program.capa()
        program.stls(context=programs.context())
        assert "STLS" not in program.capa()
        with pytest.raises(poplib.error_proto, match="TLS protects this connection already"):
            command(program, "STLS")
        log_in(program).quit()
        log_in(programs.pop3s()).quit()

    await in_thread(work)


async def test_what_was_sent_in_clear_behind_stls_counts_no_more(programs: Programs) -> None:
    def work() -> bytes:
        with socket.create_connection(("127.0.0.1", programs.ports["pop3"]), timeout=30) as plain:
            plain.recv(100)
            plain.sendall(b"STLS\r\nUSER mallory@contoso.example\r\n")
            assert plain.recv(100) == b"+OK begin TLS\r\n"
            with programs.context().wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(b"PASS x\r\n")
                return secure.recv(100)

    assert (await in_thread(work)).startswith(b"-ERR send USER before PASS")


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        (["STAT"], "log in before STAT"),
        (["PASS x"], "send USER before PASS"),
        (["APOP a b"], "APOP is not possible"),
        (["AUTH NTLM"], "the mechanisms of AUTH are PLAIN"),
        (["AUTH PLAIN", "%%%"], "not base64"),
        (["AUTH PLAIN", "*"], "cancelled"),
        (["AUTH PLAIN YWxpY2U="], "PLAIN takes three texts"),
        (["AUTH PLAIN AAB4"], "PLAIN needs the name of a user"),
        (["AUTH PLAIN Ym9iAGFsaWNlAHg="], "act as another user"),
        (["AUTH EXTERNAL ="], "EXTERNAL needs TLS and a certificate"),
        ([f"USER {ALICE}", "PASS wrong"], r"\[AUTH\] the name or the password is wrong"),
        (["USER nobody@contoso.example", f"PASS {PASSWORD}"], r"\[AUTH\] the name or the password is wrong"),
        (["USER alice@elsewhere.example", f"PASS {PASSWORD}"], r"\[AUTH\] the name or the password is wrong"),
        (["USER alice", f"PASS {PASSWORD}"], r"\[AUTH\] the name or the password is wrong"),
        ([f"USER {ALICE}", f"PASS {PASSWORD}", "RETR 1"], "there is no message 1"),
        ([f"USER {ALICE}", f"PASS {PASSWORD}", "USER bob"], "USER is not possible any more"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_the_reason(
    programs: Programs, commands: list[str], answer: str
) -> None:
    def work() -> None:
        program = programs.pop3()
        *first, last = commands
        for line in first:
            with suppress(poplib.error_proto):  # the last answer is looked at
                command(program, line)
        with pytest.raises(poplib.error_proto, match=answer):
            command(program, last)
        program.quit()

    await in_thread(work)


async def test_a_login_by_auth_plain(programs: Programs) -> None:
    def work() -> None:
        program = programs.pop3()
        assert program.capa()["SASL"] == ["PLAIN"]
        assert command(program, "AUTH PLAIN") == b"+ "
        # base64 of NUL alice@contoso.example NUL Fauxtune1!
        assert b"0 messages" in command(program, "AGFsaWNlQGNvbnRvc28uZXhhbXBsZQBGYXV4dHVuZTEh")
        program.quit()

    await in_thread(work)


async def test_who_guesses_passwords_is_cut_off(programs: Programs) -> None:
    def work() -> None:
        program = programs.pop3()
        for _ in range(5):
            program.user(ALICE)
            with pytest.raises(poplib.error_proto, match="the name or the password is wrong"):
                program.pass_("guess")
        with pytest.raises((poplib.error_proto, OSError)):
            program.user(ALICE)
        program.close()

    await in_thread(work)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"QUIT\r\n", Command(Verb.QUIT)),
        (b"retr 7\n", Command(Verb.RETR, ("7",))),
        (b"TOP 7 0", Command(Verb.TOP, ("7", "0"))),
        (b"PASS  two spaces \r\n", Command(Verb.PASS, (" two spaces ",))),
        ("USER zoë@contoso.example\r\n".encode(), Command(Verb.USER, ("zoë@contoso.example",))),
        (b"AUTH\r\n", Command(Verb.AUTH)),
    ],
)
def test_a_command_is_read(line: bytes, command: Command) -> None:
    assert command_from(line) == command


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"\r\n", "no command"),
        (b"HELO you", "no command 'HELO'"),
        (b"RETR", "RETR takes 1 argument"),
        (b"TOP 1", "TOP takes 2 arguments"),
        (b"AUTH A B C", "AUTH takes 0 to 2 arguments"),
        (b"RETR 1\x00", "control characters"),
        (b"USER \xff", "ASCII or UTF-8"),
    ],
)
def test_any_other_line_is_refused_with_the_reason(line: bytes, why: str) -> None:
    with pytest.raises(CommandInvalid, match=why):
        command_from(line)


@pytest.mark.parametrize("text", ["", "-1", "1.0", "0x1", "١", "9" * 5000])
def test_a_number_has_digits_only_and_few_of_them(text: str) -> None:
    with pytest.raises(CommandInvalid):
        number_from(text)


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"", b".", b"..", b"a", b".a", b"\r", b"x" * 70_000]), max_size=8))
def test_a_message_is_the_same_after_the_way_through_an_answer(lines: list[bytes]) -> None:
    message = crlf(b"\n".join(lines))
    answer = b"".join(stuffed(message))
    received = answer.split(b"\r\n")
    assert received[-2:] == [b".", b""]
    assert b".\r\n" not in {line + b"\r\n" for line in received[:-2] if line == b"."}
    undone = [line.removeprefix(b".") for line in received[:-2]]
    assert b"".join(line + b"\r\n" for line in undone) == message


@pytest.mark.parametrize(("lines", "length"), [(0, 14), (1, 19), (2, 24), (99, 24)])
def test_top_gives_the_header_and_so_many_lines(lines: int, length: int) -> None:
    message = b"Subject: a\r\n\r\nbcd\r\nefg\r\n"
    assert top_of(message, lines) == message[:length]
    assert top_of(b"no body\r\n", lines) == b"no body\r\n"
