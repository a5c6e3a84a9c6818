"""The OpenAPI documents, made from the routes; always in the same order, so that they can be compared.

Graph's document comes from its own table of routes. The answers to devices are described beside their routes and not
in them: only this module needs the descriptions, and the server starts faster without them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from fauxtune import __version__
from fauxtune.core.graph.index import ENTITIES, MODEL, derived_from, entity
from fauxtune.core.graph.references import KINDS
from fauxtune.core.odata.describe.openapi import openapi_document
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import Entity
from fauxtune.operations.tenants.seed_further_parts import FullSeed
from fauxtune.surfaces.blobs import routes as blobs
from fauxtune.surfaces.connector import routes as connector
from fauxtune.surfaces.control import routes as control
from fauxtune.surfaces.control.late_entry import late_modules
from fauxtune.surfaces.devices.agent import description as agent_description
from fauxtune.surfaces.devices.agent import routes as agent
from fauxtune.surfaces.devices.android import description as android_description
from fauxtune.surfaces.devices.android import routes as android
from fauxtune.surfaces.devices.apple import description as apple_description
from fauxtune.surfaces.devices.apple import routes as apple
from fauxtune.surfaces.devices.openapi import SCHEMES
from fauxtune.surfaces.devices.windows import description as windows_description
from fauxtune.surfaces.graph import routes as graph_routes
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.errors import is_intune
from fauxtune.surfaces.graph.routes import AREAS
from fauxtune.surfaces.identity import routes as identity
from fauxtune.surfaces.ndes import description as ndes_description
from fauxtune.surfaces.ndes import routes as ndes
from fauxtune.surfaces.partner import description as partner_description
from fauxtune.surfaces.partner import routes as partner
from fauxtune.surfaces.pki import description as pki_description
from fauxtune.surfaces.pki import routes as pki
from fauxtune.surfaces.push import description as push_description
from fauxtune.surfaces.push import routes as push
from fauxtune_docs import probes_description
from fauxtune_docs.pages.coverage import coverage_page
from fauxtune_docs.pages.coverage_words import demanded_calls, recorded_run
from fauxtune_docs.pages.editions import EDITION_RULES, editions_page
from fauxtune_docs.pages.faults import diagnosis_page, faults_page
from fauxtune_docs.pages.labs import labs_page, provider_states_page
from fauxtune_docs.pages.mail_apps import mail_apps_page
from fauxtune_docs.pages.removal import removal_page
from fauxtune_docs.pages.settings import settings_page

#: The title and the routers of each document, by its file name.
SURFACES: dict[str, tuple[str, tuple[APIRouter, ...]]] = {
    "blobs": ("Fauxtune: block blobs, where contents of apps are uploaded", (blobs.router,)),
    "connector": ("Fauxtune: the certificate connector's channel", (connector.router,)),
    "control": ("Fauxtune: control", (control.router_of(*control.PARTS, *late_modules()),)),
    "devices": (
        "Fauxtune: devices, push and PKI",
        (android.router, apple.router, agent.router, push.router, pki.router, ndes.router),
    ),
    "health": ("Fauxtune: health, and the CA to trust", ()),
    "identity": ("Fauxtune: identity", (identity.router,)),
    "partner": ("Fauxtune: certification authorities of partners", (partner.router,)),
}
#: The modules whose `OPERATIONS` (path, method, members) and `SCHEMAS` are added to the document of the devices.
DEVICES = (
    android_description,
    apple_description,
    windows_description,
    agent_description,
    push_description,
    pki_description,
    ndes_description,
)
#: The same for the other documents, by name.
DESCRIPTIONS: dict[str, tuple[ModuleType, ...]] = {
    "devices": DEVICES,
    "health": (probes_description,),
    "partner": (partner_description,),
}
_SIGNATURE = {
    "type": "apiKey",
    "in": "query",
    "name": "sig",
    "description": "a shared access signature, part of the address that Graph gives: azureStorageUri, downloadUrl",
}
_CREDENTIAL = {
    "type": "http",
    "scheme": "bearer",
    "description": "the credential that the connector was registered with",
}
#: The security schemes of the documents that have their own, by name.
SECURITY: dict[str, dict[str, Any]] = {
    "blobs": {"sharedAccessSignature": _SIGNATURE},
    "connector": {"connectorCredential": _CREDENTIAL},
    "devices": SCHEMES,
    "identity": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    "partner": partner_description.SCHEMES,
}
#: What every operation of a document needs, where operations do not say it themselves.
_NEEDED: dict[str, list[dict[str, list[str]]]] = {
    "blobs": [{"sharedAccessSignature": []}],
    "connector": [{"connectorCredential": []}],
    "health": [],
    # Who asks for a token proves it in the form.
    "identity": [],
}
#: A server for its own machine only has no control token: then no call needs one.
_OPEN_ON_LOOPBACK = "control"
#: The refusals of operations that do not list theirs, by document: `*` is the form of the body.
_REFUSED: dict[str, dict[str, str]] = {
    "blobs": {
        "*": "application/xml",
        "400": "a header, a block or the list of blocks is wrong",
        "403": "the signature is wrong, has expired, or does not allow this",
        "404": "there is no such content",
    },
    "connector": {
        "*": "application/json",
        "400": "the body is malformed",
        "401": "no credential, or an unknown one",
        "403": "the connector was removed, is disabled, or its version is no longer served",
        "404": "there is no such tenant, session or request",
        "409": "the session has ended",
        "422": "the certification authority refuses",
    },
    "identity": {"*": "application/json", "400": "what was wrong, in Entra ID's words"},
}
#: A server with its default settings.
_SERVERS = [
    {
        "url": "https://{host}:{port}",
        "variables": {"host": {"default": "localhost"}, "port": {"default": "8443"}},
        "description": "fauxtune serve",
    }
]
_LICENSE = {"name": "MIT", "identifier": "MIT"}
Descriptions = Mapping[str, Mapping[str, Mapping[str, Any]]]
_MIXED = entity("directoryObject")


def documents() -> dict[str, dict[str, Any]]:
    """Return the OpenAPI documents by name."""
    return {"graph": graph_document(), **{name: document(name) for name in SURFACES}}


def document(name: str) -> dict[str, Any]:
    """Return the document of the surfaces of this name."""
    document = _document(*SURFACES[name])
    if name in SECURITY:
        document.setdefault("components", {})["securitySchemes"] = SECURITY[name]
    for description in DESCRIPTIONS.get(name, ()):
        _describe(document, description.OPERATIONS, schemas=description.SCHEMAS)
    if name in _NEEDED:
        document["security"] = _NEEDED[name]
    if name == _OPEN_ON_LOOPBACK:
        for methods in document["paths"].values():
            for operation in methods.values():
                operation["security"] = [{}, *operation["security"]]
    _refuse(document, _REFUSED.get(name, {}))
    return _framed(document)


def graph_document(
    routes: Iterable[Route[Handler]] = graph_routes.ROUTES,
    *,
    entities: Iterable[Entity] = ENTITIES,
    title: str = "Fauxtune: Microsoft Graph",
) -> dict[str, Any]:
    """Return the document of these routes of Graph, with recorded answers as examples."""
    examples = json.loads((resources.files("fauxtune_docs") / "examples.json").read_text(encoding="utf-8"))
    document = openapi_document(
        routes,
        entities=entities,
        title=title,
        # The directory answers 400 where Intune answers 409.
        has_conflicts=lambda route: is_intune(route.template),
        casts=partial(casts_in, lists=_lists(graph_routes.ROUTES)),
        examples=examples,
    )
    return _framed(document)


def _framed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with what is the same in all: the server, the licence of the emulator, and its tags."""
    document["servers"] = _SERVERS
    document["info"] |= {"license": _LICENSE, "description": "A surface of an emulator: not for real devices."}
    operations = (method for methods in document["paths"].values() for method in methods.values())
    tags = sorted({tag for operation in operations for tag in operation.get("tags", ())})
    return document | {"tags": [{"name": tag} for tag in tags]}


