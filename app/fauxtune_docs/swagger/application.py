"""The answers of `/docs`: pages, documents, and the files of Swagger UI, which come from the package fastapi-swagger.

Only that package's files are read; none of its code is imported. The pages need nothing from other hosts and contain no
script of their own.
"""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse
from starlette.types import Receive, Scope, Send

import fauxtune_console
from fauxtune import surfaces
from fauxtune.core.errors import NotFound, Unauthenticated
from fauxtune.surfaces.control.access import check
from fauxtune.surfaces.http import emulator_of, own_origin
from fauxtune_console.addresses import PATH as CONSOLE
from fauxtune_console.entry import ConsoleRoute
from fauxtune_docs.swagger import PATH
from fauxtune_docs.swagger.documents import WHOLE_GRAPH, Documents, paged
from fauxtune_docs.swagger.page import graph_index, index, page

#: Swagger UI draws its symbols from data: URLs; all else comes from here.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
_OUR_FILES = ("docs.css", "docs.js")
_SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")


class Docs:
    """What `/docs` answers to everybody who may call the control surface or use the console."""

    def __init__(self) -> None:
        self._documents = Documents()
        self._files = _files()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request. Raises as `access.check`, and NotFound for a path that is not there."""
        request = Request(scope, receive)
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        if emulator_of(request).control_token is None or not _is_signed_in(request):
            try:
                await check(request)
            except Unauthenticated:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                await RedirectResponse(CONSOLE, 303)(scope, receive, send)  # which asks for the token
                return
        response = await self._respond(request)
        response.headers.update(_HEADERS)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        name = request.scope["path"].removeprefix(PATH).strip("/")
        chosen = request.query_params.get("document")
        if not name and chosen is not None:  # the choice of a browser without scripts
            known = chosen in self._documents
            return RedirectResponse(f"{PATH}/{chosen}" if known else PATH, 303)
        if name in {"", WHOLE_GRAPH}:
            return Response(graph_index() if name else index(), media_type="text/html")
        if (document := paged(name)) is not None:
            return Response(page(document), media_type="text/html")
        if name in self._files:
            return FileResponse(self._files[name])
        key = name.removesuffix(".json")
        if key != name and key in self._documents:
            written = await asyncio.to_thread(self._documents.written, key, origin=own_origin(request))
            return Response(written, media_type="application/json")
        raise NotFound(f"There is no page {PATH}/{name[:100]}. {PATH} lists those that there are.")


def _is_signed_in(request: Request) -> bool:
    """Whether a browser has sent the control token, or a seat's password, to the console."""
    console = request.app.state.extensions.get("console")
    return isinstance(console, ConsoleRoute) and console.is_signed_in(request)


def _files() -> dict[str, Path]:
    """Return the paths of all files by their names."""
    spec = find_spec("fastapi_swagger")
    assert spec is not None
    assert spec.origin is not None
    ours, theirs = Path(__file__).parent / "static", Path(spec.origin).parent / "resources"
    # The console's own: not asked of it, since with its first request all of its pages are imported.
    consoles = Path(fauxtune_console.__file__).parent / "static"
    colours = Path(surfaces.__file__).parent
    places = ((ours, _OUR_FILES), (theirs, _SWAGGER_FILES), (consoles, ("icon.svg",)), (colours, ("colours.css",)))
    return {name: folder / name for folder, names in places for name in names}
