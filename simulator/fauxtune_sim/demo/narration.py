"""The output of the demonstration: lines and tables that fit a screen, certificates in colours, and a pause for Enter.

Certificates are called by their marks, which have colours on a terminal. Anywhere else the output is plain text of 80
columns.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from fauxtune_sim.keys.marks import COLOURS, Form, Names

_NARROW, _WIDE = 80, 100
_GAP = "  "
#: A GUID or a thumbprint.
_IDENTIFIER = re.compile(r"\b([0-9a-f]{8})((-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8,})\b", re.IGNORECASE)
#: The name of a certificate, or its mark.
_NAME = re.compile(r"(?:[▲●◆■] )?\b(?P<letters>[A-Z]{4,})\b(?: \([0-9a-f]{8}\))?")
_WORDS = {"yes": "green", "good": "green", "no": "red", "revoked": "red"}
#: The most characters of a value in a request; longer ones are cut.
_LONGEST = 64
_CUT = 24
#: A space at which no line is broken.
_UNBROKEN = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. The last cell of a row may be of any length."""

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def lines(self, names: Names, *, most: int = _NARROW) -> Iterator[str]:
        """The headings and the rows with aligned columns, and certificates by their names: by as much of these as there
        is room for in `most` columns.
        """
        for form in Form:
            rows = [tuple(names.put_into(cell, form=form) for cell in row) for row in self.rows]
            widths = [max(map(len, column)) for column in zip(self.headings, *rows, strict=True)]
            if sum(widths) + len(_GAP) * (len(widths) + 1) <= most:
                break
        for row in (self.headings, *rows):
            yield _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request of the administrator as it is shown: identifiers have eight characters, long values are cut.

    `path` begins with a slash; `note` says what other requests are sent with this one.
    """

    method: str
    path: str
    body: Any = None
    note: str = ""


class Narration:
    """What the demonstration prints. `step`: it waits for Enter before everything that the administrator does."""

    def __init__(self, stream: TextIO, *, step: bool = False) -> None:
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._step = step
        #: What certificates are called: the digits in texts are replaced by it.
        self.names = Names()
        #: What certificates are called: the digits in texts are replaced by it.
        self.names = Names()
        self.width = min(_WIDE, self._console.width) if self._console.is_terminal else _NARROW

    def say(self, text: str, *, indent: int = 0, hang: int = 0, style: str = "") -> None:
        """Print a paragraph. Words stay whole; lines after the first are indented by `hang` more columns."""
        for line in self._wrapped(self.names.put_into(text), indent=indent, hang=hang):
            self._print(line, style=style, marks=True)

    def exactly(self, *lines: str) -> None:
        """Print lines as they are, so that they can be copied."""
        for line in lines:
            self._print(line)

    def proof(self, number: int, claim: str, *, of: int) -> None:
        """Print the heading of a proof."""
        self.say("")
        self.say(f"Proof {number} of {of}: {claim}", hang=2, style="bold")

    def table(self, table: Table) -> None:
        """Print a table; nothing if it has no rows."""
        for number, line in enumerate(table.lines(self.names, most=self.width) if table.rows else ()):
            self._print(f"  {line}", style="" if number else "underline", marks=True, words=number > 0)

    def verdict(self, detail: str, *, held: bool) -> None:
        """Print whether a claim held, and what showed it."""
        self.say(f"{'HELD' if held else 'NOT HELD'}: {detail}", indent=2, hang=2, style="green" if held else "bold red")

    async def before(self, *requests: ShownRequest) -> None:
        """Show what the administrator sends next and wait for Enter, if the demonstration goes step by step."""
        if not self._step:
            return
        for request in requests:
            self._print(f"    {request.method} {_short(request.path)}", style="cyan")
            if request.body is not None:
                for line in self._wrapped(_written(request.body), indent=6, hang=1):
                    self._print(line.replace(_UNBROKEN, " "), style="cyan")
            if request.note:
                self.say(request.note, indent=6)
        self.say("(Press Enter to go on.)", indent=2, style="dim")
        await wait_for_enter()

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show on a terminal what is being waited for."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(text):
            yield

    def _wrapped(self, text: str, *, indent: int, hang: int) -> list[str]:
        lines = textwrap.wrap(
            text,
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
        return lines or [""]

    def _print(self, line: str, *, style: str = "", marks: bool = False, words: bool = False) -> None:
        """Print a line. `marks`: the names of certificates are in colour; `words`: words such as `revoked` are."""
        text = Text(line)
        text.stylize(style, start=len(line) - len(line.lstrip()))
        for match in _NAME.finditer(line) if marks else ():
            hue = next((mark.hue for mark in self.names.marks.values() if mark.letters == match["letters"]), None)
            text.stylize("" if hue is None else f"color({COLOURS[hue]})", *match.span())
        for word, colour in _WORDS.items() if words else ():
            text.highlight_regex(rf"\b{word}\b", colour)
        self._console.print(text)


def _written(body: Any) -> str:
    """Return the JSON of a request's body, which is wrapped between its members only."""
    return json.dumps(_shortened(body), ensure_ascii=False, separators=(", ", f":{_UNBROKEN}"))


def _short(text: str) -> str:
    return _IDENTIFIER.sub(r"\1", text)


def _shortened(value: Any) -> Any:
    """Return the JSON value with short identifiers and without the rest of long texts."""
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    if isinstance(value, str):
        short = _short(value)
        return short if len(short) <= _LONGEST else f"{short[:_CUT]}..."
    return value


def joined(names: Iterable[str]) -> str:
    """Return names as part of a sentence: `a`, `a and b`, `a, b and c`."""
    *first, last = list(names) or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def command_name(program: str) -> str:
    """The text that starts this program here: its name if it is on the PATH, else its path."""
    if shutil.which(program):
        return program
    path = Path(sys.executable).with_name(program)
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


async def wait_for_enter() -> None:
    """Wait for a line on standard input. Returns at once if there is no standard input to wait for."""
    loop = asyncio.get_running_loop()
    pressed: asyncio.Future[None] = loop.create_future()
    try:
        descriptor = sys.stdin.fileno()
        loop.add_reader(descriptor, lambda: None if pressed.done() else pressed.set_result(None))
    except (OSError, ValueError, NotImplementedError):  # a file, no descriptor, or a system without readers
        return
    try:
        await pressed
        os.read(descriptor, 4096)
    finally:
        loop.remove_reader(descriptor)
