"""The address of a tenant's own SCEP server: NDES, mscep.dll.

Microsoft: "Configure infrastructure to support SCEP with Intune" (the address that a profile names). IIS reads paths in
any case.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

_SERVICE = "/certsrv/"
#: Windows adds `/pkiclient.exe` to the address of a profile, others `/scep`.
_PATHS = re.compile(r"mscep(/mscep\.dll)?(/pkiclient\.exe|/scep)?/?", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


def server_address(public_http_url: str, *, tenant: str) -> str:
    """Return the address that profiles name, by the tenant's name."""
    return f"{public_http_url.rstrip('/')}/pki/{quote(tenant, safe='')}{_SERVICE}mscep/mscep.dll"


def is_served(path: str) -> bool:
    """Whether the server answers at this path below `certsrv/`, as clients write it."""
    return _PATHS.fullmatch(path) is not None


def is_same_server(url: str, *, address: str) -> bool:
    """Whether a URL leads to the server of this address: the host, the tenant and the path after it in any case, with
    mscep.dll or without it, and with what clients add.
    """
    try:
        place, path = _parts(url)
        own_place, _ = _parts(address)
    except ValueError:
        return False
    return place == own_place and is_served(path)


def _parts(url: str) -> tuple[tuple[str, str | None, int | None, str, str], str]:
    """The scheme, host, port, base path and tenant of an address, and its path below `certsrv/`. Raises ValueError for
    a text that is no URL.
    """
    parts = urlsplit(url)
    before, _, path = parts.path.partition(_SERVICE)
    base, _, tenant = before.rpartition("/")
    port = parts.port or _PORTS.get(parts.scheme)
    return (parts.scheme, parts.hostname, port, base, unquote(tenant).lower()), path
