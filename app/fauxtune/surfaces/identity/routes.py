"""The identity surface's paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Path, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from fauxtune.core.errors import NotFound
from fauxtune.core.model.addresses import MANAGED
from fauxtune.core.model.tenants import Tenant
from fauxtune.internals.fastapi_routes import Router
from fauxtune.operations.directory import own_issuer
from fauxtune.operations.runtime.access_tokens import LIFETIME
from fauxtune.surfaces.http import bearer_token, caller_of, emulator_of, origin, peer_of
from fauxtune.surfaces.identity import (
    authorize,
    descriptions,
    device_codes,
    discovery,
    errors,
    managed,
    pages,
)
from fauxtune.surfaces.identity.discovery import ANY_TENANT
from fauxtune.surfaces.identity.errors import Aadsts
from fauxtune.surfaces.identity.request import TokenRequest, read_form
from fauxtune.surfaces.identity.token import answer

# The older token endpoint, `/oauth2/token`: it takes a `resource`, and its numbers are text.
#
# Source: Entra ID v1.0, "OAuth 2.0 client credentials flow", "authorization code flow". The access tokens are those of
# the newer endpoint; id tokens are of version 1.0.

#: The seconds by which the older endpoint backdates its tokens.
_BACK = 300


async def older_answer(request: TokenRequest) -> dict[str, Any]:
    """Return the token response for ADAL and old scripts."""
    grant = request.need("grant_type")
    resource = request.form.get("resource")
    if not resource and grant in {"client_credentials", "password"}:
        request.need("resource")
    form = {name: value for name, value in request.form.items() if name != "scope"}
    if resource and grant == "client_credentials":
        form["scope"] = f"{resource}/.default"
    elif resource:
        # A user always gets a refresh token here, and an id token on demand.
        openid = "openid " if "openid" in request.form.get("scope", "").split() else ""
        form["scope"] = f"{openid}offline_access {resource}/.default"
    issued = await answer(replace(request, form=form, older=True))
    now, seconds = int(request.emulator.runner.clock.now().timestamp()), int(LIFETIME.total_seconds())
    document = {
        **issued.document,
        "expires_in": str(seconds),
        "ext_expires_in": str(seconds),
        "expires_on": str(now + seconds),
        "not_before": str(now - _BACK),
        "resource": issued.audience,
    }
    if "scope" in document:
        document["scope"] = " ".join(issued.permissions)
    return document


# The token endpoint in the form of AD FS, which serves clients whose authority is `https://localhost:8443/adfs/`.
#
# MSAL refuses a host that it does not know until Microsoft confirms it. MSAL for Java takes an authority whose path
# begins with `adfs` for an AD FS, asks nobody, and posts to `/adfs/oauth2/token`, without the tenant. Unverified: MSAL
# for .NET does so.

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


_NOT_STORED = {"cache-control": "no-store", "pragma": "no-cache"}

TenantKey = Annotated[
    str, Path(description="id, domain or name of a tenant; `common` or `organizations` for the user's own")
]
SystemAssigned = Annotated[str, Path(description="the client id of the application that is the system's own identity")]


class AnyCase(APIRoute):
    """A route whose path is matched without case: clients ask for `/common/userrealm`, and for `/common/oAuth2`. Paths
    of managed identity may end in a slash: MSAL for Node adds one to that of IMDS (7.2, UrlString).

    Source: MSAL for Python; pytune, a client of the real service (utils/utils.py, renew_token).
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Take what an `APIRoute` takes."""
        super().__init__(path, endpoint, **options)
        ends = "/?$" if path.startswith(MANAGED) else "$"
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + ends, re.IGNORECASE)


router = Router(tags=["identity"], redirect_slashes=False, route_class=AnyCase)


@router.post(
    "/{tenant}/oauth2/v2.0/token",
    summary="Get a token",
    responses=descriptions.TOKEN_ANSWERS,
    openapi_extra=descriptions.form(descriptions.TOKEN_FORM, required=("grant_type",)),
)
async def token(request: Request, tenant: TenantKey) -> Response:
    """By client_credentials (secret or certificate), password, refresh_token, authorization_code (PKCE) or device code:
    RFC 6749 3.2, RFC 7523, RFC 7636, RFC 8628. The client's id and secret may come by HTTP Basic.
    """
    issued = await answer(await _form_request(request, tenant))
    return JSONResponse(issued.document, headers=_NOT_STORED)


@router.post(
    f"/{ADFS}/oauth2/token",
    summary="Get a token (in the form of AD FS)",
    responses=descriptions.TOKEN_ANSWERS,
    openapi_extra=descriptions.form(descriptions.OLDER_TOKEN_FORM, required=("grant_type", "client_id")),
)
async def adfs_token(request: Request) -> Response:
    """For clients whose authority is `https://.../adfs/`: MSAL for Java asks no other server about such an address, and
    leaves the tenant out. The tenant is the one that has the application.
    """
    form_request = await of_the_application(await _form_request(request, ADFS))
    is_older = "resource" in form_request.form
    document = await older_answer(form_request) if is_older else (await answer(form_request)).document
    return JSONResponse(document, headers=_NOT_STORED)


@router.post(
    "/{tenant}/oauth2/token",
    summary="Get a token (v1.0)",
    responses=descriptions.TOKEN_ANSWERS,
    openapi_extra=descriptions.form(descriptions.OLDER_TOKEN_FORM, required=("grant_type",)),
)
async def older_token(request: Request, tenant: TenantKey) -> Response:
    """The older token endpoint, with `resource` in place of `scope`; numbers in the answer are text."""
    return JSONResponse(await older_answer(await _form_request(request, tenant)), headers=_NOT_STORED)


@router.get(
    "/{tenant}/oauth2/v2.0/authorize",
    summary="Sign a user in with a browser",
    responses=descriptions.PAGES,
    openapi_extra=descriptions.query(
        descriptions.AUTHORIZE_QUERY, required=("client_id", "response_type", "redirect_uri")
    ),
)
async def authorization_page(request: Request, tenant: TenantKey) -> Response:
    """A page with the tenant's users (RFC 6749 4.1.1). Errors go to the redirect_uri if that is valid."""
    return await authorize.page(request, _query_request(request, tenant))


