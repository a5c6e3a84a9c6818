"""Mail programs that mean no good: too many connections, silence, and bytes of every kind, from a fixed seed."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import socket
from pathlib import Path

import pytest

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server import tls
from fauxtune.server.listening import bind
from fauxtune.server.mail import MailListeners
from fauxtune.surfaces.mail.accounts import Accounts, LoginRefused, PlainLogin
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.mail_programs import ALICE, BOB, PASSWORD, Programs, in_thread

pytestmark = ON_BOTH_DATABASES

SEED = 20_260
WORDS = {
    "pop3": [
        *("USER alice@contoso.example", f"PASS {PASSWORD}", "AUTH PLAIN", "AUTH EXTERNAL =", "AUTH PLAIN AGEAYg=="),
        *("STAT", "LIST", "LIST 1", "UIDL", "RETR 1", "RETR 99999999999", "TOP 1 5", "DELE 1", "RSET", "NOOP", "CAPA"),
    ],
    "smtp": [
        *("EHLO a", "HELO a", "AUTH PLAIN", "AUTH LOGIN", "AUTH PLAIN AGEAYg==", "AUTH EXTERNAL =", "NOOP", "RSET"),
        *(f"MAIL FROM:<{ALICE}>", f"MAIL FROM:<{ALICE}> SIZE=99", "RCPT TO:<bob@contoso.example>", "VRFY bob", "HELP"),
        *("MAIL FROM:<>", "RCPT TO:<@a,@b:c@d>", 'RCPT TO:<"a b"@c>', "DATA", ".", "Subject: x", "", "EXPN x"),
    ],
}
ANSWERS = {"pop3": re.compile(rb"(\+OK|-ERR|\+ )"), "smtp": re.compile(rb"[2-5][0-9][0-9][ -]")}


def line(choice: random.Random, kind: str) -> bytes:
    """A line that is right, nearly right, or nothing of the kind."""
    text = choice.choice(WORDS[kind]).encode()
    match choice.randrange(6):
        case 0:
            at = choice.randrange(len(text) + 1)
            text = text[:at] + choice.randbytes(choice.randrange(1, 6)) + text[at:]
        case 1:
            text = choice.randbytes(choice.choice([1, 40, 300, 3000]))
        case 2:
            text *= choice.choice([2, 50, 500])
    return text + choice.choice([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""])


@pytest.mark.parametrize("kind", ["pop3", "smtp"])
async def test_bytes_of_every_kind_are_answered_or_end_the_connection(
    programs: Programs, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    choice = random.Random(SEED)

    def converse() -> bytes:
        answers = b""
        with socket.create_connection(("127.0.0.1", programs.ports[kind]), timeout=30) as program:
            try:
                for _ in range(40):
                    program.sendall(line(choice, kind))
                program.shutdown(socket.SHUT_WR)
                while part := program.recv(65_536):
                    answers += part
            except OSError:  # the server has closed the connection
                pass
        return answers

    with caplog.at_level(logging.WARNING):
        for _ in range(60):
            answers = await in_thread(converse)
            assert answers == b"" or ANSWERS[kind].match(answers), answers[:100]
    assert [record.getMessage() for record in caplog.records] == []
    await in_thread(programs.send)
    assert len(await in_thread(programs.read)) == 1


async def test_more_connections_than_the_limit_are_told_to_come_later(
    emulator: Emulator, tls_files: tls.TlsFiles
) -> None:
    ports = {kind: bind("localhost", 0) for kind in ("smtp", "pop3")}
    listeners = MailListeners(emulator, ports, files=tls_files, most=3)
    await listeners.start()

    def greeting(kind: str) -> tuple[socket.socket, bytes]:
        program = socket.create_connection(("127.0.0.1", ports[kind].number), timeout=30)
        return program, program.recv(200)

    def work() -> None:
        opened = [greeting(kind) for kind in ("smtp", "pop3", "pop3", "pop3", "smtp")]
        assert [text[:4] for _, text in opened] == [b"220 ", b"+OK ", b"+OK ", b"-ERR", b"421 "]
        for program, _ in opened:
            program.close()

    await in_thread(work)
    await listeners.stop()


async def test_silent_connections_make_room_for_others_and_those_with_a_login_stay(
    emulator: Emulator, tls_files: tls.TlsFiles
) -> None:
    ports = {kind: bind("localhost", 0) for kind in ("smtp", "pop3")}
    listeners = MailListeners(emulator, ports, files=tls_files, most=4, strangers=0.0)
    await listeners.start()
    programs = Programs({kind: port.number for kind, port in ports.items()}, Path(tls_files.ca))

    def work() -> None:
        reader = programs.pop3()
        reader.user(ALICE)
        reader.pass_(PASSWORD)
        writer = programs.smtp()
        writer.login(ALICE, PASSWORD)
        silent = []
        for _ in range(20):
            silent.append(socket.create_connection(("127.0.0.1", ports["pop3"].number), timeout=30))
            assert silent[-1].recv(200).startswith(b"+OK ")
        programs.send()
        assert reader.noop().startswith(b"+OK")
        assert writer.noop()[0] == 250
        for each in silent:
            each.close()
        reader.close()
        writer.close()

    await in_thread(work)
    await listeners.stop()


async def test_too_many_guesses_are_refused_with_the_reason_whatever_connection_they_come_by(
    emulator: Emulator,
) -> None:
    accounts, clock = Accounts(emulator), asyncio.get_running_loop().time
    for _ in range(10):
        with pytest.raises(LoginRefused, match="is wrong"):
            await accounts.open_by_password(PlainLogin(ALICE, "a guess"))
    while accounts.guesses.wait(ALICE, now=clock()) is not None:
        pass  # others wait already
    with pytest.raises(LoginRefused, match=r"too many wrong passwords .* alice@contoso\.example: wait a minute"):
        await accounts.open_by_password(PlainLogin(ALICE, PASSWORD))
    assert (await accounts.open_by_password(PlainLogin(BOB, PASSWORD))).name == BOB


@pytest.mark.parametrize("kind", ["smtp", "pop3"])
async def test_a_silent_program_is_cut_off(emulator: Emulator, tls_files: tls.TlsFiles, kind: str) -> None:
    ports = {kind: bind("localhost", 0)}
    listeners = MailListeners(emulator, ports, files=tls_files, patience=0.05)
    await listeners.start()

    def work() -> bytes:
        with socket.create_connection(("127.0.0.1", ports[kind].number), timeout=30) as program:
            received = b""
            while part := program.recv(200):
                received += part
            return received

    assert (await in_thread(work)).count(b"\r\n") == 1
    await listeners.stop()
