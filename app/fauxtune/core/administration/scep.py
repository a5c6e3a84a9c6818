"""What an administrator sends about SCEP with a partner's authority, and the configuration of the authority's client.

Control surface: `/_fauxtune/v1`; microsoft/Intune-Resource-Access, src/CsrValidation (the names of the properties).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune.core.model.addresses import INTUNE
from fauxtune.core.model.permissions import SCEP_CHALLENGE_PROVIDER
from fauxtune.core.model.scep import server_address

#: Properties whose names differ between the clients: Java's name -> C#'s.
_CSHARP = {"MS_GRAPH_RESOURCE_URL": "MSAL_GRAPH_RESOURCE_URL", "GRAPH_RESOURCE_URL": "AAD_GRAPH_RESOURCE_URL"}


def ndes_url(public_http_url: str, *, tenant: str) -> str:
    """Return the address of the SCEP server of a tenant, by the tenant's name. Microsoft: NDES, mscep.dll."""
    return server_address(public_http_url, tenant=tenant)


def give_challenge(device_id: str, *, profile: str) -> AdminRequest:
    """Give a device a challenge for its request by a SCEP profile, both by their ids."""
    return _control("/scep/challenges", {"device": device_id, "profile": profile})


def try_request(
    device_id: str, *, profile: str, subject: str | None = None, key_usages: Sequence[str] | None = None
) -> AdminRequest:
    """Ask what becomes of a request with a challenge of the device, and with this subject or these key usages in place
    of those that the challenge is for.
    """
    changes = {"subject": subject, "keyUsages": None if key_usages is None else [*key_usages]}
    given = {name: value for name, value in changes.items() if value is not None}
    return _control("/scep/challenges/try", {"device": device_id, "profile": profile, **given})


def open_challenge(challenge: str) -> AdminRequest:
    """Open a challenge."""
    return _control("/scep/challenges/open", {"challenge": challenge})


def ask_for_revocation(serial: str, *, issuer: str | None = None) -> AdminRequest:
    """Ask the partner's authority to revoke a certificate. Without an issuer: the one that it reported under this
    number or thumbprint.
    """
    named = {} if issuer is None else {"issuerName": issuer}
    return _control("/scep/revocations", {"serialNumber": serial, **named})


def approve_request(request_id: str) -> AdminRequest:
    """Approve a request that waits at NDES."""
    return _control(f"/scep/requests/{quote(request_id, safe='')}/approve")


def deny_request(request_id: str, *, reason: str) -> AdminRequest:
    """Deny a request that waits at NDES."""
    return _control(f"/scep/requests/{quote(request_id, safe='')}/deny", {"reason": reason})


def renew_ra_certificates() -> AdminRequest:
    """Give NDES new RA certificates."""
    return _control("/scep/ndes/renew")


def create_authority_application() -> AdminRequest:
    """Create the application of a partner's authority: service discovery in Graph, and the role of Intune's service."""
    roles = ["Application.Read.All", SCEP_CHALLENGE_PROVIDER]
    return _control("/applications", {"displayName": "Certification authority of a partner", "roles": roles})


def client_values(application: Mapping[str, Any], *, tenant: str, origin: str) -> dict[str, str]:
    """Return the properties of Microsoft's client, by their names in Java. Addresses end in a slash."""
    return {
        "AAD_APP_ID": str(application.get("clientId", "")),
        "AAD_APP_KEY": str(application.get("secret", "")),
        "TENANT": tenant,
        "PROVIDER_NAME_AND_VERSION": "Partner CA 1.0",
        "AUTH_AUTHORITY": f"{origin}/",
        "MS_GRAPH_RESOURCE_URL": f"{origin}/",
        "GRAPH_RESOURCE_URL": f"{origin}/",
        "INTUNE_RESOURCE_URL": f"{origin}/",
        "INTUNE_APP_ID": INTUNE,
    }


def named_for(values: Mapping[str, str], *, csharp: bool) -> list[tuple[str, str]]:
    """Return the properties with the names of the client in C#, or in Java."""
    return [(_CSHARP.get(name, name) if csharp else name, value) for name, value in values.items()]


def _control(path: str, body: dict[str, Any] | None = None) -> AdminRequest:
    return AdminRequest("POST", path, body, service=Service.CONTROL)
