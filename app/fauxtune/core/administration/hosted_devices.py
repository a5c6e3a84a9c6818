"""Simulated devices that the server holds: another one, and what its owner does with it.

Control surface: `/_fauxtune/v1/tenants/{tenant}/hosted-devices`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.administration.requests import AdminRequest, Json, Service, key

HOSTED_DEVICES = "/hosted-devices"


def list_hosted_devices() -> AdminRequest:
    """List the simulated devices that the server holds."""
    return AdminRequest("GET", HOSTED_DEVICES, service=Service.CONTROL)


def add_hosted_device(
    user: str, *, platform: str, mode: str | None = None, name: str | None = None, facts: Json | None = None
) -> AdminRequest:
    """Enrol a simulated device for a user. `platform` and `mode` are the simulator's words."""
    body: Json = {"user": user, "platform": platform, "mode": mode, "name": name, "facts": facts}
    given = {member: value for member, value in body.items() if value}
    return AdminRequest("POST", HOSTED_DEVICES, given, service=Service.CONTROL)


def connect_hosted_device(name: str, *, online: bool) -> AdminRequest:
    """Bring a simulated device on line, or take it off line."""
    return _change(name, {"online": online})


def let_hosted_device_refuse(name: str, *, items: Sequence[str]) -> AdminRequest:
    """Let a simulated device refuse deliveries of these kinds, and accept all others."""
    return _change(name, {"refuses": [*items]})


def let_hosted_device_report(name: str, *, facts: Json) -> AdminRequest:
    """Change what a simulated device reports, by the names of managedDevice."""
    return _change(name, {"facts": facts})


def check_in_hosted_device(name: str) -> AdminRequest:
    """Let a simulated device check in now."""
    return AdminRequest("POST", f"{HOSTED_DEVICES}/{key(name)}/check-in", service=Service.CONTROL)


def _change(name: str, body: Json) -> AdminRequest:
    return AdminRequest("PATCH", f"{HOSTED_DEVICES}/{key(name)}", body, service=Service.CONTROL)
