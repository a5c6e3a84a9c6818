"""Lines of POP3, and messages as answers have them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
