"""What people call certificates: `◆ MULE (ffe3035b)`, their mark and the first digits of their thumbprint.

The server of a tenant decides the marks, so a device's server is asked for them when a command prints, if it is a
Fauxtune server that runs on this machine. Without an answer certificates are called by their digits. What the simulator
writes names them by digits only (`certificates.mark`): the mark is put before these here, for all commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

_DIGITS = 8
#: Stands behind digits in a text that is wrapped before it is named, for the room that the mark will take.
ROOM = "\ue000" * 9
#: The digits of a certificate: no part of an identifier, and no part of a file's name.
_NAMED = re.compile(rf"(?<![\w./-])(?P<digits>[0-9a-f]{{{_DIGITS}}})(?![\w/-]|\.\w)(?:{ROOM})?")
#: data. The colours of marks on terminals with 256 colours, by the server's numbers of them; light and dark ones show
#: all of them.
COLOURS = (160, 166, 136, 70, 35, 37, 31, 33, 62, 134, 168, 130)


class Form(Enum):
    """How much of a name is shown: all of it, without the symbol, or the mark, in tables that have no room."""

    WHOLE = "whole"
    WITHOUT_SYMBOL = "without symbol"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark as the server tells it: letters, the number of a colour, and the symbol of the certificate's source."""

    letters: str
    hue: int
    symbol: str


@dataclass(frozen=True, slots=True)
class Names:
    """The marks of certificates, by the first digits of their thumbprints."""

    marks: Mapping[str, Mark] = field(default_factory=dict)

    def letters(self, thumbprint: str) -> str | None:
        """Return the letters of a certificate's mark; None without one."""
        mark = self.marks.get(thumbprint[:_DIGITS])
        return None if mark is None else mark.letters

    def name(self, digits: str, form: Form) -> str:
        """Return the name of the certificate whose thumbprint begins with these digits."""
        mark = self.marks.get(digits)
        if mark is None:
            return digits
        symbol = f"{mark.symbol} " if mark.symbol and form is Form.WHOLE else ""
        return f"{symbol}{mark.letters}{'' if form is Form.MARK else f' ({digits})'}"

    def put_into(self, text: str, *, form: Form = Form.WHOLE, in_colour: bool = False) -> str:
        """Return a text in which certificates have their names. `in_colour`: for a terminal."""

        def named(match: re.Match[str]) -> str:
            name, mark = self.name(match["digits"], form), self.marks.get(match["digits"])
            return f"\x1b[38;5;{COLOURS[mark.hue]}m{name}\x1b[0m" if in_colour and mark is not None else name

        return _NAMED.sub(named, text)

    def add_to(self, document: Any) -> None:
        """Put the `mark` of each certificate beside its `thumbprint` in a document."""
        for row in _objects(document):
            letters = self.letters(str(row.get("thumbprint")))
            if letters is not None:
                row["mark"] = letters


def digits_in(text: str) -> list[str]:
    """Return what may be digits of certificates in a text."""
    return [match["digits"] for match in _NAMED.finditer(text)]


def with_room(text: str) -> str:
    """Return a text that can be wrapped before its certificates are named."""
    return _NAMED.sub(lambda match: match["digits"] + ROOM, text)


def thumbprints_in(document: Any) -> list[str]:
    """Return the thumbprints of the certificates in a document."""
    return [str(row["thumbprint"]) for row in _objects(document) if row.get("thumbprint")]


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each)
