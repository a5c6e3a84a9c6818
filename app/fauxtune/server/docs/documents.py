"""The documents of `/docs`, each made at its first request and then kept: their number is fixed, and so is their size.

Swagger UI needs many seconds for the whole of Graph. It is therefore shown by areas, those of docs/coverage.md; the
whole document can be downloaded.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from fauxtune.core.graph.index import ENTITIES
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import Entity
from fauxtune.server import openapi
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import AREAS

#: The name of the whole document of Graph, which no page shows.
WHOLE_GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Paged:
    """A document that has a page: its words in the chooser, and whether requests need a token of Graph."""

    name: str
    title: str
    is_graph: bool


#: data. The surfaces in the order of the chooser.
_SURFACES = (
    ("control", "Control"),
    ("identity", "Identity"),
    ("devices", "Devices"),
    ("connector", "Connector"),
    ("partner", "Partner CA"),
    ("health", "Health"),
)


def _area_name(area: str) -> str:
    return f"graph-{re.sub(r'[^a-z]+', '-', area.lower())}"


PAGES = (
    *(Paged(name, title, is_graph=False) for name, title in _SURFACES),
    *(Paged(_area_name(area), area, is_graph=True) for area in AREAS),
)


def _area(area: str) -> dict[str, Any]:
    """Return the document of one area of Graph; its operations are grouped by version and collection."""
    routes = AREAS[area]
    document = openapi.graph_document(routes, entities=_derived(routes), title=f"Microsoft Graph: {area}")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["tags"] = [_group(path)]
    return document


def _derived(routes: Iterable[Route[Handler]]) -> list[Entity]:
    """Return the types that a body of these routes can have in place of the declared type."""
    declared = {kind.name for route in routes for kind in (route.accepts, route.returns) if kind is not None}
    return [kind for kind in ENTITIES if any(level.name in declared for level in kind.lineage())]


def _group(path: str) -> str:
    """Return the group of a path, such as `beta deviceManagement/managedDevices` or `v1.0 users`."""
    version, *segments = path.strip("/").split("/")
    return f"{version} {'/'.join(segments[: 2 if 'deviceManagement' in segments else 1])}".strip()


_BUILDERS: dict[str, Callable[[], dict[str, Any]]] = {
    WHOLE_GRAPH: openapi.graph_document,
    **{name: partial(openapi.document, name) for name, _ in _SURFACES},
    **{_area_name(area): partial(_area, area) for area in AREAS},
}


class Documents:
    """The documents as JSON, without their servers: those depend on the request."""

    def __init__(self) -> None:
        self._written: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        """Whether there is a document of this name."""
        return name in _BUILDERS

    def written(self, name: str, *, origin: str) -> bytes:
        """Return the document; requests that are tried out go to the origin. Blocks while it is made the first time."""
        with self._lock:
            if name not in self._written:
                document = _BUILDERS[name]()
                del document["servers"]
                self._written[name] = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        return b'{"servers":' + orjson.dumps([{"url": origin}]) + b"," + self._written[name][1:]
