"""What a failed test shows of its tenant: what the program under test asked, the faults that never struck, the last
events, and where the way to a device breaks.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from fauxtune.core.faults.writing import effect_in_words, match_in_words, when_in_words
from fauxtune.testing.faults import Fault
from fauxtune.testing.history import Event, Exchange
from fauxtune.testing.tenant import Tenant

_EXCHANGES, _EVENTS, _DEVICES, _CHAINS, _FAULTS = 15, 15, 5, 6, 10
#: The exchanges that are looked through: devices send many between two requests of a program.
_LOOKED_AT = 1000
#: The most characters of a line that is cut, and of those of a text that goes on in further lines.
_WIDTH, _COLUMNS = 160, 110
#: Surfaces that say little: the requests by which the test library itself looks, and waiting for a push.
_SILENT = frozenset({"control", "push"})
#: The surfaces that programs call; of the others only what was refused is shown one by one.
_OF_PROGRAMS = frozenset({"graph", "identity", "partner"})
#: A fix that ends with a command, which stays on one line, so that it can be pasted.
_COMMAND = re.compile(r"(.+:) (fauxtune .+)")


def sections(tenant: Tenant) -> Iterator[tuple[str, str]]:
    """Yield titles and texts for the report of a failed test; in place of what cannot be read stands the reason."""
    parts: tuple[tuple[str, Callable[[Tenant], Iterator[str]]], ...] = (
        (f"Fauxtune: last requests to {tenant.name}", _exchanges),
        (f"Fauxtune: faults of {tenant.name} that never struck", _faults),
        (f"Fauxtune: last events in {tenant.name}", _events),
        (f"Fauxtune: devices of {tenant.name}", _devices),
    )
    for title, read in parts:
        try:
            text = "\n".join(read(tenant))
        except Exception as failed:
            text = f"cannot be read: {failed}"
        if text:
            yield title, text


def _exchanges(tenant: Tenant) -> Iterator[str]:
    """The last requests of programs, and those that were refused; what devices sent is a line for each of them."""
    rows = [exchange for exchange in tenant.wire.exchanges(limit=_LOOKED_AT) if exchange.surface not in _SILENT]
    of_programs = [row for row in rows if row.surface in _OF_PROGRAMS or _is_refused(row)]
    for of_program in of_programs[-_EXCHANGES:]:
        yield from _exchange(of_program, tenant_id=tenant.id)
    counted = Counter(_sender(row) for row in rows if row.surface not in _OF_PROGRAMS)
    refused = Counter(_sender(row) for row in rows if row.surface not in _OF_PROGRAMS and _is_refused(row))
    for sender, count in counted.items():
        requests = f"{count} request{'' if count == 1 else 's'}"
        yield _short(f"{sender}: {requests}, {refused[sender] or 'none'} refused")


def _sender(exchange: Exchange) -> str:
    return exchange.caller.get("deviceName") or f"others ({exchange.surface})"


def _is_refused(exchange: Exchange) -> bool:
    return exchange.status is None or exchange.status >= 400 or bool(exchange.refusal)


def _exchange(exchange: Exchange, *, tenant_id: str) -> Iterator[str]:
    status = "no answer" if exchange.status is None else str(exchange.status)
    yield _short(
        f"{status} {exchange.method} {exchange.url} ({exchange.milliseconds:.0f} ms)".replace(tenant_id, "{tenant}")
    )
    if exchange.refusal:
        yield from _wrapped(exchange.refusal, indent="    ")


def _faults(tenant: Tenant) -> Iterator[str]:
    never = [fault for fault in tenant.faults.list() if not fault.document["hits"]]
    for fault in never[:_FAULTS]:
        yield from _wrapped(_fault(fault))


def _fault(fault: Fault) -> str:
    document = fault.document
    rule = f"fault {effect_in_words(document['effect'])}, {match_in_words(document['match'])}"
    looked = f"it looked at {document['matched']}, and strikes {when_in_words(document['when'])}"
    reasons = [*fault.warnings, *([looked] if document["matched"] else []), *([fault.nearest] if fault.nearest else [])]
    return f"{rule}: struck 0 times; {'; '.join(reasons) or 'no request was like it'}"


def _events(tenant: Tenant) -> Iterator[str]:
    yield from (_short(_event(event)) for event in tenant.journal.events()[-_EVENTS:])


def _event(event: Event) -> str:
    parts = (event.device_name, event.profile_name, event.user, (event.certificate or {}).get("thumbprint"))
    return f"{event.time:%Y-%m-%d %H:%M:%S} {event.type}: {', '.join(str(part) for part in parts if part)}"


def _devices(tenant: Tenant) -> Iterator[str]:
    """The devices with what they hold, and what breaks the way to them; users to whom an enrolment was refused."""
    devices = [*tenant.devices][:_DEVICES] if "devices" in tenant.__dict__ else []
    for device in devices:
        state = "connected" if device.is_online else "off line" if device.enrolled else f"not enrolled: {device.ended}"
        held = ", ".join(kind for kind in ("root", "pkcs", "imported", "scep", "email") if device.holds(kind))
        yield _short(f"{device.name} ({device.platform}), {state}, holds {held or 'nothing'}")
        yield from _diagnosis(tenant.diagnose(device=device.enrollment_id))
    refused = dict.fromkeys(event.user for event in tenant.journal.events("enrollmentRefused") if event.user)
    for user in [*refused][:_DEVICES]:
        findings = tenant.diagnose(user=user)["findings"]
        yield from _diagnosis(
            {"chains": [], "findings": [finding for finding in findings if finding["code"] == "enrollment-refused"]}
        )


def _diagnosis(answer: dict[str, Any]) -> Iterator[str]:
    """What is broken, each with its fix; a finding that a chain has said already stands once."""
    messages: set[str] = set()
    broken = [chain for chain in answer["chains"] if chain["status"] != "ok"]
    for chain in broken[:_CHAINS]:
        words = ": ".join(word for word in (chain["status"], chain["why"]) if word)
        yield from _wrapped(f"{chain['profile']['displayName']}: {words}", indent="  ")
        yield from _fix(chain["fix"])
        messages.add(chain["why"] or "")
    rest = [finding for finding in answer["findings"] if not any(finding["message"] in why for why in messages)]
    for finding in rest[:_CHAINS]:
        yield from _wrapped(f"{finding['severity']} {finding['code']}: {finding['message']}", indent="  ")
        yield from _fix(finding["fix"])


def _fix(fix: str | None) -> Iterator[str]:
    command = _COMMAND.fullmatch(fix or "")
    if command is not None:
        yield from _wrapped(f"fix: {command[1]}", indent="    ")
        yield f"    {command[2]}"
    elif fix:
        yield from _wrapped(f"fix: {fix}", indent="    ")


def _wrapped(text: str, *, indent: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        " ".join(text.split()),
        _COLUMNS,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
    )


def _short(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."
