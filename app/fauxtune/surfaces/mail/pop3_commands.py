"""The commands and answers of POP3 as bytes. RFC 1939; RFC 2449 (CAPA, lengths, response codes); RFC 5034 (AUTH)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

#: Octets of a command line with its CRLF (RFC 2449 4).
LONGEST_LINE = 255
#: Digits of a message's number. No mailbox has a longer one, and int() of thousands of digits is slow.
_MOST_DIGITS = 9
_CHUNK = 65536


class Verb(StrEnum):
    """The commands."""

    APOP = "APOP"
    AUTH = "AUTH"
    CAPA = "CAPA"
    DELE = "DELE"
    LIST = "LIST"
    NOOP = "NOOP"
    PASS = "PASS"  # noqa: S105 - a command
    QUIT = "QUIT"
    RETR = "RETR"
    RSET = "RSET"
    STAT = "STAT"
    STLS = "STLS"
    TOP = "TOP"
    UIDL = "UIDL"
    USER = "USER"


#: Verb -> the fewest and the most arguments. That of PASS is the rest of the line, spaces included.
_ARGUMENTS = {
    Verb.APOP: (2, 2),
    Verb.AUTH: (0, 2),
    Verb.DELE: (1, 1),
    Verb.LIST: (0, 1),
    Verb.PASS: (1, 1),
    Verb.RETR: (1, 1),
    Verb.TOP: (2, 2),
    Verb.UIDL: (0, 1),
    Verb.USER: (1, 1),
}


class CommandInvalid(Exception):
    """The line is no command of POP3; the text says why."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command with its arguments."""

    verb: Verb
    arguments: tuple[str, ...] = ()


def command_from(line: bytes) -> Command:
    """Read a command line, with or without its end. Raises CommandInvalid."""
    try:
        text = line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        raise CommandInvalid("a command is ASCII or UTF-8") from None
    if not text.isprintable():
        raise CommandInvalid("a command has no control characters")
    word, _, rest = text.partition(" ")
    try:
        verb = Verb(word.upper())
    except ValueError:
        raise CommandInvalid(f"there is no command {word[:16]!r}; CAPA lists what there is") from None
    if verb is Verb.PASS:
        arguments: tuple[str, ...] = (rest,) if rest else ()
    else:
        arguments = tuple(rest.split())
    fewest, most = _ARGUMENTS.get(verb, (0, 0))
    if not fewest <= len(arguments) <= most:
        wanted = str(most) if fewest == most else f"{fewest} to {most}"
        raise CommandInvalid(f"{verb} takes {wanted} argument{'' if wanted == '1' else 's'}")
    return Command(verb, arguments)


def number_from(text: str) -> int:
    """Read the number of a message or of lines. Raises CommandInvalid."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise CommandInvalid("a number has digits only")
    return int(text)


def one_line(text: str) -> str:
    """Return a text as a part of one line: some texts repeat what others wrote."""
    return "".join(character if character.isprintable() else " " for character in text)


def crlf(raw: bytes) -> bytes:
    """Return a message with CRLF at the end of each line, also of the last one."""
    data = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return data if not data or data.endswith(b"\r\n") else data + b"\r\n"


def stuffed(message: bytes) -> Iterator[bytes]:
    """Yield a message, whose lines end with CRLF, as an answer has it: a dot before each line that begins with one, and
    a line with one dot at the end (RFC 1939 3).
    """
    if message.startswith(b"."):
        yield b"."
    at = 0
    while at < len(message):
        # A chunk ends behind the end of a line, or inside one: never between the CRLF and the dot after it.
        end = message.find(b"\r\n", at + _CHUNK)
        end = len(message) if end < 0 else end + 2
        chunk = message[at:end].replace(b"\r\n.", b"\r\n..")
        yield chunk + b"." if message[end : end + 1] == b"." else chunk
        at = end
    yield b".\r\n"


def top_of(message: bytes, lines: int) -> bytes:
    """Return the header of a message, the empty line, and so many lines of its body (RFC 1939 7, TOP)."""
    end = message.find(b"\r\n\r\n")
    if end < 0:
        return message
    end += 4
    for _ in range(lines):
        following = message.find(b"\r\n", end)
        if following < 0:
            return message
        end = following + 2
    return message[:end]