@router.post(
    "/{tenant}/oauth2/v2.0/authorize",
    summary="Pick a user on that page",
    responses=descriptions.PAGES,
    openapi_extra=descriptions.form(descriptions.CLICK_FORM, required=("ticket",)),
)
async def authorization_click(request: Request, tenant: TenantKey) -> Response:
    """Returns to the redirect_uri with a code that is valid once, for ten minutes."""
    return await authorize.click(request, await _form_request(request, tenant))


@router.post(
    "/{tenant}/oauth2/v2.0/devicecode",
    summary="Begin to sign in on a device",
    responses=descriptions.DEVICE_ANSWERS,
    openapi_extra=descriptions.form(descriptions.DEVICE_FORM, required=("client_id", "scope")),
)
async def device_code(request: Request, tenant: TenantKey) -> Response:
    """RFC 8628 3.1: a code with which the device polls, and another for its user to type in; valid for 15 minutes."""
    return JSONResponse(await device_codes.begin(await _form_request(request, tenant)), headers=_NOT_STORED)


@router.get(
    "/{tenant}/oauth2/deviceauth",
    summary="Type in a device's code",
    responses=descriptions.PAGES,
    openapi_extra=descriptions.query({"user_code": "the code that the device shows"}),
)
async def device_page(request: Request, tenant: TenantKey) -> Response:
    """The page asks for the code; with `user_code` it shows the users."""
    return await device_codes.page(_query_request(request, tenant))


@router.post(
    "/{tenant}/oauth2/deviceauth",
    summary="Pick a user for a device",
    responses=descriptions.PAGES,
    openapi_extra=descriptions.form(descriptions.CLICK_FORM, required=("ticket",)),
)
async def device_click(request: Request, tenant: TenantKey) -> Response:
    """The device gets its tokens with its next poll."""
    return await device_codes.click(await _form_request(request, tenant))


