"""The route of `/docs`. Nothing else of it is imported before somebody opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fauxtune.surfaces.late import LateRoute
from fauxtune_docs.swagger import PATH

if TYPE_CHECKING:
    from fauxtune_docs.swagger.application import Docs


def docs_route() -> LateRoute:
    """Return the route of everything at and below `/docs`."""

    def make() -> Docs:
        from fauxtune_docs.swagger.application import Docs  # here: most servers never show it

        return Docs()

    return LateRoute(f"{PATH}(/|$)", make)
