"""Every path that is served has a surface that words its refusals; no other path has one."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Match, Route

from fauxtune.core.model.addresses import Surface, surface_of
from fauxtune.extensions import routes as added_routes
from fauxtune.operations.tenants.tenants import RESERVED
from fauxtune.server.bootstrap import LatePackagings
from fauxtune.server.factory import SURFACES, Served, own_routes
from fauxtune.surfaces.devices.apple.translate import PACKAGINGS
from fauxtune.surfaces.late import LateRoute
from fauxtune_docs import probes_description
from tests.support.openapi import documents


@pytest.fixture
def paths() -> list[str]:
    """Every path that is documented, with `x` for each parameter."""
    return sorted({re.sub(r"\{[^}]*\}", "x", path) for document in documents().values() for path in document["paths"]})


def test_every_path_has_somebody_who_words_its_refusals(paths: list[str]) -> None:
    own = set(probes_description.OPERATIONS)  # the server answers them before any surface
    orphans = [
        path for path in paths if path not in own and surface_of(path) not in {surface.surface for surface in SURFACES}
    ]
    assert paths
    assert not orphans


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/betamax"])
def test_other_paths_have_nobody(path: str) -> None:
    assert surface_of(path) is None


def test_no_tenant_may_have_the_name_with_which_another_path_begins(paths: list[str]) -> None:
    served = [path for surface in SURFACES for path in _paths(surface)]
    first = {path.split("/")[1].lower() for path in (*served, *paths, "/beta/users")}
    assert {"mdm", "pki", "enrollmentserver"} <= first
    # A name has letters, digits and hyphens only.
    assert {each for each in first if re.fullmatch(r"[a-z0-9-]+", each)} - {"x"} <= RESERVED


def test_no_tenant_may_have_the_name_with_which_a_path_begins_that_is_loaded_late() -> None:
    routes = own_routes(added_routes().values())
    served = [route.paths.pattern if isinstance(route, LateRoute) else getattr(route, "path", "") for route in routes]
    first = {match[1] for path in served if (match := re.match(r"/([a-z0-9-]+)(?=[/(]|$)", path))}
    assert {"console", "docs", "trust"} <= first
    assert first <= RESERVED


@pytest.mark.parametrize("served", SURFACES, ids=lambda served: served.surface.value)
def test_every_path_of_a_surface_leads_to_it_alone(served: Served) -> None:
    """Surfaces are found by expressions before their routers are imported: both must say the same."""
    routes = {family.surface: family.route() for family in SURFACES}
    for path in _paths(served) or ["/v1.0/users", "/BETA/$batch"]:
        scope = {"type": "http", "path": re.sub(r"\{[^}]*\}", "x", path)}
        first = next(surface for surface, route in routes.items() if route.matches(scope)[0] is Match.FULL)
        assert (path, first) == (path, served.surface)
        assert surface_of(scope["path"]) is served.surface


def _paths(served: Served) -> list[str]:
    """Return the paths of a surface's router. Graph has a table of its own, and control has routers in a router."""
    if served.surface is Surface.CONTROL:
        return list(documents()["control"]["paths"])
    application = served.load()
    return [route.path for route in getattr(application, "routes", ()) if isinstance(route, Route)]


def test_platforms_with_a_packaging_of_their_own_are_known_before_they_are_imported() -> None:
    assert dict(LatePackagings()) == PACKAGINGS
