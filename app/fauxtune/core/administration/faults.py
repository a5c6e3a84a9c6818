"""Faults: what goes wrong on purpose in a tenant.

Control surface: `/_fauxtune/v1/tenants/{tenant}/faults`; the members of a rule are those of `core.faults`.
"""

from __future__ import annotations

from fauxtune.core.administration.requests import AdminRequest, Json, Service, key

FAULTS = "/faults"


def add_fault(
    effect: Json, *, match: Json | None = None, when: Json | None = None, name: str | None = None
) -> AdminRequest:
    """Let something go wrong. `match`: on which occasions; without it, on all. `when`: on which of them; without it, on
    each.
    """
    body: Json = {"match": match, "when": when, "effect": effect, "name": name}
    return _faults("POST", body={name: value for name, value in body.items() if value})


def add_fault_set(name: str, *, seed: int = 1) -> AdminRequest:
    """Add a ready-made set of faults: `realistic` or `chaos`. `seed`: of their chance."""
    return _faults("POST", "/sets", body={"set": name, "seed": seed})


def switch_fault(fault: str, *, on: bool) -> AdminRequest:
    """Switch a fault on or off, by its id; its counters stay."""
    return _faults("PATCH", f"/{key(fault)}", body={"enabled": on})


def delete_fault(fault: str) -> AdminRequest:
    """Delete a fault, by its id."""
    return _faults("DELETE", f"/{key(fault)}")


def delete_faults() -> AdminRequest:
    """Delete every fault of the tenant."""
    return _faults("DELETE")


def _faults(method: str, path: str = "", *, body: Json | None = None) -> AdminRequest:
    return AdminRequest(method, f"{FAULTS}{path}", body, Service.CONTROL)
