"""A device as text: its facts, a table of what it should hold and holds, and what went wrong, in words."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.administration.snippets import quoted
from fauxtune.core.clock import from_iso
from fauxtune.core.engine.diagnosis.numbers import decode
from fauxtune.core.model.words.device_words import fact_lines, system_words
from fauxtune_cli.administration import Session
from fauxtune_cli.options import one_line
from fauxtune_cli.tables import Table, certificate_name, moment, print_table

_COLUMNS = 80
_LABEL = 15
#: State in the ledger -> whether the device should hold the item, whether it does, the state in words.
_STATES = {
    "wanted": ("yes", "no", "waiting"),
    "sent": ("yes", "?", "sent"),
    "installed": ("yes", "yes", "installed"),
    "failed": ("yes", "no", "failed"),
    "removing": ("no", "yes", "removing"),
    "removed": ("no", "no", "removed"),
    "kept": ("no", "yes", "kept"),
}
_SOURCES = {"pkcs": "PKCS", "scep": "SCEP", "email": "e-mail"}


def print_device(
    managed: dict[str, Any] | None, ledger: dict[str, Any], *, diagnosis: dict[str, Any], now: str, session: Session
) -> None:
    """Print a device: `managed` is Graph's managedDevice, None if it was deleted, `ledger` the control surface's,
    `diagnosis` that of the device, `now` the tenant's time.
    """
    print(one_line(ledger["deviceName"]))
    facts = _facts(managed, ledger, diagnosis=diagnosis, now=from_iso(now))
    labels = session.translated(Table(tuple(label for label, _ in facts), [tuple(text for _, text in facts)]))
    width = max(_LABEL, *map(len, labels.headings))
    for label, text in zip(labels.headings, labels.rows[0], strict=True):
        print(f"{label.ljust(width)} {one_line(text)}")
    print()
    print_table(replace(session.translated(items(ledger["items"], ids=session.ids)), hues=session.hues))
    problems = [line for item in ledger["items"] for line in _problem(item)]
    problems += [line for chain in diagnosis["chains"] for line in _failed(chain, items=ledger["items"])]
    if problems:
        problems += ["What repairs it:", f"  fauxtune diagnose --device {quoted(one_line(ledger['deviceName']))}"]
    problems += [line for action in (managed or {}).get("deviceActionResults", ()) for line in _action(action)]
    if problems:
        print("\n" + session.translated("\n".join(problems)))


def items(rows: list[dict[str, Any]], *, ids: bool) -> Table:
    """Return the table of the items of a ledger."""
    return Table(
        ("profile", "kind", "should", "holds", "state", "until", "certificate"),
        [
            (
                ", ".join(row["profileNames"]) or "-",
                _SOURCES.get(row["source"], row["source"]),
                *_STATES[row["state"]],
                moment(row["notAfter"])[:10],
                certificate_name(row, ids=ids),
            )
            for row in rows
        ],
        shrinks="profile",
        empty="No profile gives it anything.",
    )


def _facts(
    managed: dict[str, Any] | None, ledger: dict[str, Any], *, diagnosis: dict[str, Any], now: datetime
) -> list[tuple[str, str]]:
    management = ledger["state"] + (f", because of {ledger['cause']}" if ledger["cause"] else "")
    times = [
        ("enrolled", _time(ledger["enrolledDateTime"], now=now, missing="never")),
        ("last check-in", _time(ledger["lastCheckinDateTime"], now=now, missing="never")),
    ]
    if managed is None:
        kind = [("user", ledger["user"] or "no user"), ("kind", ledger["variant"]), ("management", management)]
        return [*kind, *times]
    user, system = (
        managed["userPrincipalName"],
        f"{system_words(managed['operatingSystem'])} {managed['osVersion'] or ''}",
    )
    return [
        ("user", f"{user} ({managed['userDisplayName']})" if user else "no user"),
        ("system", f"{system}, {managed['model'] or 'unknown model'}"),
        ("serial number", managed["serialNumber"]),
        ("management", management),
        ("compliance", _compliance(managed["complianceState"], diagnosis["findings"])),
        *((_lowered(line.label), line.words) for line in fact_lines(managed)),
        *times,
        ("next check-in", _next(ledger["nextCheckinDateTime"], now=now)),
        ("settled", "yes" if ledger["settled"] else f"no: {_due(ledger)}"),
    ]


def _compliance(state: str, findings: list[dict[str, Any]]) -> str:
    """The state, and the settings that the device does not meet."""
    settings = [
        setting.rpartition(".")[2]
        for finding in findings
        if finding["code"] == "device-not-compliant"
        for setting in finding["evidence"].get("settings", ())
    ]
    return f"{state}; not met: {', '.join(settings)}" if settings else state


def _lowered(label: str) -> str:
    """A label with a small first letter, unless it begins with an abbreviation or a name."""
    first = label.partition(" ")[0]
    return label if first.isupper() or "-" in first else label[0].lower() + label[1:]


def _due(ledger: dict[str, Any]) -> str:
    """What a device that has not settled waits for."""
    is_planned = ledger["generation"] == ledger["settledGeneration"]
    if is_planned and any(item["waitsFor"] for item in ledger["items"]):
        return "it waits for what is named below"
    return "something is due at the next check-in"


def _time(text: str | None, *, now: datetime, missing: str) -> str:
    return missing if text is None else f"{moment(text)}, {_distance(text, now=now)}"


def _next(text: str | None, *, now: datetime) -> str:
    if text is not None and from_iso(text) < now:
        return f"overdue since {moment(text)}"
    return _time(text, now=now, missing="it checks in no more")


def _distance(text: str, *, now: datetime) -> str:
    """How far a time is from the tenant's present time, in words."""
    span = from_iso(text) - now
    words = _span(abs(span))
    return words if words == "now" else f"in {words}" if span > timedelta(0) else f"{words} ago"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    for size, word in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return "now"


def _problem(item: dict[str, Any]) -> list[str]:
    """The lines about an item that failed or waits."""
    name = ", ".join(item["profileNames"]) or item["source"]
    if item["waitsFor"]:
        return _wrapped(f"'{name}' waits for {item['waitsFor']}.")
    if item["error"] is None:
        return []
    return _wrapped(f"'{name}' failed: {item['error']} {_number(item['errorCode'])}")


def _failed(chain: dict[str, Any], *, items: list[dict[str, Any]]) -> list[str]:
    """The lines about a profile that failed before the device had an item of it."""
    name = chain["profile"]["displayName"]
    if chain["status"] != "broken" or chain["links"][-1]["status"] == "ok":
        return []
    if any(name in item["profileNames"] and (item["error"] or item["waitsFor"]) for item in items):
        return []
    return _wrapped(f"'{name}' failed: {chain['why']}")


def _number(code: int | None) -> str:
    if code is None:
        return ""
    number = decode(code, connector={})
    return f"({number.hexadecimal}: {number.words})" if number.number is not None else f"({number.hexadecimal})"


def _action(action: dict[str, Any]) -> list[str]:
    return _wrapped(f"{action['actionName']}: {action['actionState']}, since {moment(action['startDateTime'])}.")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(one_line(text), _COLUMNS, subsequent_indent="  ", break_on_hyphens=False)
