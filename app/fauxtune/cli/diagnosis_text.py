"""A diagnosis as text: a tree of devices, profiles and links; a history as a table. Colours on a terminal alone."""

from __future__ import annotations

import os
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from fauxtune.cli.options import plain

Json = dict[str, Any]
#: Text in the colour of a status.
Paint = Callable[[str, str], str]

_COLOURS = {"ok": "32", "waiting": "33", "warning": "33", "not applicable": "33", "broken": "31", "error": "31"}
_WIDTH = 7
_SHORT = 12
_HEADINGS = ("source", "for", "from", "until", "status", "thumbprint")
_COLUMNS, _INDENT = 80, " " * 10
_STATUSES = {"notYetValid": "not valid yet"}


def paint_for_terminal() -> Paint:
    """Colours if standard output is a terminal and NO_COLOR (no-color.org) is not set."""
    return coloured if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else uncoloured


def coloured(status: str, text: str) -> str:
    """The text in the status's colour."""
    return f"\x1b[{_COLOURS[status]}m{text}\x1b[0m" if status in _COLOURS else text


def uncoloured(_status: str, text: str) -> str:
    """The text."""
    return text


def diagnosis(answer: Json, *, paint: Paint, everything: bool) -> str:
    """The tree, what was found, and the verdict."""
    lines = [*_tree(answer["chains"], paint=paint, everything=everything)]
    if answer["devicesLeftOut"]:
        lines.append(f"{answer['devicesLeftOut']} more devices were not looked at.")
    if answer["findings"]:
        lines += ["", "Found:", *(line for each in answer["findings"] for line in _finding(each, paint=paint))]
    return "\n".join([*lines, *([""] if lines else []), _verdict(answer, paint=paint)])


def history(answer: Json, *, paint: Paint) -> str:
    """The table, 80 columns wide, and what was found. Below the line of each certificate stands what it says of itself,
    who holds it, and what is wrong with it.
    """
    person = answer["user"]
    lines = [f"{plain(person['userPrincipalName'])}, primary SMTP address {plain(person['mail'] or 'not set')}", ""]
    lines += [_columns(_HEADINGS)] if answer["value"] else ["No certificates."]
    for each in answer["value"]:
        lines += [_columns(_row(each)), *_details(each)]
    found = [line for each in answer["findings"] for line in _finding(each, paint=paint)]
    return "\n".join([*lines, "", *(["Found:", *found] if found else [paint("ok", "Nothing is wrong with them.")])])


def _verdict(answer: Json, *, paint: Paint) -> str:
    """The last line: what is left to look at, the worst first; "All is well." only where nothing is left."""
    if not answer["chains"] and not answer["findings"]:
        return "There is nothing to look at: no profile reaches a device."
    parts = [] if answer["healthy"] else ["Not all is well"]
    for severity in ("error", "warning"):
        codes = Counter(each["code"] for each in answer["findings"] if each["severity"] == severity)
        if codes:
            named = ", ".join(code if count == 1 else f"{code} ({count})" for code, count in codes.items())
            parts.append(f"{_counted(codes.total(), severity)}: {named}")
    waiting = sum(each["status"] == "waiting" for each in answer["chains"])
    if waiting:
        parts.append(f"{_counted(waiting, 'profile')} waiting")
    if not answer["healthy"]:
        return paint("broken", "; ".join(parts) + ".")
    return paint("warning", "; ".join(parts) + ".") if parts else paint("ok", "All is well.")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _tree(chains: list[Json], *, paint: Paint, everything: bool) -> Iterator[str]:
    """Chains below their devices, links below their chain."""
    owners: dict[tuple[str, str], list[Json]] = {}
    for each in chains:
        device = each["device"]
        name = "no device" if device is None else f"{device['deviceName'] or device['id']} ({device['variant']})"
        owners.setdefault((each["user"] or "no user", name), []).append(each)
    for (user, device), mine in owners.items():
        yield plain(f"{user}: {device}")
        for position, each in enumerate(mine):
            is_last = position == len(mine) - 1
            yield f"{'└' if is_last else '├'}─ {_state(each, paint=paint)} {plain(each['profile']['displayName'])}"
            in_full = everything or each["status"] in ("broken", "waiting")
            links = [link for link in each["links"] if in_full or _shown(link) != "ok"]
            stem = "   " if is_last else "│  "
            for number, link in enumerate(links):
                branch = "└" if number == len(links) - 1 else "├"
                warned = f" [{', '.join(link['findings'])}]" if link["findings"] else ""
                yield (
                    plain(f"{stem}{branch}─ ")
                    + f"{_state(link, paint=paint)} "
                    + plain(f"{link['link']}: {link['message']}{warned}")
                )


def _shown(each: Json) -> str:
    """The status of a link or a chain in words. What holds with a warning is shown as the warning."""
    warned = each["findings"] if "link" in each else any(link["findings"] for link in each["links"])
    if each["status"] == "ok":
        return "warning" if warned else "ok"
    return "not applicable" if each["status"] == "notApplicable" else str(each["status"])


def _state(each: Json, *, paint: Paint) -> str:
    word = _shown(each)
    return paint(word, word.ljust(_WIDTH))


def _finding(each: Json, *, paint: Paint) -> Iterator[str]:
    yield f"  {paint(each['severity'], each['severity'].ljust(_WIDTH))} {each['code']}: {plain(each['message'])}"
    error = each["evidence"].get("error")
    if isinstance(error, dict):
        yield plain(f"          {error['hexadecimal']} ({error['family']}): {error['words']}")
    yield plain(f"          fix: {each['fix']}")


def _row(each: Json) -> tuple[str, ...]:
    return tuple(
        plain(text)
        for text in (
            each["source"] or "counter",
            each["usage"] or "?",
            (each["notBefore"] or "?")[:10],
            (each["notAfter"] or "?")[:10],
            _STATUSES.get(each["status"]) or each["status"],
            each["thumbprint"][:_SHORT],
        )
    )


def _details(each: Json) -> Iterator[str]:
    """Whose it is and who issued it, which devices have it, and what is wrong with it."""
    said = []
    if each["emailAddresses"] is not None:
        said = [", ".join(each["emailAddresses"]) or "no e-mail address", f"issued by {each['issuer']}"]
    if each["profileName"]:
        said.append(f"by the profile '{each['profileName']}'")
    if each["intendedPurpose"]:
        said.append(f"imported for {each['intendedPurpose']}")
    holders = ", ".join(held["deviceName"] or held["device"][:_SHORT] for held in each["holders"])
    findings = ", ".join(found["code"] for found in each["findings"])
    for text in ("; ".join(said), f"held by: {holders or 'no device'}", f"wrong: {findings}" if findings else ""):
        yield from textwrap.wrap(
            plain(text), _COLUMNS, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False
        )


def _columns(row: tuple[str, ...]) -> str:
    widths = (8, 10, 10, 10, 13, _SHORT)
    return "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip()
