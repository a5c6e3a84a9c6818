"""Recorded exchanges as text: a line for each, with the reason of a refusal below it, and one of them whole.

What strangers sent is in it: every text is cleaned of what a terminal would obey.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from rich.cells import set_cell_size

from fauxtune_cli.options import SHORT, one_line, plain
from fauxtune_cli.tables import person

#: The widths of the columns, but for the path, which takes the rest.
_NUMBER, _TIME, _SURFACE, _METHOD, _STATUS, _MS, _WHO = 4, 8, 9, 6, 6, 5, 12
_GAPS = 7
#: The lines of a reason in a list.
_REASON = 3
_LEAST = 20
_NAME = 13
_LONG = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[\w-]{32,}")
_HIDDEN = re.compile(r"\[not shown: [^\]]*\]")
_RED, _YELLOW, _BOLD = "31", "33", "1"
_INDENT = "  "


class Lines:
    """Exchanges as lines, as wide as the terminal (80 characters elsewhere)."""

    def __init__(self) -> None:
        self._has_colours = _has_colours()
        fixed = _NUMBER + _TIME + _SURFACE + _METHOD + _STATUS + _MS + _WHO + _GAPS
        self._width = max(shutil.get_terminal_size((80, 24)).columns, fixed + _LEAST)
        self._path = self._width - fixed

    def heading(self) -> str:
        """Return the names of the columns."""
        words = ("no", "time", "surface", "method", "path", "status", "ms", "who")
        return _painted(self._line(*words), _BOLD if self._has_colours else None)

    def of(self, exchange: dict[str, Any]) -> str:
        """Return one exchange: red if it was refused or broke off, yellow for an error of the client. Below it is why
        it was refused.
        """
        status = exchange["status"]
        line = self._line(
            str(exchange["number"]),
            exchange["time"][11:19],
            exchange["surface"].rpartition("/")[2],
            exchange["method"],
            _shortened(exchange["url"], self._path),
            "-" if status is None else str(status),
            _milliseconds(exchange["milliseconds"]),
            _cut(_who(exchange["caller"]), _WHO),
        )
        line = _painted(line, _colour(exchange) if self._has_colours else None)
        return "\n".join([line, *self._reason(exchange["refusal"])])

    def _reason(self, refusal: str | None) -> list[str]:
        indent = " " * (_NUMBER + 1)
        return textwrap.wrap(
            _clean(refusal or ""),
            self._width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
            max_lines=_REASON,
            placeholder=" …",
        )

    def _line(self, *cells: str) -> str:
        number, time, surface, method, path, status, milliseconds, who = map(_clean, cells)
        fixed = set_cell_size
        return (
            f"{number:>{_NUMBER}} {fixed(time, _TIME)} {fixed(surface, _SURFACE)} {fixed(method, _METHOD)} "
            f"{fixed(path, self._path)} {fixed(status, _STATUS)} {milliseconds:>{_MS}} {fixed(who, _WHO)}"
        ).rstrip()


def whole(exchange: dict[str, Any]) -> str:
    """Return one exchange with everything that is known of it."""
    bold = _BOLD if _has_colours() else None
    return "\n".join(_painted(plain(text), bold if is_heading else None) for text, is_heading in _whole(exchange))


def _whole(exchange: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """The texts, and which of them are headings."""
    status = "no response" if exchange["status"] is None else str(exchange["status"])
    yield f"{exchange['method']} {exchange['url']}\n", True
    yield from ((fact, False) for fact in _facts(exchange, status=status))
    for name in ("request", "response"):
        message = exchange[name]
        cut = ", cut" if message["truncated"] else ""
        kind = f", {message['contentType']}" if message["contentType"] else ""
        yield f"\n{name.capitalize()}: {message['length']:,} bytes{kind}{cut}", True
        yield from ((f"{_INDENT}{header['name']}: {header['value']}", False) for header in message["headers"])
        for part in (*message["head"], *message["parts"]):
            yield "", False
            yield from ((line, False) for line in _part(part, _INDENT))
    yield "\nAs curl", True
    yield exchange["asCurl"], False


def _facts(exchange: dict[str, Any], *, status: str) -> Iterator[str]:
    caller, time = exchange["caller"], exchange["time"][:23].replace("T", " ")
    tenant_time = exchange["tenantTime"]
    if tenant_time not in (None, exchange["time"]):
        time = f"{time}, by the tenant's clock {tenant_time[:23].replace('T', ' ')}"
    yield _fact("time", time)
    yield _fact("surface", exchange["surface"])
    yield _fact("status", f"{status}, {exchange['milliseconds']} ms")
    yield _fact("request id", exchange["requestId"])
    for title, name, key in (
        ("application", caller["applicationName"], caller["application"]),
        ("user", caller["userPrincipalName"], caller["user"]),
        ("device", caller["deviceName"], caller["device"]),
    ):
        if key is not None:
            yield _fact(title, f"{name} ({key})" if name else key)
    for permission in exchange["permissions"]:
        yield _fact("permission", f"{permission['operation']}: {_permission(permission)}")
    if exchange["refusal"] is not None:
        yield _fact("refused", exchange["refusal"])


def _permission(permission: dict[str, Any]) -> str:
    if permission["missing"]:
        return f"missing, one of {', '.join(permission['needs'])}"
    return f"granted by {', '.join(permission['grantedBy'])}" if permission["needs"] else "none is needed"


def _fact(name: str, value: str) -> str:
    return f"{name.ljust(_NAME)} {one_line(value)}"


def _part(part: dict[str, Any], indent: str) -> Iterator[str]:
    yield f"{indent}{part['title']}"
    yield from (f"{indent}{_INDENT}{fact['name']}: {fact['value']}" for fact in part["facts"])
    if part["text"]:
        yield textwrap.indent(part["text"], f"{indent}{_INDENT}")
    for each in part["parts"]:
        yield from _part(each, f"{indent}{_INDENT}")


def _shortened(url: str, width: int) -> str:
    """The path and query in this width: long ids by their beginnings, then without the query or without the middle."""
    url = _HIDDEN.sub("[…]", _LONG.sub(lambda match: f"{match[0][:SHORT]}…", url))
    path, _, query = url.partition("?")
    if len(url) > width and query:
        url = f"{path}?…"
    if len(url) <= width:
        return url
    end = (width - 1) * 2 // 3
    return f"{url[: width - 1 - end]}…{url[-end:]}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _who(caller: dict[str, Any]) -> str:
    if caller["device"] is not None:
        return caller["deviceName"] or str(caller["device"])[:SHORT]
    if caller["user"] is not None:
        return person(caller["userPrincipalName"] or caller["user"][:SHORT])
    if caller["application"] is not None:
        return caller["applicationName"] or str(caller["application"])[:SHORT]
    return "-"


def _colour(exchange: dict[str, Any]) -> str | None:
    status = exchange["status"]
    if status is None or status >= 500 or (status < 400 and exchange["refusal"] is not None):
        return _RED
    return _YELLOW if status >= 400 else None


def _clean(text: str) -> str:
    return one_line(text) if text else ""


def _painted(line: str, colour: str | None) -> str:
    return line if colour is None else f"\x1b[{colour}m{line}\x1b[0m"


def _has_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def stop_note(number: int) -> str:
    """The note that a search stopped at the request with this number, and how to go on."""
    return (
        f"These messages take long to read, so the search stopped at request {number}. "
        f"For older ones add --before {number}."
    )
