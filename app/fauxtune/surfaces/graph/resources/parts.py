"""Rows with `$expand`, of a page or a single one: OData URL Conventions 4.01, 5.1.3.

Each navigation that can be expanded is a `Part`, in the list of its resource. A page costs one statement for each
navigation, however long it is, where the elements are rows of a collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from fauxtune.core.graph.index import derived_from
from fauxtune.core.odata.documents.view import check_select, view
from fauxtune.core.odata.query.options import Expand
from fauxtune.core.odata.schema.types import Entity
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.surfaces.graph.call import Call, Json
from fauxtune.surfaces.graph.lists import Identified

E = TypeVar("E")
R = TypeVar("R")
#: For each of the rows, in their order: a list of documents where the navigation is a collection, else one or none.
Read: TypeAlias = Callable[[Call, Connection, Sequence[R]], Sequence[list[Json] | Json | None]]


@dataclass(frozen=True, slots=True)
class Part(Generic[R]):
    """One navigation: its name, the type that it leads to, and how its elements are read for some rows. `entity_of`:
    the type of one element, where elements are of different types. `parts`: navigations of the elements, by name.
    """

    name: str
    entity: Entity
    read: Read[R]
    entity_of: Callable[[Json], Entity] | None = None
    parts: Mapping[str, Part[Json]] = field(default_factory=dict)


def by_name(*parts: Part[R]) -> dict[str, Part[R]]:
    """Return the parts by their names in lower case, as query options are compared."""
    return {part.name.lower(): part for part in parts}


def add_parts(
    call: Call,
    connection: Connection,
    rows: Sequence[R],
    *,
    parts: Mapping[str, Part[R]],
    place: Callable[[R, Part[R]], str],
    has: Callable[[R, Expand], bool] = lambda _row, _expand: True,
    expansions: Sequence[Expand] | None = None,
) -> list[Json]:
    """Return what `$expand` adds to each row, in their order, for the navigations among the parts that the row `has`.
    `place`: the path of a row's part, for its context; `expansions`: those of a deeper level.
    """
    added: list[Json] = [{} for _ in rows]
    for expansion in call.query.expand if expansions is None else expansions:
        part = parts.get(expansion.navigation.lower())
        if part is None:
            continue
        shapes = (part.entity,) if part.entity_of is None else (part.entity, *derived_from(part.entity))
        check_select(expansion.select, entities=shapes, version=call.version)
        having = [(more, row) for more, row in zip(added, rows, strict=True) if has(row, expansion)]
        read = part.read(call, connection, [row for _more, row in having])
        for (more, row), target in zip(having, read, strict=True):
            more |= _shown(call, connection, target=target, part=part, expand=expansion, place=place(row, part))
    return added


def _shown(
    call: Call,
    connection: Connection,
    *,
    target: list[Json] | Json | None,
    part: Part[Any],
    expand: Expand,
    place: str,
) -> Json:
    """Return the navigation as a property of its row, with its context before it."""
    documents = target if isinstance(target, list) else [] if target is None else [target]
    deeper = add_parts(
        call,
        connection,
        documents,
        parts=part.parts,
        place=lambda document, inner: f"{place}('{document.get('id')}')/{inner.name}",
        expansions=expand.expand,
    )
    elements = [
        {
            **view(
                part.entity_of(each) if part.entity_of else part.entity,
                each,
                version=call.version,
                select=expand.select,
            ),
            **more,
        }
        for each, more in zip(documents, deeper, strict=True)
    ]
    context = f"{part.name}@odata.context"
    match target:
        case None:
            return {part.name: None}
        case list():
            return {context: call.context(place), part.name: elements}
        case _:
            return {context: call.context(f"{place}/$entity"), part.name: elements[0]}


def of_collection(collection: Collection[E], document: Callable[[E], Json]) -> Read[Identified]:
    """Return a function that reads all elements of a collection for each row, by the row's id."""

    def read(call: Call, connection: Connection, rows: Sequence[Identified]) -> list[list[Json] | Json | None]:
        ids = [row.id for row in rows]
        elements = collections.parts(connection, call.tenant.id, collection=collection, parents=ids)
        return [[document(element) for element in elements[key]] for key in ids]

    return read


def of_each(read_one: Callable[[Call, Connection, R], list[Json] | Json | None]) -> Read[R]:
    """Return a function that reads the navigation for one row at a time."""
    return lambda call, connection, rows: [read_one(call, connection, row) for row in rows]
