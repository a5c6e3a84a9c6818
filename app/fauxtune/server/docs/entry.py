"""The route of `/docs`. Nothing else of it is imported before somebody opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fauxtune.server.docs import PATH
from fauxtune.surfaces.console.entry import ConsoleRoute
from fauxtune.surfaces.late import LateRoute

if TYPE_CHECKING:
    from fauxtune.server.docs.application import Docs


def docs_route(console: ConsoleRoute) -> LateRoute:
    """Return the route of everything at and below `/docs`. `console`: browsers that have sent it the control token may
    look here too.
    """

    def make() -> Docs:
        from fauxtune.server.docs.application import Docs  # here: most servers never show it

        return Docs(console)

    return LateRoute(f"{PATH}(/|$)", make)
