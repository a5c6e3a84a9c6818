"""The kinds of directory objects, and what a list of all of them can be filtered and sorted by.

Source: Graph reference, directoryObject.
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.schema.types import Entity

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
