"""What Azure CLI asks of Azure Resource Manager before it is logged in: its cloud's endpoints, tenants, subscriptions.

Azure Resource Manager: "Tenants - List", "Subscriptions - List" (2022-12-01); `/metadata/endpoints` as Azure CLI 2.91
reads it. Differs from Azure: nothing else of Resource Manager is here, and a tenant has no subscriptions.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.model.tenants import Tenant


def endpoints(origin: str) -> dict[str, Any]:
    """Return the endpoints of the cloud that this emulator is."""
    return {
        "name": "Fauxtune",
        "portal": f"{origin}/console",
        "authentication": {
            "loginEndpoint": origin,
            "audiences": [origin],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": origin,
        "graphAudience": origin,
        "microsoftGraphResourceId": origin,
        "suffixes": {},
    }


def tenants(tenant: Tenant) -> dict[str, Any]:
    """Return the tenants that a caller of this tenant can reach."""
    own = {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "displayName": tenant.name,
        "defaultDomain": tenant.domain,
        "domains": [tenant.domain],
        "tenantCategory": "Home",
    }
    return {"value": [own]}


def subscriptions() -> dict[str, Any]:
    """Return the subscriptions to Azure: none."""
    return {"value": [], "count": {"type": "Total", "value": 0}}
