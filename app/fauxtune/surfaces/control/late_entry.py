"""The parts of the control surface that few servers need. Nothing of them is imported before somebody calls them."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from fauxtune.surfaces.late import LateRoute

if TYPE_CHECKING:
    from fastapi import APIRouter

_PLACE = "fauxtune.surfaces.control.resources"
#: The paths of each part below `/_fauxtune/v1/`, its modules, and what else its first caller would wait for.
_PARTS = (
    (r"tenants/[^/]+/approvals/", (f"{_PLACE}.approvals",), "fauxtune.operations.profiles.approval_requests"),
    (r"tenants/[^/]+/faults(/|$)", (f"{_PLACE}.faults",), "fauxtune.operations.tenants.faults"),
    (r"(tenants/[^/]+/)?wire(/|$)", (f"{_PLACE}.wire",), "fauxtune.core.decoding"),
    (
        r"tenants/[^/]+/(messages|address-book|users/[^/]+/messages)(/|$)",
        (f"{_PLACE}.messages", f"{_PLACE}.address_book"),
        "fauxtune.operations.mail.opening",
    ),
    (
        r"tenants/[^/]+/(export$|import$|reset$|snapshots(/|$))",
        (f"{_PLACE}.state",),
        "fauxtune.operations.tenants.importing",
    ),
    (r"tenants/[^/]+/scep/(ndes|requests)(/|$)", (f"{_PLACE}.ndes",), "fauxtune.operations.checkin.ndes"),
    (r"tenants/[^/]+/scep/", (f"{_PLACE}.scep",), "fauxtune.core.scep.challenge"),
    (r"tenants/[^/]+/states$", (f"{_PLACE}.provider_states",), "fauxtune.operations.arrangement.provider_states"),
    (r"tenants/[^/]+/labs(/|$)", (f"{_PLACE}.labs",), "fauxtune.operations.arrangement.labs.views"),
    (r"classrooms(/|$)", (f"{_PLACE}.classrooms",), "fauxtune.operations.arrangement.labs.views"),
    (
        r"tenants/[^/]+/hosted-devices(/|$)",
        (f"{_PLACE}.hosted_devices",),
        "fauxtune.operations.arrangement.hosted_devices",
    ),
    (
        r"tenants/[^/]+/users/[^/]+/enrollability$",
        (f"{_PLACE}.enrollability",),
        "fauxtune.operations.insight.enrollability",
    ),
    (r"tenants/[^/]+/users/[^/]+/readability$", (f"{_PLACE}.readability",), "fauxtune.core.mail.readability"),
)


def late_routes() -> list[BaseRoute]:
    """Return the routes of all parts that are loaded by their first call."""
    return [
        LateRoute(f"/_fauxtune/v1/{paths}", partial(_router, modules, needs=needs)) for paths, modules, needs in _PARTS
    ]


def _router(modules: tuple[str, ...], *, needs: str) -> APIRouter:
    """Import the modules, which have a router each, and what else they need; return the router of all."""
    import_module(needs)
    loaded = [import_module(name) for name in modules]
    from fauxtune.surfaces.control.routes import router_of

    return router_of(*loaded)