@router.get("/{tenant}/oauth2/v2.0/logout", summary="Sign out", responses=descriptions.PAGES)
@router.get("/{tenant}/oauth2/logout", summary="Sign out (v1.0)", responses=descriptions.PAGES)
async def logout(request: Request, tenant: TenantKey) -> Response:
    """There are no sessions to end. Differs from Entra ID: post_logout_redirect_uri is not followed."""
    return pages.message_page("You signed out", "There is nothing more to do; you can close this window.")


@router.get("/{tenant}/oauth2/nativeclient", summary="Where native clients are sent", responses=descriptions.PAGES)
async def native_client(request: Request, tenant: TenantKey) -> Response:
    """A page for an app that reads the code from its browser's address."""
    return pages.message_page("Done", "Go back to the app; it reads what it needs from this page's address.")


@router.get("/{tenant}/v2.0/.well-known/openid-configuration", summary="Get the OpenID document")
async def openid_configuration(request: Request, tenant: TenantKey) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0 4."""
    return await _openid_document(request, tenant, older=False)


@router.get("/{tenant}/.well-known/openid-configuration", summary="Get the OpenID document (v1.0)")
async def older_openid_configuration(request: Request, tenant: TenantKey) -> dict[str, Any]:
    """The document that names the issuer of access tokens."""
    return await _openid_document(request, tenant, older=True)


@router.get("/{tenant}/discovery/v2.0/keys", summary="Get the keys that tokens are signed with")
@router.get("/{tenant}/discovery/keys", summary="Get the keys that tokens are signed with (v1.0)")
async def keys(request: Request, tenant: TenantKey) -> dict[str, Any]:
    """A JSON Web Key Set (RFC 7517)."""
    about = _query_request(request, tenant)
    if not about.any_tenant:
        await about.tenant()
    return about.emulator.tokens.key_set()


@router.get("/common/discovery/instance", summary="Get the hosts that are authorities")
async def instance(request: Request, authorization_endpoint: str = "") -> dict[str, Any]:
    """MSAL asks this for a host that it does not know."""
    return discovery.instance_metadata(origin(request), authorization_endpoint=authorization_endpoint)


@router.get("/common/UserRealm/{user}", summary="Get how a user signs in")
async def user_realm(request: Request, user: str) -> dict[str, Any]:
    """MSAL asks this before the password grant."""
    try:
        tenant = await emulator_of(request).runner.tenant(user.rpartition("@")[2])
    except NotFound:
        return discovery.user_realm(user, tenant=None)
    return discovery.user_realm(user, tenant=tenant)


@router.get("/metadata/endpoints", summary="Get the cloud's endpoints (Azure Resource Manager)")
async def cloud_endpoints(request: Request) -> dict[str, Any]:
    """`az cloud register` asks this, without a token."""
    return discovery.endpoints(origin(request))


@router.get(
    "/tenants",
    summary="List the caller's tenants (Azure Resource Manager)",
    responses=descriptions.TENANT_ANSWERS,
    openapi_extra=descriptions.WITH_TOKEN,
)
async def tenants(request: Request) -> dict[str, Any]:
    """The tenant of the access token, whose audience does not matter. `az login` asks this for a user."""
    return discovery.tenants(await _tenant_of_token(request))


@router.get(
    "/subscriptions",
    summary="List subscriptions to Azure (Azure Resource Manager)",
    responses=descriptions.TENANT_ANSWERS,
    openapi_extra=descriptions.WITH_TOKEN,
)
async def subscriptions(request: Request) -> dict[str, Any]:
    """A tenant has no subscriptions: Azure CLI logs in with `--allow-no-subscriptions`."""
    await _tenant_of_token(request)
    return discovery.subscriptions()


async def _tenant_of_token(request: Request) -> Tenant:
    """The tenant of the bearer token. Raises Unauthenticated without a valid one."""
    emulator = emulator_of(request)
    principal = emulator.tokens.check(bearer_token(request))
    tenant = caller_of(request).tenant = await emulator.runner.tenant(principal.tenant_id)
    await emulator.tokens.check_application(principal, runner=emulator.runner)
    return tenant


async def _openid_document(request: Request, tenant: str, *, older: bool) -> dict[str, Any]:
    about = _query_request(request, tenant)
    result = None if about.any_tenant else await about.tenant()
    return discovery.openid_configuration(about.origin, key=tenant.lower(), tenant=result, older=older)


@router.get(
    f"{MANAGED}/{{tenant}}/{{application}}/metadata/identity/oauth2/token",
    summary="Get a token as a virtual machine's managed identity (IMDS)",
    responses=descriptions.MANAGED_ANSWERS,
    openapi_extra=descriptions.managed(metadata=True),
)
async def machine_token(request: Request, tenant: TenantKey, application: SystemAssigned) -> Response:
    """Clients append `/metadata/identity/oauth2/token` to AZURE_POD_IDENTITY_AUTHORITY_HOST: `fauxtune env --identity
    imds` prints it. Only programs of this machine are answered.
    """
    return await managed.of_machine(request, tenant=tenant, application=application)


@router.get(
    f"{MANAGED}/{{tenant}}/{{application}}/arc/metadata/identity/oauth2/token",
    summary="Get a token as the managed identity of a server with Azure Arc",
    responses=descriptions.MANAGED_ANSWERS,
    openapi_extra=descriptions.managed(metadata=True),
)
async def arc_token(request: Request, tenant: TenantKey, application: SystemAssigned) -> Response:
    """The first answer is 401 and names a file, in `WWW-Authenticate`, whose content the second request sends in
    `Authorization: Basic`.
    """
    return await managed.of_arc(request, tenant=tenant, application=application)


@router.get(
    f"{MANAGED}/{{tenant}}/{{application}}/msi/token",
    summary="Get a token as App Service's managed identity",
    responses=descriptions.MANAGED_ANSWERS,
    openapi_extra=descriptions.managed(metadata=False),
)
async def app_service_token(request: Request, tenant: TenantKey, application: SystemAssigned) -> Response:
    """The address is IDENTITY_ENDPOINT; the header `X-IDENTITY-HEADER` has IDENTITY_HEADER."""
    return await managed.of_app_service(request, tenant=tenant, application=application)


@router.get(
    f"{MANAGED}/{{tenant}}/.well-known/openid-configuration", summary="Get the OpenID document of the tenant's issuer"
)
async def issuer_document(request: Request, tenant: TenantKey) -> dict[str, Any]:
    """The issuer of `fauxtune identity token`, which applications trust by federated identity credentials."""
    return own_issuer.openid_document(origin(request), (await emulator_of(request).runner.tenant(tenant)).id)


@router.get(f"{MANAGED}/{{tenant}}/keys", summary="Get the keys of the tenant's issuer")
async def issuer_keys(request: Request, tenant: TenantKey) -> dict[str, Any]:
    """A JSON Web Key Set (RFC 7517)."""
    await emulator_of(request).runner.tenant(tenant)
    return await own_issuer.key_set(emulator_of(request))


def _query_request(request: Request, tenant: str) -> TokenRequest:
    """The request with the parameters of the query."""
    return _token_request(request, tenant, form=dict(request.query_params))


async def _form_request(request: Request, tenant: str) -> TokenRequest:
    """The request with the parameters of the body."""
    form = read_form(await request.body(), request.headers.get("authorization"))
    return _token_request(request, tenant, form=form)


def _token_request(request: Request, tenant: str, *, form: dict[str, str]) -> TokenRequest:
    return TokenRequest(
        emulator_of(request),
        tenant,
        form=form,
        origin=origin(request),
        caller=caller_of(request),
        source=peer_of(request),
    )
