"""The surfaces: which of them serves a path, and which tenant the path names.

Every path that devices, clients, administrators and connectors call is here. The console and the probes (`/livez`,
`/readyz`) are not.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Surface(StrEnum):
    """A protocol that the emulator speaks."""

    ANDROID = "devices/android"
    APPLE = "devices/apple"
    WINDOWS = "devices/windows"
    AGENT = "devices/agent"
    GRAPH = "graph"
    NDES = "ndes"
    PKI = "pki"
    PUSH = "push"
    BLOBS = "blobs"
    CONNECTOR = "connector"
    PARTNER = "partner"
    CONTROL = "control"
    IDENTITY = "identity"


#: The paths of each surface; the first match counts. `tenant`: the part that names the tenant, where there is one.
_PATHS: tuple[tuple[Surface, re.Pattern[str]], ...] = (
    (Surface.ANDROID, re.compile(r"/mdm/(?P<tenant>[^/]+)/android(/|$)")),
    (Surface.APPLE, re.compile(r"/mdm/(?P<tenant>[^/]+)/apple(/|$)")),
    (
        Surface.WINDOWS,
        re.compile(r"(/mdm/(?P<tenant>[^/]+)/windows|/EnrollmentServer|/ManagementServer|/api/mdm/microsoft)(/|$)"),
    ),
    (Surface.AGENT, re.compile(r"/mdm/(?P<tenant>[^/]+)/agent(/|$)")),
    # The versions of Graph, and what looks like another one.
    (Surface.GRAPH, re.compile(r"/+(beta|v\d+(\.\d+)?)(/|$)", re.IGNORECASE)),
    (Surface.NDES, re.compile(r"/pki/(?P<tenant>[^/]+)/certsrv(/|$)")),
    (Surface.PKI, re.compile(r"/pki(/(?P<tenant>[^/]+))?(/|$)")),
    (Surface.PUSH, re.compile(r"/push(/(?P<tenant>[^/]+))?(/|$)")),
    (Surface.BLOBS, re.compile(r"/blobs(/(?P<tenant>[^/]+))?(/|$)")),
    (Surface.CONNECTOR, re.compile(r"/connector(/(?P<tenant>[^/]+))?(/|$)")),
    (
        Surface.PARTNER,
        re.compile(r"/(?:partner(?:/|$)|(?=[^/]+/servicePrincipalsByAppId(?:/|$)))(?P<tenant>[^/]+)?", re.IGNORECASE),
    ),
    (Surface.CONTROL, re.compile(r"/(_fauxtune(/v1/tenants/(?P<tenant>[^/]+))?|docs)(/|$)")),
    (
        Surface.IDENTITY,
        re.compile(
            # The last ones are those of Azure Resource Manager, which Azure CLI asks for at its login.
            r"/(?P<tenant>[^/]+)/(oauth2|v2\.0|\.well-known|discovery|userrealm)(/|$)"
            r"|/(subscriptions|tenants|metadata/endpoints)/?$",
            re.IGNORECASE,
        ),
    ),
)


def surface_words() -> list[str]:
    """Return the words that name a surface, or several: its whole name, and each part of it."""
    return list(dict.fromkeys(word for surface in Surface for word in (surface.value, *surface.value.split("/"))))


def paths_of(surface: Surface) -> re.Pattern[str]:
    """Return the expression of the paths of a surface."""
    return next(pattern for each, pattern in _PATHS if each is surface)


def surface_of(path: str) -> Surface | None:
    """Return the surface that serves this path."""
    return next((surface for surface, pattern in _PATHS if pattern.match(path)), None)


def tenant_in(path: str) -> str | None:
    """Return the name, id or domain of the tenant that this path names."""
    match = next((match for _, pattern in _PATHS if (match := pattern.match(path))), None)
    return None if match is None else match.groupdict().get("tenant")
