"""The header by which a device learns that its management agent has work: the address to ask at.

Differs from Intune, which installs the agent on the device when the first script or app is assigned to it (Windows: an
MSI by EnterpriseDesktopAppManagement; macOS: a package). A device that does not know the header is not disturbed by it.
"""

from __future__ import annotations

from fauxtune.core.model.tenants import Tenant

HEADER = "Fauxtune-Agent"


def agent_header(tenant: Tenant) -> dict[str, str]:
    """Return the header of an answer to an MDM client; empty in a tenant whose devices have no such work."""
    return {HEADER: f"/mdm/{tenant.id}/agent"} if tenant.has_agents else {}
