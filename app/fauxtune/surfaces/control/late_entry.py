"""The parts of the control surface that few servers need. Nothing of them is imported before somebody calls them."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from fauxtune.extensions import Part, extensions
from fauxtune.surfaces.late import LateRoute

if TYPE_CHECKING:
    from fastapi import APIRouter

_PLACE = "fauxtune.surfaces.control.resources"
#: Those of the server; extensions add theirs.
_PARTS = (
    Part(r"tenants/[^/]+/approvals/", (f"{_PLACE}.approvals",), "fauxtune.operations.profiles.approval_requests"),
    Part(r"tenants/[^/]+/faults(/|$)", (f"{_PLACE}.faults",), "fauxtune.operations.tenants.faults"),
    Part(
        r"tenants/[^/]+/(messages|address-book|users/[^/]+/messages)(/|$)",
        (f"{_PLACE}.messages", f"{_PLACE}.address_book"),
        "fauxtune.operations.mail.opening",
    ),
    Part(
        r"tenants/[^/]+/(export$|import$|reset$|snapshots(/|$))",
        (f"{_PLACE}.state",),
        "fauxtune.operations.tenants.importing",
    ),
    Part(r"tenants/[^/]+/scep/(ndes|requests)(/|$)", (f"{_PLACE}.ndes",), "fauxtune.operations.checkin.ndes"),
    Part(r"tenants/[^/]+/scep/", (f"{_PLACE}.scep",), "fauxtune.core.scep.challenge"),
    Part(
        r"tenants/[^/]+/users/[^/]+/enrollability$",
        (f"{_PLACE}.enrollability",),
        "fauxtune.operations.insight.enrollability",
    ),
    Part(r"tenants/[^/]+/users/[^/]+/readability$", (f"{_PLACE}.readability",), "fauxtune.core.mail.readability"),
)


def late_routes() -> list[BaseRoute]:
    """Return the routes of all parts that are loaded by their first call."""
    return [LateRoute(f"/_fauxtune/v1/{part.paths}", partial(_router, part)) for part in late_parts()]


def late_parts() -> list[Part]:
    """Return the parts of the server and of its extensions."""
    return [*_PARTS, *(part for extension in extensions().values() for part in extension.parts)]


def late_modules() -> list[ModuleType]:
    """Import the modules of all parts, and return them."""
    return [import_module(name) for part in late_parts() for name in part.modules]


def _router(part: Part) -> APIRouter:
    """Import the modules of a part, and what else they need; return the router of all."""
    import_module(part.needs)
    loaded = [import_module(name) for name in part.modules]
    from fauxtune.surfaces.control.routes import router_of

    return router_of(*loaded)
