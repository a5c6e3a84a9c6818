"""The state of a tenant: the requests of snapshots, reset, export and import, and what restoring changes.

The requests go to the control surface, `/_fauxtune/v1`. What restoring changes is said in words for people: which
things are lost, and which come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fauxtune.core.administration.requests import AdminRequest, Service, key


def list_snapshots() -> AdminRequest:
    """List the snapshots of the tenant."""
    return AdminRequest("GET", "/snapshots", service=Service.CONTROL)


def create_snapshot(name: str) -> AdminRequest:
    """Keep the state of the tenant under a name."""
    return AdminRequest("POST", "/snapshots", {"name": name}, service=Service.CONTROL)


def compare_with_snapshot(name: str) -> AdminRequest:
    """Show what restoring a snapshot would change. Changes nothing."""
    return AdminRequest("GET", f"/snapshots/{key(name)}", service=Service.CONTROL)


def restore_snapshot(name: str) -> AdminRequest:
    """Give the tenant the state of a snapshot."""
    return AdminRequest("POST", f"/snapshots/{key(name)}/restore", service=Service.CONTROL)


def delete_snapshot(name: str) -> AdminRequest:
    """Delete a snapshot; the tenant stays as it is."""
    return AdminRequest("DELETE", f"/snapshots/{key(name)}", service=Service.CONTROL)


def compare_with_beginning() -> AdminRequest:
    """Show what a reset would change. Changes nothing."""
    return AdminRequest("GET", "/reset", service=Service.CONTROL)


def reset_tenant() -> AdminRequest:
    """Give the tenant the state in which it was created."""
    return AdminRequest("POST", "/reset", service=Service.CONTROL)


def export_tenant(*, keys: bool | None = None) -> AdminRequest:
    """Export the tenant as one document; `keys`: with its private keys, or without (None: those of test tenants)."""
    query = "" if keys is None else f"?keys={str(keys).lower()}"
    return AdminRequest("GET", f"/export{query}", service=Service.CONTROL)


def import_tenant(tenant: str, *, file: str, in_place: bool = False) -> AdminRequest:
    """Give the tenant the state of an exported document, or create it from that. `file`: where the document is;
    `in_place`: another tenant of its id is deleted first.
    """
    path = f"/tenants/{key(tenant)}/import{'?replace=true' if in_place else ''}"
    return AdminRequest("PUT", path, service=Service.EMULATOR, file=file, media="application/json")


#: data

#: The tables that people know things of: one of them, several of them.
_THINGS = {
    "users": ("user", "users"),
    "groups": ("group", "groups"),
    "enrollments": ("device", "devices"),
    "profiles": ("profile", "profiles"),
    "assignments": ("assignment", "assignments"),
    "certificates": ("issued certificate", "issued certificates"),
    "pfx_certificates": ("imported certificate", "imported certificates"),
    "mail_messages": ("mail", "mails"),
    "connectors": ("connector", "connectors"),
    "connector_keys": ("connector key", "connector keys"),
    "templates": ("template", "templates"),
    "applications": ("application", "applications"),
    "fault_rules": ("fault rule", "fault rules"),
}


class RowChanges(Protocol):
    """What becomes of the rows of a table."""

    @property
    def lost(self) -> int:
        """Rows that go."""
        ...

    @property
    def added(self) -> int:
        """Rows that come back."""
        ...

    @property
    def changed(self) -> int:
        """Rows that get other values."""
        ...


def sentences(changes: Mapping[str, RowChanges]) -> list[str]:
    """Return what is lost, what comes back, and what becomes as it was; one sentence that nothing changes."""
    if not changes:
        return ["Nothing that is there now is lost."]
    lost = [_counted(name, changes[name].lost) for name in _THINGS if name in changes and changes[name].lost]
    back = [_counted(name, changes[name].added) for name in _THINGS if name in changes and changes[name].added]
    altered = [_counted(name, changes[name].changed) for name in _THINGS if name in changes and changes[name].changed]
    result = []
    if lost:
        result.append(f"Lost: {', '.join(lost)}.")
    if back:
        result.append(f"Back: {', '.join(back)}.")
    if altered:
        result.append(f"As it was then: {', '.join(altered)}.")
    return result or ["Only details are different."]


def _counted(name: str, count: int) -> str:
    one, several = _THINGS[name]
    return f"{count:,} {one if count == 1 else several}"
