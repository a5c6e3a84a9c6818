"""The token endpoint in the form of AD FS, which serves clients whose authority is `https://localhost:8443/adfs/`.

MSAL refuses a host that it does not know until Microsoft confirms it. MSAL for Java takes an authority whose path
begins with `adfs` for an AD FS, asks nobody, and posts to `/adfs/oauth2/token`, without the tenant. Unverified: MSAL
for .NET does so.
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune.surfaces.identity import errors
from fauxtune.surfaces.identity.discovery import ANY_TENANT
from fauxtune.surfaces.identity.errors import Aadsts
from fauxtune.surfaces.identity.request import TokenRequest

ADFS = "adfs"


async def of_the_application(request: TokenRequest) -> TokenRequest:
    """Return the request for the tenant that has its application. Raises Aadsts if no tenant or several have it."""
    client_id = request.need("client_id")
    tenants = await replace(request, tenant_key=ANY_TENANT[0]).tenants(client_id)
    if len(tenants) > 1:
        raise Aadsts(
            errors.NEEDS_TENANT,
            f"The application '{client_id}' is in {len(tenants)} tenants. At /{ADFS} a path names no tenant: use the "
            "client id of an application that one tenant has.",
        )
    return replace(request, tenant_key=tenants[0].id)
