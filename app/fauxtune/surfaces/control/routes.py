"""The routes of the control surface; all of them check the caller's access (see `access`)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from fastapi import Depends
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from fauxtune.internals.fastapi_routes import Router
from fauxtune.surfaces.control import answers
from fauxtune.surfaces.control.resources import (
    applications,
    authorities,
    certificates,
    clock,
    connectors,
    devices,
    diagnosis,
    digicert,
    enrollment,
    journal,
    reports,
    templates,
    tenants,
    whatif,
)

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": answers.Refusal, "description": "the control token is missing or wrong"},
    403: {"model": answers.Refusal, "description": "no control token is set, and the caller is not on this machine"},
    "default": {"model": answers.Refusal, "description": "what is wrong, and what would be right"},
}
#: For the OpenAPI document; `access` checks the token.
_TOKEN = HTTPBearer(auto_error=False, description="FAUXTUNE_CONTROL_TOKEN, if one is set")


def _operation_id(route: APIRoute) -> str:
    return route.name


def router_of(*parts: ModuleType) -> Router:
    """Return the router of these parts of the control surface."""
    router = Router(
        prefix="/_fauxtune/v1",
        dependencies=[Depends(_TOKEN)],
        responses=_REFUSALS,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
    )
    for part in parts:
        router.include_router(part.router)
    return router


#: Those that a server has from its start; `late_entry` loads the others.
PARTS = (
    tenants,
    applications,
    clock,
    enrollment,
    devices,
    diagnosis,
    journal,
    connectors,
    authorities,
    digicert,
    templates,
    certificates,
    reports,
    whatif,
)
router = router_of(*PARTS)
