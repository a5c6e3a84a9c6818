"""Every type that a table of routes speaks of: those that it names, what they derive from, what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fauxtune.core.odata.paths import Route
from fauxtune.core.odata.schema import ComplexType, EnumType, StructuredType


def every_type(
    routes: Iterable[Route[Any]], entities: Iterable[StructuredType]
) -> dict[str, StructuredType | EnumType]:
    """By name, in the order of names."""
    named = [kind for route in routes for kind in (route.accepts, route.returns) if kind is not None]
    found = {part.name: part for kind in (*entities, *named) for part in _parts(kind)}
    return dict(sorted(found.items()))


def _parts(kind: StructuredType) -> Iterator[StructuredType | EnumType]:
    for level in kind.lineage():
        yield level
        for prop in level.properties:
            if isinstance(prop.type, EnumType):
                yield prop.type
            elif isinstance(prop.type, ComplexType):
                for choice in (prop.type, *prop.variants):
                    yield from _parts(choice)
