"""The documents that clients read before they request a token: those of OAuth libraries, and those of Azure CLI.

OAuth libraries read OpenID documents, instance and user discovery. Ruled by OpenID Connect Discovery 1.0 3 and by what
MSAL reads ([MSAL] authority metadata, UserRealm). A tenant has two OpenID documents, as in Entra ID ("Access tokens",
2025-03): the issuer of version 1.0 is in access tokens for Graph and in id tokens of `/oauth2/token`, that of version
2.0 in the id tokens of `/oauth2/v2.0/token`.

What Azure CLI asks of Azure Resource Manager before it is logged in: its cloud's endpoints, tenants, subscriptions.

Azure Resource Manager: "Tenants - List", "Subscriptions - List" (2022-12-01); `/metadata/endpoints` as Azure CLI 2.91
reads it. Differs from Azure: nothing else of Resource Manager is here, and a tenant has no subscriptions.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fauxtune.core.model.tenants import Tenant

#: Path segments that mean "the tenant of the user".
ANY_TENANT = ("common", "organizations")
#: Entra ID's own hosts, for which this emulator answers if it is called by them.
_STS = "sts.windows.net"
PUBLIC_HOSTS = ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", _STS)


def issuer(origin: str, tenant_id: str, *, older: bool) -> str:
    """Return the issuer of this tenant's tokens of version 1.0 (`older`), which has a host of its own, or 2.0."""
    if not older:
        return f"{origin}/{tenant_id}/v2.0"
    return f"{f'https://{_STS}' if _host_of(origin) in PUBLIC_HOSTS else origin}/{tenant_id}/"


def openid_configuration(origin: str, *, key: str, tenant: Tenant | None, older: bool) -> dict[str, Any]:
    """Return the OpenID document of version 1.0 (`older`) or 2.0; `tenant` None stands for `common` and
    `organizations`, whose issuer is a pattern. Differs from Entra ID: users sign in at the page of version 2.0.
    """
    base = f"{origin}/{key if tenant is None else tenant.id}"
    version = "" if older else "/v2.0"
    return {
        "token_endpoint": f"{base}/oauth2{version}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256"],
        "jwks_uri": f"{base}/discovery{version}/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer(origin, "{tenantid}" if tenant is None else tenant.id, older=older),
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "grant_types_supported": [
            "authorization_code",
            "client_credentials",
            "password",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "code_challenge_methods_supported": ["S256", "plain"],
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "nbf",
            "preferred_username",
            "name",
            "tid",
            "oid",
            "ver",
        ],
        "tenant_region_scope": None,
        **_cloud(_host_of(origin)),
    }


def _host_of(origin: str) -> str:
    """Return host and port of an origin."""
    return origin.partition("://")[2].partition("/")[0]


def _tenant_in(address: str) -> str:
    try:
        path = urlsplit(address).path
    except ValueError:
        path = ""
    return next((part for part in path.split("/") if part), "common")


def _cloud(here: str) -> dict[str, str]:
    """The hosts of the cloud: this emulator, or the public names if the caller uses those."""
    public = here in PUBLIC_HOSTS
    return {
        "cloud_instance_name": "microsoftonline.com" if public else here,
        "cloud_graph_host_name": "graph.windows.net" if public else here,
        "msgraph_host": "graph.microsoft.com" if public else here,
    }


def instance_metadata(origin: str, *, authorization_endpoint: str) -> dict[str, Any]:
    """Return the metadata of instance discovery: this host is an authority, and so is the public cloud."""
    here = _host_of(origin)
    tenant = _tenant_in(authorization_endpoint)
    public = {"preferred_network": PUBLIC_HOSTS[0], "preferred_cache": PUBLIC_HOSTS[1], "aliases": list(PUBLIC_HOSTS)}
    own = {"preferred_network": here, "preferred_cache": here, "aliases": [here]}
    return {
        "tenant_discovery_endpoint": f"{origin}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [public] if here in PUBLIC_HOSTS else [own, public],
    }


def user_realm(user: str, *, tenant: Tenant | None) -> dict[str, Any]:
    """Return how a user signs in: with a password, if the domain belongs to a tenant."""
    domain = user.rpartition("@")[2]
    if tenant is None:
        return {"ver": "1.0", "account_type": "Unknown", "domain_name": domain}
    return {
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": tenant.domain,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }


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
