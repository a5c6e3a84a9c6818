"""The application: the surfaces, the order of their routers, and the form of refusals by path.

Both lists are here and nowhere else. A new surface is a line in each.
"""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune import __version__
from fauxtune.core.errors import FauxtuneError
from fauxtune.core.model.surfaces import Surface, surface_of
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.docs.entry import DocsRoute
from fauxtune.server.index import CA, INDEX
from fauxtune.server.middleware import Guard, Refuse
from fauxtune.surfaces.connector import errors as connector_errors
from fauxtune.surfaces.connector import routes as connector
from fauxtune.surfaces.console.entry import ConsoleRoute
from fauxtune.surfaces.control import errors as control_errors
from fauxtune.surfaces.control import routes as control
from fauxtune.surfaces.control.late_entry import late_routes
from fauxtune.surfaces.devices.android import errors as android_errors
from fauxtune.surfaces.devices.android import routes as android
from fauxtune.surfaces.devices.apple import errors as apple_errors
from fauxtune.surfaces.devices.apple import routes as apple
from fauxtune.surfaces.devices.windows import errors as windows_errors
from fauxtune.surfaces.devices.windows import routes as windows
from fauxtune.surfaces.graph import app as graph
from fauxtune.surfaces.http import note_refusal
from fauxtune.surfaces.identity import errors as identity_errors
from fauxtune.surfaces.identity import routes as identity
from fauxtune.surfaces.pki import errors as pki_errors
from fauxtune.surfaces.pki import routes as pki
from fauxtune.surfaces.push import errors as push_errors
from fauxtune.surfaces.push import routes as push

#: Tried first: devices call most often, and routers try one route after the other.
FIRST: tuple[APIRouter, ...] = (android.router, apple.router, windows.router)
#: Tried next, in this order.
ROUTERS: tuple[APIRouter, ...] = (pki.router, identity.router, push.router, connector.router, control.router)

#: The writers of refusals. Other paths get a plain envelope.
ENVELOPES: dict[Surface, Refuse] = {
    Surface.ANDROID: android_errors.refuse,
    Surface.APPLE: apple_errors.refuse,
    Surface.WINDOWS: windows_errors.refuse,
    Surface.GRAPH: graph.refuse,
    Surface.PKI: pki_errors.refuse,
    Surface.PUSH: push_errors.refuse,
    Surface.CONNECTOR: connector_errors.refuse,
    Surface.CONTROL: control_errors.refuse,
    Surface.IDENTITY: identity_errors.refuse,
}


def create_app(emulator: Emulator) -> FastAPI:
    """Return the application of one emulator. Several in one process share nothing."""
    app = FastAPI(
        title="Fauxtune", version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    held = {"emulator": emulator}
    app.state = State(held)
    # It knows its paths by their first part, so that it delays no other surface.
    app.router.routes.append(graph.GraphRoute())
    for router in (*FIRST, *ROUTERS):
        app.include_router(router)
    console = ConsoleRoute()
    app.router.routes += [INDEX, CA, console, DocsRoute(console), *late_routes()]
    for kind in (FauxtuneError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _refuse)
    app.add_middleware(
        Guard,
        refuse=refuse,
        ids=emulator.runner.ids,
        names=emulator.addresses.names,
        wire_of=lambda: held["emulator"].wire,
        emulator_of=lambda: held["emulator"],
    )
    return app


def refuse(request: Request, error: Exception) -> Response:
    """Return the refusal in the form of the surface that owns the path."""
    note_refusal(request, error)
    path = request.scope["path"]
    surface = surface_of(path)
    if surface is not None:
        return ENVELOPES[surface](request, error)
    status = error.status_code if isinstance(error, HTTPException) else 400
    message = f"Nothing is served at {path}." if status == 404 else str(getattr(error, "detail", error))
    return JSONResponse({"error": {"code": "NotFound" if status == 404 else "Refused", "message": message}}, status)


async def _refuse(request: Request, error: Exception) -> Response:
    return refuse(request, error)
