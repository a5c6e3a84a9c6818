"""What a failed test shows of its tenant: the last requests, the last events, and where the way to a device breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fauxtune.testing.history import Event, Exchange
    from fauxtune.testing.tenant import Tenant

_EXCHANGES, _EVENTS, _DEVICES, _CHAINS = 15, 15, 5, 6
#: The most characters of a line.
_WIDTH = 160
#: Surfaces that say little: the requests by which the test library itself looks, and waiting for a push.
_SILENT = frozenset({"control", "push"})


def sections(tenant: Tenant) -> Iterator[tuple[str, str]]:
    """Yield titles and texts for the report of a failed test; in place of what cannot be read stands the reason."""
    parts: tuple[tuple[str, Callable[[Tenant], Iterator[str]]], ...] = (
        (f"Fauxtune: last requests to {tenant.name}", _exchanges),
        (f"Fauxtune: last events in {tenant.name}", _events),
        (f"Fauxtune: devices of {tenant.name}", _devices),
    )
    for title, read in parts:
        try:
            text = "\n".join(_short(line) for line in read(tenant))
        except Exception as failed:
            text = f"cannot be read: {failed}"
        if text:
            yield title, text


def _exchanges(tenant: Tenant) -> Iterator[str]:
    rows = [each for each in tenant.wire.exchanges(limit=200) if each.surface not in _SILENT]
    yield from (_exchange(each).replace(tenant.id, "{tenant}") for each in rows[-_EXCHANGES:])


def _exchange(each: Exchange) -> str:
    status = "no answer" if each.status is None else str(each.status)
    why = f"  {each.refusal}" if each.refusal else ""
    return f"{status} {each.method} {each.url} ({each.milliseconds:.0f} ms){why}"


def _events(tenant: Tenant) -> Iterator[str]:
    yield from (_event(each) for each in tenant.journal.events()[-_EVENTS:])


def _event(each: Event) -> str:
    parts = (each.device_name, each.profile_name, each.user, (each.certificate or {}).get("thumbprint"))
    return f"{each.time:%Y-%m-%d %H:%M:%S} {each.type}: {', '.join(str(part) for part in parts if part)}"


def _devices(tenant: Tenant) -> Iterator[str]:
    if "devices" not in tenant.__dict__:
        return
    for device in [*tenant.devices][:_DEVICES]:
        state = "connected" if device.is_online else "off line" if device.enrolled else f"not enrolled: {device.ended}"
        held = ", ".join(kind for kind in ("root", "pkcs", "imported", "scep", "email") if device.holds(kind))
        yield f"{device.name} ({device.platform}), {state}, holds {held or 'nothing'}"
        yield from _diagnosis(tenant.diagnose(device=device.enrollment_id))


def _diagnosis(answer: dict[str, Any]) -> Iterator[str]:
    broken = [chain for chain in answer["chains"] if chain["status"] != "ok"]
    for chain in broken[:_CHAINS]:
        words = (chain["status"], chain["why"], chain["fix"])
        yield f"  {chain['profile']['displayName']}: {': '.join(word for word in words if word)}"
    for finding in answer["findings"][:_CHAINS]:
        yield f"  {finding['severity']} {finding['code']}: {finding['message']}"


def _short(line: str) -> str:
    line = " ".join(line.split()) if not line.startswith("  ") else line
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."
