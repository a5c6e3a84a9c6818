"""The route of the console. Nothing else of it is imported before somebody opens a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from fauxtune.surfaces.late import Late, LateRoute
from fauxtune_console.addresses import PATH

if TYPE_CHECKING:
    from fauxtune_console.app import Console


class ConsoleRoute(LateRoute):
    """Everything at and below `/console`."""

    def __init__(self) -> None:
        self._console: Late[Console] = Late(_console)
        super().__init__(f"{PATH}(/|$)", self._console.get_now)

    def is_signed_in(self, request: Request) -> bool:
        """Whether the request comes from a browser that has sent the control token, or a seat's password, to the
        console.
        """
        console = self._console.present
        return console is not None and console.is_signed_in(request)


def _console() -> Console:
    from fauxtune_console.app import Console  # here: a server that nobody looks at stays small

    return Console()
