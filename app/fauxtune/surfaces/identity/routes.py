"""The identity surface's paths."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from fauxtune.core.errors import NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.emulator import Emulator
from fauxtune.surfaces.identity import discovery
from fauxtune.surfaces.identity.errors import origin, tenant_not_found
from fauxtune.surfaces.identity.token import TokenRequest, answer, read_form

router = APIRouter(tags=["identity"])

_FORM = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}, "required": True}


@router.post("/{tenant}/oauth2/v2.0/token", openapi_extra={"requestBody": _FORM})
async def token(request: Request, tenant: str) -> Response:
    """A token by client_credentials, password or refresh_token (RFC 6749 3.2)."""
    form = read_form(await request.body(), request.headers.get("authorization"))
    document = await answer(TokenRequest(_emulator(request), tenant, form=form, origin=origin(request)))
    return JSONResponse(document, headers={"cache-control": "no-store", "pragma": "no-cache"})


@router.get("/{tenant}/v2.0/.well-known/openid-configuration")
@router.get("/{tenant}/.well-known/openid-configuration")
async def openid_configuration(request: Request, tenant: str) -> dict[str, Any]:
    """The OpenID document (OpenID Connect Discovery 1.0 4)."""
    found = None if tenant.lower() in discovery.ANY_TENANT else await _tenant(request, tenant)
    return discovery.openid_configuration(origin(request), key=tenant, tenant=found)


@router.get("/{tenant}/discovery/v2.0/keys")
@router.get("/{tenant}/discovery/keys")
async def keys(request: Request, tenant: str) -> dict[str, Any]:
    """The keys that tokens are signed with (RFC 7517)."""
    if tenant.lower() not in discovery.ANY_TENANT:
        await _tenant(request, tenant)
    return _emulator(request).tokens.key_set()


@router.get("/common/discovery/instance")
async def instance(request: Request, authorization_endpoint: str = "") -> dict[str, Any]:
    """Which hosts are authorities: what MSAL asks about a host that it does not know."""
    return discovery.instance_metadata(origin(request), authorization_endpoint=authorization_endpoint)


@router.get("/common/UserRealm/{user}")
@router.get("/common/userrealm/{user}", include_in_schema=False)
async def user_realm(request: Request, user: str) -> dict[str, Any]:
    """How a user signs in: what MSAL asks before the password grant."""
    try:
        tenant = await _emulator(request).runner.tenant(user.rpartition("@")[2])
    except NotFound:
        return discovery.user_realm(user, tenant=None)
    return discovery.user_realm(user, tenant=tenant)


def _emulator(request: Request) -> Emulator:
    emulator: Emulator = request.app.state.emulator
    return emulator


async def _tenant(request: Request, key: str) -> Tenant:
    try:
        return await _emulator(request).runner.tenant(key)
    except NotFound:
        raise tenant_not_found(key) from None
