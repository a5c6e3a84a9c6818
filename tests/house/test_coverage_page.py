"""docs/coverage.md says what the code does: it is what the code itself writes, and names everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from fauxtune.core.model.platforms import Variant
from fauxtune.core.profiles.catalog import KINDS
from fauxtune.surfaces.graph.coverage import coverage_page
from fauxtune.surfaces.graph.routes import ROUTES

FILE = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"


def test_the_page_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == coverage_page(), "write it anew: make openapi"


def test_the_page_names_every_route_kind_and_variant() -> None:
    page = coverage_page()
    missing = [
        *(
            f"{route.method} {route.template}"
            for route in ROUTES
            if f"| {route.method} | `/{route.template}`" not in page
        ),
        *(kind.name for kind in KINDS if f"`#microsoft.graph.{kind.name}`" not in page),
        *(variant.value for variant in Variant if f"| {variant.value} |" not in page),
    ]
    assert not missing


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.template}")
def test_every_route_says_what_it_does(route: object) -> None:
    assert getattr(route, "summary", "")
