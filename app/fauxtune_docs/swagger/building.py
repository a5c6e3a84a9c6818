"""How the documents of `/docs` are made, those of an area of Graph among them. Importing this imports every surface."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fauxtune.core.graph.index import ENTITIES
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import Entity
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import AREAS
from fauxtune_docs.openapi import document, graph_document

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
