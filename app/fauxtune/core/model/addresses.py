"""Where requests go: host names, the surface of a path, the services of discovery, and the audiences of tokens.

Host names are compared in lower case, without a port, IPv6 addresses without brackets (RFC 3986 3.2.2). Every path that
devices, clients, administrators and connectors call is here. The console and the probes (`/livez`, `/readyz`) are not.

Service discovery lists services of Intune, such as those for a partner's authority. Source:
microsoft/Intune-Resource-Access, src/CsrValidation. An address has no slash at its end: clients add one. Callers that
use Microsoft's own names (through the intercepting listener) are sent to a name of Microsoft's, too.

By its audience a token is for Graph or for Intune's own service. Source: Entra ID "access token claims" (aud), "scopes
and permissions" (a resource is named with and without a slash at its end). An emulator has other host names, and SDKs
make the scope from the address that they call, with the port or without it: these addresses are Graph's as well.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from fauxtune.core.model.ids import TenantId

#: The names by which a machine calls itself.
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
#: Stands for every address in numbers among the names under which requests are answered: no web page can let one point
#: elsewhere.
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - nobody listens here
#: The header of what a server sends to addresses that its clients name. It presses no buttons of another emulator.
NOTIFICATION = "Fauxtune-Notification"
#: The header that names the server which answers, by its id; a request may have it, too: the id of the only server that
#: is to answer.
SERVER = "X-Fauxtune-Server"
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.I)
_HOST_AND_PORT = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{0,5})?")


def is_host_name(text: str) -> bool:
    """Whether this is the name of a host (RFC 1123 2.1), or an IPv4 address."""
    return _HOST_NAME.fullmatch(text) is not None


def is_answered(name: str, names: frozenset[str]) -> bool:
    """Whether a request for this host is answered by a server that answers under these names."""
    if name in names or EVERY_ADDRESS not in names:
        return name in names
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def host_of(address: str) -> str:
    """The host of a URL; empty for a URL that is malformed."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def host_in(header: str) -> str:
    """The host in the value of a Host header, such as `localhost:8443` or `[::1]`; empty for a value that is malformed,
    such as an IPv6 address without brackets.
    """
    match = _HOST_AND_PORT.fullmatch(header.lower())
    return "" if match is None else match[1] or match[2]


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


#: Below it are the endpoints of managed identity, and the issuer for federated ones. No tenant can have such a name.
MANAGED = "/_identity"
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
            rf"(?:{MANAGED}/|/(?=[^/]+/(?:oauth2|v2\.0|\.well-known|discovery|userrealm)(?:/|$)))(?P<tenant>[^/]+)"
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


VALIDATION, CONNECTOR = "ScepRequestValidationFEService", "PkiConnectorFEService"
#: Service -> the last part of its address.
SERVICES = {VALIDATION: "StatelessScepRequestValidationService", CONNECTOR: "StatelessPkiConnectorService"}
#: Service -> its path, without the slash before it.
_SERVICE_PATHS = {service: f"partner/{{tenant}}/{part}" for service, part in SERVICES.items()} | {
    # Unverified: only pytune (secureworks/pytune, device/windows.py, 2025) shows that the real list has it.
    "WindowsEnrollment": "mdm/{tenant}/windows/EnrollmentServer/Enrollment.svc",
}

#: The host of both services for callers of Microsoft's names. Intune's own are those of its scale units, such as
#: fef.amsua0102.manage.microsoft.com; no client looks at the name.
PUBLIC_HOST = "fef.emulator.manage.microsoft.com"
_PUBLIC_GRAPHS = ("https://graph.microsoft.com", "https://graph.windows.net")


def endpoints(tenant_id: TenantId, *, origin: str) -> list[dict[str, str]]:
    """Return the documents of service discovery. Older clients read `serviceName`, newer ones `providerName`; the one
    in Java fails if an element lacks the name that it reads.
    """
    base = f"https://{PUBLIC_HOST}" if origin.removesuffix(":443") in _PUBLIC_GRAPHS else origin
    return [
        {
            "id": str(uuid.uuid5(uuid.UUID(tenant_id), service)),
            "capability": service,
            "providerId": INTUNE,
            "providerName": service,
            "serviceName": service,
            "providerResourceId": service,
            "uri": f"{base}/{path.format(tenant=tenant_id)}",
        }
        for service, path in _SERVICE_PATHS.items()
    ]


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
