"""The parts of the control surface that few servers need. Nothing of them is imported before somebody calls them."""

from __future__ import annotations

from functools import partial
from types import ModuleType

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from fauxtune.extensions import Part, extensions
from fauxtune.surfaces.late import LateRoute

#: The package of the control surface.
_PACKAGE = __name__.rpartition(".")[0]
#: Those of the server; extensions add theirs.
_PARTS = (
    Part(r"tenants/[^/]+/approvals/", ("resources.approvals",)),
    Part(r"tenants/[^/]+/faults(/|$)", ("resources.faults",)),
    Part(r"tenants/[^/]+/identity/tokens$", ("resources.identity_tokens",)),
    Part(
        r"tenants/[^/]+/(messages|address-book|users/[^/]+/messages)(/|$)",
        ("resources.messages", "resources.address_book"),
    ),
    Part(r"tenants/[^/]+/(export$|import$|reset$|snapshots(/|$))", ("resources.state",)),
    Part(r"tenants/[^/]+/scep/(ndes|requests)(/|$)", ("resources.ndes",)),
    Part(r"tenants/[^/]+/scep/", ("resources.scep",)),
    Part(r"tenants/[^/]+/users/[^/]+/enrollability$", ("resources.enrollability",)),
    Part(r"tenants/[^/]+/users/[^/]+/readability$", ("resources.readability",)),
)


def late_routes() -> list[BaseRoute]:
    """Return the routes of all parts that are loaded by their first call."""
    return [
        LateRoute(f"/_fauxtune/v1/{part.paths}", partial(_router, part, package)) for package, part in _every_part()
    ]


def late_modules() -> list[ModuleType]:
    """Import the modules of all parts, and return them."""
    return [module for package, part in _every_part() for module in part.load(package)]


def _every_part() -> list[tuple[str, Part]]:
    """The parts of the server and of its extensions, with the packages that they are in."""
    added = [(extension.package, part) for extension in extensions().values() for part in extension.parts]
    return [*((_PACKAGE, part) for part in _PARTS), *added]


def _router(part: Part, package: str) -> ASGIApp:
    """Import the modules of a part; return the router of all."""
    loaded = part.load(package)
    from fauxtune.surfaces.control.routes import router_of

    return router_of(*loaded)
