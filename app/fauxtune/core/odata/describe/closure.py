"""Every type in a table of routes: those of its bodies, their bases, and the types of their properties."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import ComplexType, EnumType, StructuredType, Version


def every_type(
    routes: Iterable[Route[Any]], entities: Iterable[StructuredType]
) -> dict[str, StructuredType | EnumType]:
    """The types by their names, in the order of names."""
    named = [kind for route in routes for kind in (route.accepts, route.returns) if kind is not None]
    types: dict[str, StructuredType | EnumType] = {}
    for kind in (*entities, *named):
        _collect(kind, types)
    return dict(sorted(types.items()))


def names_in_v1(routes: Iterable[Route[Any]], entities: Iterable[StructuredType]) -> frozenset[str]:
    """The names of the structured types that occur in a request or an answer of v1.0."""
    named = [kind for route in routes if not route.beta_only for kind in (route.accepts, route.returns)]
    waiting = [kind for kind in (*entities, *named) if kind is not None and not kind.beta_only]
    names: set[str] = set()
    while waiting:
        kind = waiting.pop()
        if kind.name not in names:
            names.add(kind.name)
            waiting += [level for level in kind.lineage() if not level.beta_only]
            for prop in kind.properties_in(Version.V1).values():
                if isinstance(prop.type, ComplexType):
                    waiting += [choice for choice in (prop.type, *prop.variants) if not choice.beta_only]
    return frozenset(names)


def _collect(kind: StructuredType, types: dict[str, StructuredType | EnumType]) -> None:
    """Add the type, its bases, and the types of their properties. A type can contain itself."""
    for level in kind.lineage():
        if types.get(level.name) is level:
            continue
        types[level.name] = level
        for prop in level.properties:
            if isinstance(prop.type, EnumType):
                types[prop.type.name] = prop.type
            elif isinstance(prop.type, ComplexType):
                for choice in (prop.type, *prop.variants):
                    _collect(choice, types)
