"""Microsoft's own clients, as anybody sets them up for a host of their own: azure-identity and msgraph-beta-sdk.

Nothing in them is changed. They are given the address, the CA file and the credentials, which all are documented ways
of using them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from azure.identity import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph_beta import GraphServiceClient
from msgraph_beta.graph_request_adapter import GraphRequestAdapter, options
from msgraph_core import GraphClientFactory

from tests.server.running import Running

SCOPE = "https://graph.microsoft.com/.default"


def credential(server: Running, *, secret: str | None = None) -> ClientSecretCredential:
    """The seeded application's credential; another secret makes it a wrong one."""
    known = server.endpoints
    return ClientSecretCredential(
        known["tenantId"],
        known["clientId"],
        secret or known["clientSecret"],
        authority=known["https"],
        disable_instance_discovery=True,
        connection_verify=known["caFile"],
    )


@asynccontextmanager
async def client(server: Running, *, secret: str | None = None) -> AsyncIterator[GraphServiceClient]:
    """A client of the server's beta."""
    # The factory puts a transport of its own around this one, and nobody closes what is inside.
    transport = httpx.AsyncHTTPTransport(verify=server.trusting())
    with credential(server, secret=secret) as azure:
        provider = AzureIdentityAuthenticationProvider(azure, scopes=[SCOPE], allowed_hosts=["localhost"])
        async with httpx.AsyncClient(transport=transport) as plain:
            http = GraphClientFactory.create_with_default_middleware(client=plain, options=options)
            adapter = GraphRequestAdapter(provider, client=http)
            adapter.base_url = f"{server.https}/beta"
            yield GraphServiceClient(request_adapter=adapter)
    await transport.aclose()