def _refuse(document: dict[str, Any], refusals: Mapping[str, str]) -> None:
    """Add the refusals to the operations that list none."""
    answers = {
        status: {"description": why, "content": {refusals["*"]: {"schema": {"type": "object"}}}}
        for status, why in refusals.items()
        if status != "*"
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            if not any(status.startswith("4") for status in operation["responses"]):
                operation["responses"] |= answers


def casts_in(route: Route[Handler], *, lists: Mapping[str, Entity]) -> dict[int, tuple[str, ...]]:
    """Return the types to which a route's path may be cast, by the number of segments before the cast. `lists`: the
    types of lists by their templates.

    A collection, or a list of directory objects, that holds several types is cast to one of them. After a key the path
    is cast to a type that has the part which follows, where the type of the list does not have it (Graph:
    `mobileApps/{id}/microsoft.graph.win32LobApp/contentVersions`).
    """
    names, casts = route.segments, {}
    listed = lists.get(route.template) if route.method == "GET" else None
    if listed is not None and (listed is _MIXED or not route.key_names):
        kinds = KINDS.values() if listed is _MIXED else derived_from(listed)
        casts[len(names)] = tuple(kind.name for kind in kinds) if len(kinds) > 1 else ()
    for at in range(2, len(names)):
        base = lists.get("/".join(names[: at - 1])) if names[at - 1].startswith("{") else None
        if base is not None and not names[at].startswith(("$", "{")) and not _has(base, names[at]):
            casts[at] = tuple(kind.name for kind in derived_from(base) if _has(kind, names[at]))
    return {at: kinds for at, kinds in casts.items() if kinds and route.status < 400}


def _lists(routes: Iterable[Route[Handler]]) -> dict[str, Entity]:
    known = ((route, route.returns) for route in routes if route.method == "GET" and route.many)
    return {route.template: shape for route, shape in known if isinstance(shape, Entity)}


def _has(kind: Entity, name: str) -> bool:
    """Whether a thing of this kind has a property, a navigation or an operation of this name."""
    if kind.find(name) is not None or kind.navigation(name) is not None:
        return True
    return any(name in MODEL.table.operations_of(structured_type.name) for structured_type in kind.lineage())


def _describe(document: dict[str, Any], operations: Descriptions, *, schemas: Mapping[str, Any]) -> None:
    """Add what a description says to the document of the routes."""
    document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
    for path, methods in operations.items():
        described = document["paths"].setdefault(path, {})
        for method, members in methods.items():
            described[method] = described.get(method, {}) | members


#: The generated pages of docs, by the names of their options; each is given the folder that it goes to.
PAGES: dict[str, Callable[[Path], str]] = {
    "coverage": lambda folder: coverage_page(run=recorded_run(folder), demand=demanded_calls(folder)),
    "removal": lambda _folder: removal_page(),
    "diagnosis": lambda _folder: diagnosis_page(),
    "editions": lambda _folder: editions_page(EDITION_RULES),
    "mail-apps": lambda _folder: mail_apps_page(),
    "states": lambda _folder: provider_states_page(),
    "faults": lambda _folder: faults_page(),
    "labs": lambda _folder: labs_page(),
    "settings": lambda _folder: settings_page(),
}


def write(folder: Path, *, pages: Mapping[str, Path | None]) -> list[str]:
    """Write each document to `<name>.json`, and the pages that have a file; return the paths of all files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, document in sorted(documents().items()):
        file = folder / f"{name}.json"
        file.write_text(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(str(file))
    schema = folder / "seed.schema.json"
    schema.write_text(json.dumps(seed_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    written.append(str(schema))
    for name, page in pages.items():
        if page is not None:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(PAGES[name](page.parent), encoding="utf-8")
            written.append(str(page))
    return written


def seed_schema() -> dict[str, Any]:
    """Return the JSON Schema of seeds."""
    schema = FullSeed.model_json_schema(by_alias=True)
    # A file of a seed need not name its tenant: `fauxtune tenant create` does.
    schema["required"] = []
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Fauxtune: a seed"}


def _document(title: str, routers: tuple[APIRouter, ...]) -> dict[str, Any]:
    # Not by FastAPI's application, which would build each of the routes again.
    routes = [route for router in routers for route in router.routes]
    document = get_openapi(title=title, version=__version__, routes=routes)
    _without_422(document)
    return document


def _without_422(document: dict[str, Any]) -> None:
    """Remove what FastAPI writes about 422: every surface answers 400 to a malformed request."""
    for methods in document["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(name, None)


__all__ = ["AREAS", "area_document", "document", "graph_document"]


def area_document(area: str) -> dict[str, Any]:
    """Return the document of one area of Graph; its operations are grouped by version and collection."""
    routes = AREAS[area]
    graph = graph_document(routes, entities=_derived(routes), title=f"Microsoft Graph: {area}")
    for path, operations in graph["paths"].items():
        for operation in operations.values():
            operation["tags"] = [_group(path)]
    return graph


def _derived(routes: Iterable[Route[Handler]]) -> list[Entity]:
    """Return the types that a body of these routes can have in place of the declared type."""
    declared = {kind.name for route in routes for kind in (route.accepts, route.returns) if kind is not None}
    return [kind for kind in ENTITIES if any(level.name in declared for level in kind.lineage())]


def _group(path: str) -> str:
    """Return the group of a path, such as `beta deviceManagement/managedDevices` or `v1.0 users`."""
    version, *segments = path.strip("/").split("/")
    return f"{version} {'/'.join(segments[: 2 if 'deviceManagement' in segments else 1])}".strip()
