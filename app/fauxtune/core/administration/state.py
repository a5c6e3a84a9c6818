"""The state of a tenant: snapshots, reset, export and import.

Control surface: `/_fauxtune/v1`.
"""

from __future__ import annotations

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
