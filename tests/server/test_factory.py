"""Every path that is served has a surface that words its refusals; no other path has one."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Route

from fauxtune.core.model.surfaces import surface_of
from fauxtune.operations.tenants.names import RESERVED
from fauxtune.server import probes_description
from fauxtune.server.factory import ENVELOPES, FIRST, ROUTERS
from tests.support.openapi import documents


@pytest.fixture
def paths() -> list[str]:
    """Every path that is documented, with `x` for each parameter."""
    return sorted({re.sub(r"\{[^}]*\}", "x", path) for document in documents().values() for path in document["paths"]})


def test_every_path_has_somebody_who_words_its_refusals(paths: list[str]) -> None:
    own = set(probes_description.OPERATIONS)  # the server answers them before any surface
    orphans = [path for path in paths if path not in own and surface_of(path) not in ENVELOPES]
    assert paths
    assert not orphans


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/betamax"])
def test_other_paths_have_nobody(path: str) -> None:
    assert surface_of(path) is None


def test_no_tenant_may_have_the_name_with_which_another_path_begins(paths: list[str]) -> None:
    served = [route.path for router in (*FIRST, *ROUTERS) for route in router.routes if isinstance(route, Route)]
    first = {path.split("/")[1].lower() for path in (*served, *paths, "/beta/users")}
    assert {"mdm", "pki", "enrollmentserver"} <= first
    # A name has letters, digits and hyphens only.
    assert {each for each in first if re.fullmatch(r"[a-z0-9-]+", each)} - {"x"} <= RESERVED
