"""The answers of `/docs`: the list of all documents, around each one the choice of another and a way to a token, the
documents themselves, and the files of Swagger UI, which come from the package fastapi-swagger.

Each document is made at its first request and then kept: their number is fixed, and so is their size. Swagger UI needs
many seconds for the whole of Graph. It is therefore shown by areas, those of docs/coverage.md; the whole document can
be downloaded. What makes documents imports every surface: it is imported with the first of them, so that the pages
around them come at once.

Of fastapi-swagger only files are read; none of its code is imported. The pages need nothing from other hosts and
contain no script of their own.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
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

#: The name of the whole document of Graph, whose page lists its areas.
WHOLE_GRAPH = "graph"
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


@dataclass(frozen=True, slots=True)
class Paged:
    """A document that has a page: its words in the chooser, what it is about (one of Graph: nothing), and whether
    requests need a token of Graph.
    """

    name: str
    title: str
    about: str = ""
    is_graph: bool = False


#: data. The surfaces in the order of the chooser.
SURFACES = (
    Paged("control", "Control", "Tenants, their clocks, faults, labs, classrooms: what only an emulator has"),
    Paged("identity", "Identity", "Tokens of users and applications, and the sign-in"),
    Paged("devices", "Devices", "Enrolment and management of phones and computers, by platform"),
    Paged("connector", "Connector", "What the certificate connector asks and answers"),
    Paged("partner", "Partner CA", "What a certification authority of another company calls for SCEP"),
    Paged("health", "Health", "Whether the server lives and is ready"),
)


@cache
def areas() -> tuple[Paged, ...]:
    """Return the pages of Graph, one for each area."""
    from fauxtune_docs.writing import AREAS  # here: with it comes all of Graph

    return tuple(Paged(_area_name(area), area, is_graph=True) for area in AREAS)


def paged(name: str) -> Paged | None:
    """Return the page of this name; None for another name."""
    pages = areas() if name.startswith(f"{WHOLE_GRAPH}-") else SURFACES
    return next((page for page in pages if page.name == name), None)


def _area_name(area: str) -> str:
    return f"{WHOLE_GRAPH}-{re.sub(r'[^a-z]+', '-', area.lower())}"


def document_without_servers(name: str) -> dict[str, Any]:
    """Make the document of this name, which says what can be asked, and not where."""
    from fauxtune_docs import writing

    page = paged(name)
    if page is None:
        document = writing.graph_document()
    else:
        document = writing.area_document(page.title) if page.is_graph else writing.document(name)
    del document["servers"]
    return document


class Documents:
    """The documents as JSON, without their servers: those depend on the request."""

    def __init__(self) -> None:
        self._written: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        """Whether there is a document of this name."""
        return name == WHOLE_GRAPH or paged(name) is not None

    def written(self, name: str, *, origin: str) -> bytes:
        """Return the document; requests that are tried out go to the origin. Blocks while it is made the first time."""
        with self._lock:
            if name not in self._written:
                document = document_without_servers(name)
                self._written[name] = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        return b'{"servers":' + orjson.dumps([{"url": origin}]) + b"," + self._written[name][1:]


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
    ours = Path(__file__).parent / "static"
    # The console's own: not asked of it, since with its first request all of its pages are imported.
    consoles = Path(fauxtune_console.__file__).parent / "static"
    colours = Path(surfaces.__file__).parent
    places = ((ours, _OUR_FILES), (consoles, ("icon.svg",)), (colours, ("colours.css",)))
    files = [*(folder / name for folder, names in places for name in names), *swagger_files()]
    return {file.name: file for file in files}


def swagger_files() -> list[Path]:
    """Return the paths of Swagger UI's script and style sheet."""
    spec = find_spec("fastapi_swagger")
    assert spec is not None
    assert spec.origin is not None
    return [Path(spec.origin).parent / "resources" / name for name in _SWAGGER_FILES]


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} – Fauxtune's interfaces</title>
<link rel="icon" href="{path}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{path}/colours.css">
{head}<link rel="stylesheet" href="{path}/docs.css">
</head>
<body>
<header class="bar">
<a class="brand" href="{console}"><img src="{path}/icon.svg" alt="" width="22" height="22"> Fauxtune</a>
<nav aria-label="Interfaces"><form action="{path}"><label for="which">Interface</label>
<select id="which" name="document">{options}</select> <button type="submit">Open</button></form></nav>
<span class="warning">Emulator</span>
</header>
{main}
</body>
</html>
"""
_SWAGGER = """<link rel="stylesheet" href="{path}/swagger-ui.css">
<script src="{path}/swagger-ui-bundle.js" defer></script>
<script src="{path}/docs.js" defer></script>
"""
_DOCUMENT = """<main>
<h1>{title}</h1>
<p class="about">
<a href="{path}/{whole}.json" download>Download {whole}.json</a> (OpenAPI 3.1)</p>
{sign_in}<noscript><p>Without scripts this page cannot show the document; the link above downloads it.</p></noscript>
<p id="parts" hidden><label for="part">Part</label> <select id="part"></select></p>
<div id="document" data-document="{path}/{name}.json"><p class="loading">The document is being read…</p></div>
</main>"""
_SIGN_IN = """<form id="token">
<label for="tenant">Requests to Graph need a token. Tenant:</label>
<select id="tenant" required></select>
<button type="submit">Get a token</button>
<output for="tenant">A token of the tenant's first application, with all permissions of that application.</output>
</form>
"""
_GRAPH = Paged(WHOLE_GRAPH, "Microsoft Graph", "Users, groups, devices, profiles and their states, by area")


def index() -> str:
    """Return the list of all surfaces, HTML."""
    return _listed("Interfaces", (*SURFACES[:1], _GRAPH, *SURFACES[1:]), chosen="")


def graph_index() -> str:
    """Return the list of the areas of Graph, HTML."""
    link = f'<a href="{PATH}/{WHOLE_GRAPH}.json" download>Download {WHOLE_GRAPH}.json</a> (OpenAPI 3.1, all areas)'
    return _listed("Microsoft Graph", areas(), chosen=WHOLE_GRAPH, below=f"<p>{link}</p>")


def page(document: Paged) -> str:
    """Return the page of a document, HTML."""
    main = _DOCUMENT.format(
        path=PATH,
        name=document.name,
        title=escape(f"Microsoft Graph: {document.title}" if document.is_graph else document.title),
        whole=WHOLE_GRAPH if document.is_graph else document.name,
        sign_in=_SIGN_IN if document.is_graph else "",
    )
    return _framed(document.title, main, chosen=document.name, head=_SWAGGER.format(path=PATH))


def _listed(title: str, pages: Iterable[Paged], *, chosen: str, below: str = "") -> str:
    lines = "".join(
        f'<li><a href="{PATH}/{each.name}"><strong>{escape(each.title)}</strong></a> {escape(each.about)}</li>'
        for each in pages
    )
    return _framed(title, f'<main><h1>{title}</h1><ul class="choices">{lines}</ul>{below}</main>', chosen=chosen)


def _framed(title: str, main: str, *, chosen: str, head: str = "") -> str:
    return _PAGE.format(path=PATH, console=CONSOLE, title=escape(title), head=head, options=_options(chosen), main=main)


def _options(chosen: str) -> str:
    """Return the choice of all documents. Those of Graph are in it only on the pages of Graph, which load them."""
    every = _option(Paged("", "All interfaces"), chosen)
    surfaces = "".join(_option(surface, chosen) for surface in (*SURFACES, _GRAPH))
    if not chosen.startswith(WHOLE_GRAPH):
        return every + surfaces
    of_graph = "".join(_option(area, chosen) for area in areas())
    return f'{every}{surfaces}<optgroup label="Microsoft Graph">{of_graph}</optgroup>'


def _option(each: Paged, chosen: str) -> str:
    selected = " selected" if each.name == chosen else ""
    return f'<option value="{each.name}"{selected}>{escape(each.title)}</option>'
