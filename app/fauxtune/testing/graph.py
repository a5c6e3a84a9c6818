"""Graph in a test: an httpx client with a token, and Microsoft's SDK."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import httpx

from fauxtune.testing.parts import Tenancy

_TIMEOUT_SECONDS = 30.0
_DEFAULT_SCOPE = "https://graph.microsoft.com/.default"


class Graph(httpx.Client):
    """An httpx client of a tenant's Graph that sends a token of its application.

    Paths begin with the version: `graph.get("/v1.0/users")`. It waits for nothing and repeats nothing by itself.
    """

    def __init__(self, tenant: Tenancy) -> None:
        """Use `tenant.graph`."""
        super().__init__(
            base_url=tenant.graph_url,
            verify=tenant.server.ssl_context,
            headers={"Authorization": f"Bearer {tenant.token()}", **tenant.server.headers},
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )
        self._tenant = tenant

    def asynchronous(self) -> httpx.AsyncClient:
        """Return an asynchronous client with the same token, which the caller closes: `async with`."""
        return httpx.AsyncClient(
            base_url=self._tenant.graph_url,
            verify=self._tenant.server.ssl_context,
            headers={"Authorization": self.headers["Authorization"], **self._tenant.server.headers},
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def sdk(self, version: str = "v1.0") -> Any:
        """Return Microsoft's GraphServiceClient for this tenant: of `msgraph`, or of `msgraph_beta` for "beta".

        ImportError names the package to install. Its methods are coroutines.
        """
        from kiota_authentication_azure.azure_identity_authentication_provider import (
            AzureIdentityAuthenticationProvider,
        )
        from msgraph_core import GraphClientFactory

        sdk = import_module("msgraph_beta" if version == "beta" else "msgraph")
        adapters = import_module(f"{sdk.__name__}.graph_request_adapter")
        authentication = AzureIdentityAuthenticationProvider(
            self._tenant.credential,
            scopes=[_DEFAULT_SCOPE],
            allowed_hosts=[httpx.URL(self._tenant.graph_url).host],
        )
        # Nobody closes the client of an SDK: no connection may be open when the test's event loop ends.
        nothing_kept = httpx.Limits(max_keepalive_connections=0)
        server = self._tenant.server
        client = httpx.AsyncClient(verify=server.ssl_context, limits=nothing_kept, headers=server.headers)
        http = GraphClientFactory.create_with_default_middleware(client=client, options=adapters.options)
        adapter = adapters.GraphRequestAdapter(authentication, client=http)
        adapter.base_url = f"{self._tenant.graph_url}/{version}"
        return sdk.GraphServiceClient(request_adapter=adapter)
