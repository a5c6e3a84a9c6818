"""Which access tokens are Graph's: those whose audience is Graph, by its id or by one of its addresses.

Source: Entra ID "access token claims" (aud), "scopes and permissions" (a resource is named with and without a slash at
its end). An emulator is reached under names of its own, and SDKs make the scope from the address that they call, with
the port or without it: these are Graph's addresses as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

#: Graph's own application in Entra ID.
GRAPH = "00000003-0000-0000-c000-000000000000"
#: The names of Graph, and those by which a machine knows itself.
_ALWAYS = frozenset({"graph.microsoft.com", "localhost", "127.0.0.1", "::1"})
_ADDRESS = re.compile(r"https?://(?:\[([0-9a-f:.]+)\]|([^/:@?#\s]+))(?::[0-9]{1,5})?/?", re.IGNORECASE)


def is_graph(audience: str, *, hosts: Collection[str] = ()) -> bool:
    """Is this Graph? `hosts`: further names by which the emulator is reached, lower case, without ports."""
    if audience.lower() == GRAPH:
        return True
    match = _ADDRESS.fullmatch(audience)
    if match is None:
        return False
    host = (match[1] or match[2]).lower()
    return host in _ALWAYS or host in hosts


def host_of(address: str) -> str:
    """The host of an address, lower case, without its port; empty for an address that is malformed."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
