"""The application: the surfaces, the order in which their paths are tried, and the form of refusals by path.

A new surface is a line in `SURFACES`. None of them is imported before its first request (see `surfaces.late`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from fauxtune import extensions, surfaces
from fauxtune.core.model.addresses import Surface, paths_of, surface_of
from fauxtune.core.odata.schema.types import Version
from fauxtune.extensions import attribute
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.index import INDEX
from fauxtune.server.middleware import Guard
from fauxtune.server.trust.entry import ROUTES as TRUST
from fauxtune.surfaces.control.late_entry import late_routes
from fauxtune.surfaces.http import note_refusal
from fauxtune.surfaces.late import Late, LateRoute

_SURFACES = surfaces.__name__
#: A surface's writer of refusals.
Write = Callable[[Request, Exception], Response]


@dataclass(frozen=True, slots=True)
class Served:
    """A surface, made by its first request. `application`: `module:attribute` below `fauxtune.surfaces` of its ASGI
    application, a router for most; `refusals`: that of its writer of refusals; `paths`: if not all paths of the
    surface.
    """

    surface: Surface
    application: str
    refusals: str
    paths: re.Pattern[str] | None = None
    refuse: Late[Write] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refuse", Late(partial(attribute, f"{_SURFACES}.{self.refusals}")))

    def load(self) -> ASGIApp:
        """Import and return the application."""
        application: ASGIApp = attribute(f"{_SURFACES}.{self.application}")
        return application

    def route(self) -> BaseRoute:
        """Return the route of all its paths."""
        return LateRoute(self.paths or paths_of(self.surface), self.load)


def _served(surface: Surface, room: str) -> Served:
    return Served(surface, f"{room}.routes:router", f"{room}.errors:refuse")


#: The surfaces of devices, which call most often: their paths are tried first.
DEVICES: tuple[Served, ...] = (
    _served(Surface.ANDROID, "devices.android"),
    _served(Surface.APPLE, "devices.apple"),
    _served(Surface.WINDOWS, "devices.windows"),
    _served(Surface.AGENT, "devices.agent"),
)
#: All others, in the order in which their paths are tried.
OTHERS: tuple[Served, ...] = (
    Served(
        Surface.GRAPH,
        "graph.app:application",
        "graph.app:refuse",
        # Of versions that do not exist nothing is served.
        paths=re.compile("/+(" + "|".join(map(re.escape, Version)) + ")(/|$)", re.IGNORECASE),
    ),
    Served(Surface.NDES, "ndes.routes:router", "pki.errors:refuse"),
    _served(Surface.PKI, "pki"),
    _served(Surface.PUSH, "push"),
    _served(Surface.CONNECTOR, "connector"),
    _served(Surface.PARTNER, "partner"),
    _served(Surface.BLOBS, "blobs"),
    _served(Surface.CONTROL, "control"),
    _served(Surface.IDENTITY, "identity"),
)
SURFACES = (*DEVICES, *OTHERS)
_BY_SURFACE = {family.surface: family for family in SURFACES}


def own_routes(added: Iterable[BaseRoute]) -> list[BaseRoute]:
    """Return new routes of what is no surface. `added`: those of the extensions."""
    return [INDEX, *TRUST, *added, *late_routes()]


class Application:
    """The surfaces of one emulator, which is `state.emulator`; `state.extensions`: the routes of extensions, by name.

    Several in one process share nothing.
    """

    def __init__(self, emulator: Emulator) -> None:
        added = extensions.routes()
        held = {"emulator": emulator}
        self.state = State(held)
        self.state.extensions = added
        routes = [
            *(device.route() for device in DEVICES),
            *own_routes(added.values()),
            *(family.route() for family in OTHERS),
        ]
        self._guard = Guard(
            Router(routes, redirect_slashes=False),
            refuse=refuse,
            ids=emulator.runner.ids,
            names=emulator.addresses.names,
            server_id=emulator.server_id,
            wire_of=lambda: held["emulator"].wire,
            emulator_of=lambda: held["emulator"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request."""
        scope["app"] = self
        await self._guard(scope, receive, send)


async def refuse(request: Request, error: Exception) -> Response:
    """Return the refusal in the form of the surface that owns the path."""
    note_refusal(request, error)
    path = request.scope["path"]
    surface = surface_of(path)
    if surface is not None:
        write = await _BY_SURFACE[surface].refuse.get()
        return write(request, error)
    status = error.status_code if isinstance(error, HTTPException) else 400
    message = f"Nothing is served at {path}." if status == 404 else str(getattr(error, "detail", error))
    return JSONResponse({"error": {"code": "NotFound" if status == 404 else "Refused", "message": message}}, status)
