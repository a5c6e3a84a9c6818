"""Which access tokens are for Graph, and which for Intune's own service: by the id or an address of their audience.

Source: Entra ID "access token claims" (aud), "scopes and permissions" (a resource is named with and without a slash at
its end). An emulator has other host names, and SDKs make the scope from the address that they call, with the port or
without it: these addresses are Graph's as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from fauxtune.core.model.hosts import LOCAL_NAMES, host_in

#: Graph's own application in Entra ID, and Intune's, which certification authorities of partners call.
GRAPH = "00000003-0000-0000-c000-000000000000"
INTUNE = "0000000a-0000-0000-c000-000000000000"
_DIRECTORY = "00000002-0000-0000-c000-000000000000"
_INTUNE_HOST = "api.manage.microsoft.com"
#: Microsoft Graph, "National cloud deployments" (2026-11). Differs from Intune: this is Graph of every cloud at once.
_NATIONAL = {"graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}
_ALWAYS = LOCAL_NAMES | {"graph.microsoft.com"} | _NATIONAL
#: The clients for partners add `/.default` to an address that ends in a slash: the audience then keeps that slash.
_ADDRESS = re.compile(r"https?://([^/@?#\s]+)/?", re.IGNORECASE)


def is_graph(audience: str, *, hosts: Collection[str] = ()) -> bool:
    """Whether the audience is Graph. `hosts`: further host names of the emulator."""
    if audience.lower() == GRAPH:
        return True
    match = _ADDRESS.fullmatch(audience)
    if match is None:
        return False
    host = host_in(match[1])
    return host != "" and (host in _ALWAYS or host in hosts)


def is_directory(audience: str) -> bool:
    """Whether the audience is Azure AD Graph, whose permissions have the names of Graph's (retired 2025-06)."""
    match = _ADDRESS.fullmatch(audience)
    return audience.lower() == _DIRECTORY or (match is not None and host_in(match[1]) == "graph.windows.net")


def is_intune(audience: str, *, hosts: Collection[str] = ()) -> bool:
    """Whether the audience is Intune's own service. `hosts`: host names of the emulator, at which both services are."""
    if audience.lower() == INTUNE:
        return True
    match = _ADDRESS.fullmatch(audience)
    host = "" if match is None else host_in(match[1])
    return host != "" and (host == _INTUNE_HOST or host in LOCAL_NAMES or host in hosts)
