"""References to things of Graph, and the kinds of directory objects.

A reference is the id at the end of an `@odata.id` or `@odata.bind`. Graph: user: a userPrincipalName is a key only of
`users`. The host of a reference is ignored.

With the kinds of directory objects stands what a list of all of them can be filtered and sorted by. Source: Graph
reference, directoryObject.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents import validation
from fauxtune.core.odata.paths.table import reference
from fauxtune.core.odata.schema.types import Entity


def reference_id(url: str) -> str:
    """The id at the end of a reference of any host, version and key syntax.

    `https://graph.microsoft.com/v1.0/directoryObjects/{id}`, `users('{id}')`, `/deviceManagement/...('{id}')`;
    of `users/{userPrincipalName}` that name. Raises Invalid if there is no collection before the id.
    """
    parts = reference(url)
    if parts is None:
        raise Invalid(
            f"'{url}' is not a reference: write it like https://graph.microsoft.com/v1.0/directoryObjects/{{id}}."
        )
    collection, key = parts
    if "@" in key and collection.lower() != "users":
        raise Invalid(f"'{key}' is not an id: a userPrincipalName is a key of 'users' only.")
    return key


def binds(entity: Entity, body: Mapping[str, Any]) -> dict[str, list[str]]:
    """The ids that the body binds to each navigation: see `validation.binds`."""
    return validation.binds(entity, body, reference_id=reference_id)


#: The kinds, by their names in the database.
KINDS: dict[str, Entity] = {name: entity(name) for name in ("user", "group", "device")}
#: The properties by which a mixed list can be filtered and sorted: those of every kind.
ANY_OBJECT = Entity(
    "directoryObject",
    lambda: tuple({prop.name: prop for kind in KINDS.values() for prop in kind.properties}.values()),
    base=entity("directoryObject"),
    linked=lambda: tuple({nav.name: nav for kind in KINDS.values() for nav in kind.navigations}.values()),
    source="Graph: directoryObject",
)
