"""Parts of rows: what `$expand` adds, and what stands below an element of a path.

Rows with `$expand`, of a page or a single one: OData URL Conventions 4.01, 5.1.3.

Each navigation that can be expanded is a `Part`, in the list of its resource: `Family.parts`, `PARTS` of profiles. A
page costs one statement for each navigation, however long it is, where the elements are rows of a collection; so does a
navigation of these elements.

Collections that are read from one declaration: their list, how many there are, and one of them by its id. `Rows`: of a
table; `Below`: of rows, below an element that a path names; `Computed`: of documents that are computed from what is
stored.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import derived_from
from fauxtune.core.odata.documents.view import check_select, view
from fauxtune.core.odata.query.options import Expand
from fauxtune.core.odata.schema.types import Entity
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.surfaces.graph.call import Answer, Call, Json, entity_answer
from fauxtune.surfaces.graph.lists import (
    Identified,
    Listed,
    count_documents,
    count_rows,
    element_document,
    element_row,
    get_element,
    list_documents,
    list_rows,
)

E = TypeVar("E")
R = TypeVar("R")
#: For each of the rows, in their order: a list of documents where the navigation is a collection, else one or none.
Read: TypeAlias = Callable[[Call, Connection, Sequence[R]], Sequence[list[Json] | Json | None]]


@dataclass(frozen=True, slots=True)
class Part(Generic[R]):
    """One navigation: its name, the type that it leads to, and how its elements are read for some rows. `entity_of`:
    the type of one element, where elements are of different types. `parts`: navigations of the elements, by name. An
    answer with a `dated` one depends on the moment.
    """

    name: str
    entity: Entity
    read: Read[R]
    entity_of: Callable[[Json], Entity] | None = None
    parts: Mapping[str, Part[Json]] = field(default_factory=dict)
    dated: bool = False


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
) -> list[Json]:
    """Return what `$expand` adds to each row, in their order, for the navigations among the parts that the row `has`.
    `place`: the path of a row's part, for its context.
    """
    return _added(
        call,
        connection,
        rows,
        parts=parts,
        place=lambda number, part: place(rows[number], part),
        has=has,
        expansions=call.query.expand,
    )


def _added(
    call: Call,
    connection: Connection,
    rows: Sequence[R],
    *,
    parts: Mapping[str, Part[R]],
    place: Callable[[int, Part[R]], str],
    has: Callable[[R, Expand], bool],
    expansions: Sequence[Expand],
) -> list[Json]:
    """What `expansions` add to each row. `place`: the path of a part of the row with this number."""
    added: list[Json] = [{} for _ in rows]
    for expansion in expansions:
        part = parts.get(expansion.navigation.lower())
        if part is None:
            continue
        shapes = (part.entity,) if part.entity_of is None else (part.entity, *derived_from(part.entity))
        check_select(expansion.select, entities=shapes, version=call.version)
        having = [number for number, row in enumerate(rows) if has(row, expansion)]
        targets = part.read(call, connection, [rows[number] for number in having])
        places = [place(number, part) for number in having]
        contents = _shown(call, connection, targets, part=part, expand=expansion, places=places)
        for number, more in zip(having, contents, strict=True):
            added[number] |= more
    return added


def _shown(
    call: Call,
    connection: Connection,
    targets: Sequence[list[Json] | Json | None],
    *,
    part: Part[Any],
    expand: Expand,
    places: Sequence[str],
) -> Iterator[Json]:
    """Yield the navigation as a property of each of its rows, with its context before it. What is below the elements is
    read for those of all rows at once.
    """
    groups = [target if isinstance(target, list) else [] if target is None else [target] for target in targets]
    documents = [document for group in groups for document in group]
    above = [place for group, place in zip(groups, places, strict=True) for _document in group]
    deeper = _added(
        call,
        connection,
        documents,
        parts=part.parts,
        place=lambda number, inner: f"{above[number]}('{documents[number].get('id')}')/{inner.name}",
        has=lambda _row, _expand: True,
        expansions=expand.expand,
    )
    elements = (
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
    )
    context = f"{part.name}@odata.context"
    for target, group, place in zip(targets, groups, places, strict=True):
        match target:
            case None:
                yield {part.name: None}
            case list():
                yield {context: call.context(place), part.name: list(islice(elements, len(group)))}
            case _:
                yield {context: call.context(f"{place}/$entity"), part.name: next(elements)}


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


OwnerT = TypeVar("OwnerT", bound=Identified)


@dataclass(frozen=True, slots=True)
class Below(Generic[OwnerT, R]):
    """A collection of each element of another. `owner` returns the element that the path names, and raises NotFound
    without it; `listed` says how its collection is listed; `key` is the name in the path of one in the collection.
    """

    owner: Callable[[Call], Awaitable[OwnerT]]
    listed: Callable[[Call, OwnerT], Listed[R]]
    key: str

    async def every(self, call: Call) -> Answer:
        """GET .../{owner}/...: a page of the list."""
        owner = await self.owner(call)
        return await list_rows(call, self.listed(call, owner), parent=owner.id)

    async def count(self, call: Call) -> Answer:
        """GET .../{owner}/.../$count."""
        owner = await self.owner(call)
        return await count_rows(call, self.listed(call, owner), parent=owner.id)

    async def get(self, call: Call) -> Answer:
        """GET .../{owner}/.../{key}."""
        owner = await self.owner(call)
        return await get_element(call, self.listed(call, owner), key=call.keys[self.key], parent=owner.id)

    async def row(self, call: Call, owner: OwnerT) -> R:
        """Return the row that the path names. Raises NotFound."""
        return await element_row(call, self.listed(call, owner), key=call.keys[self.key], parent=owner.id)


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """A collection of rows that nobody writes by Graph. `key` is the name in the path of one in the collection."""

    listed: Listed[R]
    key: str

    async def every(self, call: Call) -> Answer:
        """GET .../...: a page of the list."""
        return await list_rows(call, self.listed)

    async def count(self, call: Call) -> Answer:
        """GET .../.../$count."""
        return await count_rows(call, self.listed)

    async def get(self, call: Call) -> Answer:
        """GET .../.../{key}."""
        return await get_element(call, self.listed, key=call.keys[self.key])


def placed(listed: Listed[R], context: Callable[[OwnerT], str]) -> Callable[[Call, OwnerT], Listed[R]]:
    """Return how a collection is listed below each owner, with the context that the owner gives it."""
    return lambda _call, owner: replace(listed, context=context(owner))


#: The path of a collection, for the context of its answers, and its documents.
Found: TypeAlias = tuple[str, list[Json]]


def _absent(entity: Entity, key: str) -> NotFound:
    return NotFound(f"There is no {entity.name} '{key}'.")


@dataclass(frozen=True, slots=True)
class Computed:
    """A collection that nobody writes: it is computed for each request. `read` returns its path and all documents, and
    raises NotFound if what the path names above it is absent; `key` is the name in the path of one in the collection;
    `missing` makes the refusal of a key that no document has.
    """

    entity: Entity
    read: Callable[[Call], Awaitable[Found]]
    key: str
    missing: Callable[[str], NotFound] | None = None

    async def every(self, call: Call) -> Answer:
        """GET .../...: a page of the list."""
        context, documents = await self.read(call)
        return list_documents(call, documents, entity=self.entity, context=context)

    async def count(self, call: Call) -> Answer:
        """GET .../.../$count."""
        _context, documents = await self.read(call)
        return count_documents(call, documents, entity=self.entity)

    async def get(self, call: Call) -> Answer:
        """GET .../.../{key}."""
        context, documents = await self.read(call)
        key = call.keys[self.key]
        document = element_document(call, documents, entity=self.entity, key=key)
        if document is None:
            raise _absent(self.entity, key) if self.missing is None else self.missing(key)
        return entity_answer(call, document, context=context)
