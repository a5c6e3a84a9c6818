"""Tenants: made, listed, switched, taken away."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from fauxtune.core.clock import iso
from fauxtune.core.model.tenants import SETTINGS, Tenant
from fauxtune.operations import tenants
from fauxtune.operations.emulator import Emulator
from fauxtune.operations.founding import dissolve_tenant, found_tenant
from fauxtune.operations.seeds import BUILT_IN, Seed, parse_seed
from fauxtune.storage.queries import tenants as queries
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control.calls import Anyone, Here

router = APIRouter(tags=["tenants"])


@router.post("/tenants", status_code=201, summary="Make an isolated tenant")
async def create(request: Request, emulator: Anyone, body: messages.NewTenant) -> dict[str, Any]:
    """A tenant with people, groups, a CA and a connector of its own."""
    tenant = await found_tenant(emulator, _seed(body.seed), name=body.name, domain=body.domain)
    application = await emulator.runner.read(queries.first_application, tenant.id)
    return {
        "id": tenant.id,
        "name": tenant.name,
        "domain": tenant.domain,
        "authority": _origin(request, emulator),
        "clientId": application and application["client_id"],
        "clientSecret": application and application["secret"],
        "certificationAuthority": tenant.ca_host,
        "certificationAuthorityName": tenant.ca_name,
    }


@router.get("/tenants", summary="List the tenants")
async def list_all(emulator: Anyone) -> dict[str, Any]:
    """Oldest first."""
    return {"value": [_view(each, emulator) for each in await emulator.runner.read(queries.all_tenants)]}


@router.get("/tenants/{tenant}", summary="Get a tenant with its settings")
async def get(here: Here) -> dict[str, Any]:
    """Every setting with its value, default and meaning."""
    return _view(here.tenant, here.emulator)


@router.patch("/tenants/{tenant}", summary="Turn switches of a tenant")
async def change(here: Here, body: messages.Settings) -> dict[str, Any]:
    """Every device plans again."""
    return _view(await here.run(tenants.change_settings, body.settings), here.emulator)


@router.delete("/tenants/{tenant}", status_code=204, summary="Delete a tenant with everything that is its own")
async def delete(here: Here) -> Response:
    """Nothing of it is left."""
    await dissolve_tenant(here.emulator, here.tenant)
    return Response(status_code=204)


def _seed(given: str | dict[str, Any]) -> Seed:
    if isinstance(given, dict):
        return parse_seed({"name": "seeded", "domain": "seeded.example", **given})
    if given == "none":
        return parse_seed({"name": "none", "domain": "none.example"})
    if given != BUILT_IN["name"]:
        return parse_seed(given)
    return parse_seed(BUILT_IN)


def _view(tenant: Tenant, emulator: Emulator) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "domain": tenant.domain,
        "createdDateTime": iso(tenant.created_at),
        "certificationAuthority": tenant.ca_host,
        "certificationAuthorityName": tenant.ca_name,
        "publicHttpUrl": tenant.public_http_url,
        "clock": {"mode": tenant.clock.mode.value, "now": iso(emulator.runner.now(tenant))},
        "settings": {
            name: {"value": tenant.setting(name), "default": default, "description": description}
            for name, (default, description) in SETTINGS.items()
        },
    }


def _origin(request: Request, emulator: Emulator) -> str:
    return emulator.addresses.public_url or f"{request.url.scheme}://{request.url.netloc}"
