"""The tables that people see: drawn by rich on a terminal, else plain columns that fit into the width of the page.

Every cell is cleaned of control characters, which a terminal would obey, and of line breaks.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from fauxtune.core.model.certificates import SYMBOLS, name_of
from fauxtune_cli.options import SHORT, one_line

_GAP = "  "
_LEAST, _LEAST_NAME = 8, 16
#: data. The colours of certificates (`core.model.certificates.HUES`) on terminals with 256 colours: they can be told
# apart on
#: light and on dark ones.
TERMINAL_COLOURS = (160, 166, 136, 70, 35, 37, 31, 33, 62, 134, 168, 130)
#: The name of a certificate with a mark.
_NAME = re.compile(r"(?:[▲●◆■] )?\b[A-Z]{4,} \((?P<digits>[0-9a-f]{8})\)")
#: Columns that are whole with --ids, however wide the page is.
_IDENTIFIERS = frozenset({"id", "certificate", "thumbprint"})
_COLOURS = {
    **dict.fromkeys(("installed", "good", "online", "active", "compliant", "settled", "connected", "yes"), "green"),
    **dict.fromkeys(
        ("pending", "wanted", "sent", "removing", "ending", "expired", "waiting", "not valid yet"), "yellow"
    ),
    **dict.fromkeys(("failed", "error", "revoked", "offline", "noncompliant", "conflict"), "red"),
    **dict.fromkeys(("removed", "ended", "kept", "not applicable"), "dim"),
}
_USES = {
    **dict.fromkeys(("digitalSignature", "nonRepudiation"), "signing"),
    **dict.fromkeys(("keyEncipherment", "keyAgreement", "dataEncipherment"), "encryption"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. Where they are too wide, the column named by `shrinks` gets narrower (default: the last).
    With `wraps` its texts go on in further lines. `hues`: the colours of certificates, by their first digits.
    """

    headings: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    shrinks: str | None = None
    wraps: bool = False
    empty: str = "Nothing to list."
    hues: Mapping[str, int] = field(default_factory=dict)

    @property
    def shrinking(self) -> int:
        """The index of the column that gets narrower."""
        return len(self.headings) - 1 if self.shrinks is None else self.headings.index(self.shrinks)


def moment(text: str | None) -> str:
    """Return a time of Graph or of the control surface to the minute, in UTC; a hyphen if there is no time."""
    return "-" if not text or text.startswith("0001-") else text[:16].replace("T", " ")


def person(name: str | None) -> str:
    """Return a user's name without its domain: commands understand it."""
    return (name or "-").partition("@")[0]


def certificate_name(row: Mapping[str, Any], *, ids: bool = False) -> str:
    """Return what people call a certificate of an answer that `Session.marked` has seen: `◆ MULE (ffe3035b)`; nothing
    for a row without a certificate. `ids`: the whole thumbprint.
    """
    thumbprint, mark = row.get("thumbprint") or "", row.get("mark")
    if ids or not mark:
        return thumbprint if ids else thumbprint[:SHORT]
    symbol = next((symbol for source, symbol in SYMBOLS.items() if source.value == row.get("source")), "")
    return " ".join(each for each in (symbol, name_of(mark, thumbprint)) if each)


def has_colours() -> bool:
    """Whether standard output is a terminal that shows colours (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def in_colour(text: str, hues: Mapping[str, int]) -> str:
    """Return a text for a terminal in which the names of certificates have their colours, by their digits."""

    def painted(match: re.Match[str]) -> str:
        hue = hues.get(match["digits"])
        return match[0] if hue is None else f"\x1b[38;5;{TERMINAL_COLOURS[hue]}m{match[0]}\x1b[0m"

    return _NAME.sub(painted, text)


def uses_in_words(key_usage: list[str]) -> str:
    """Return the uses that X.509's key usage allows, in words."""
    return ", ".join(dict.fromkeys(_USES.get(each, each) for each in key_usage)) or "-"


def print_table(table: Table) -> None:
    """Print the table on standard output."""
    width = shutil.get_terminal_size((80, 24)).columns
    if sys.stdout.isatty() and table.rows:
        Console(highlight=False, width=width).print(_drawn(table, width=width))
    else:
        print(plain_columns(table, width=width))


def plain_columns(table: Table, *, width: int = 80) -> str:
    """Return the table as text with aligned columns, or a sentence if it has no rows."""
    if not table.rows:
        return "\n".join(part for line in table.empty.splitlines() for part in (textwrap.wrap(line, width) or [""]))
    return "\n".join(_GAP.join(line).rstrip() for line in _fitted(table, width=width))


def _fitted(table: Table, *, width: int) -> list[list[str]]:
    """The headings and the rows, each cell as wide as its column."""
    lines = [table.headings, *(tuple(one_line(cell) for cell in row) for row in table.rows)]
    widths = _widths([[cell_len(cell) for cell in line] for line in lines], table=table, width=width)
    if table.wraps:
        lines = [
            part for line in lines for part in _wrapped(line, index=table.shrinking, width=widths[table.shrinking])
        ]
    return [
        [
            set_cell_size(cell if cell_len(cell) <= size else set_cell_size(cell, size - 1).rstrip() + "…", size)
            for cell, size in zip(line, widths, strict=True)
        ]
        for line in lines
    ]


def _wrapped(line: tuple[str, ...], *, index: int, width: int) -> list[tuple[str, ...]]:
    """The line, with further lines for the text of the column that wraps."""
    first, *more = textwrap.wrap(line[index], width) or [""]
    blank = tuple("" for _ in line)
    rows = [(line, first), *((blank, part) for part in more)]
    return [(*cells[:index], part, *cells[index + 1 :]) for cells, part in rows]


def _widths(lengths: list[list[int]], *, table: Table, width: int) -> list[int]:
    """The widths of the columns: first the named column gets narrower, then the widest ones, but never identifiers. Of
    the first column, by which people know a row, some more is left if the others suffice.
    """
    widths = [max(column) for column in zip(*lengths, strict=True)]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    narrowed = [index for index, heading in enumerate(table.headings) if heading not in _IDENTIFIERS]
    narrowed.sort(key=lambda number: (number != table.shrinking, -widths[number]))
    for first in (_LEAST_NAME, _LEAST):
        for index in narrowed:
            least = max(_LEAST if index else first, len(table.headings[index]))
            spare = min(max(excess, 0), max(widths[index] - least, 0))
            widths[index] -= spare
            excess -= spare
    return widths


def _drawn(table: Table, *, width: int) -> Drawn:
    """The table for a terminal: headings underlined, and states in colour."""
    headings, *rows = _fitted(table, width=width)
    drawn = Drawn(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold underline")
    for heading in headings:
        drawn.add_column(heading, no_wrap=True)
    for row in rows:
        cells = [Text(cell, style=_COLOURS.get(cell.rstrip(), "")) for cell in row]
        for cell in cells:
            for match in _NAME.finditer(cell.plain):
                if match["digits"] in table.hues:
                    cell.stylize(f"color({TERMINAL_COLOURS[table.hues[match['digits']]]})", *match.span())
        drawn.add_row(*cells)
    return drawn
