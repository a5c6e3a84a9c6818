"""Lists: collections that are selected from tables, and short ones that are computed.

Collections: `$filter`, `$search`, `$orderby`, `$top`, `$skip`, `$select`, `$count`, and the link to the next page.

`$top` is the size of a page, as everywhere in Graph ("Paging Microsoft Graph data in your app"): there is a link as
long as there is more. The link is absolute, on the host that the client called, with all of its options; its
`$skiptoken` is the number of elements before the next page, and behind a tilde the order, if a fault chose another one.

Lists that are computed and short: one or two elements of a tenant, or the parts of one object.

They take the same options as those that the database lists; a list that grows with the tenant does not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl, quote

from fauxtune.core.errors import Invalid, NotEmulated, NotFound
from fauxtune.core.graph.index import ENTITIES, derived_from, entity
from fauxtune.core.graph.search import Searchable, is_advanced, is_unsupported, parse_search
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.query.expressions import And, Condition, IsOf, matches
from fauxtune.core.odata.query.filter import parse_filter
from fauxtune.core.odata.schema.types import ComplexType, Entity
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.surfaces.graph.call import Answer, Call, Json, UnsupportedQuery, check_options, entity_answer

R = TypeVar("R")
T = TypeVar("T")

_PREFERRED_SIZE = re.compile(r"(?:^|[,;\s])(?:odata\.)?maxpagesize=([0-9]{1,9})", re.IGNORECASE)
_TOKEN = re.compile(r"([0-9]{1,9})(?:~(-?[0-9]{1,2}))?")


class Identified(Protocol):
    """A row with an id."""

    @property
    def id(self) -> str:
        """The id of the object."""
        ...


class Stored(Protocol):
    """A row with a document."""

    @property
    def document(self) -> JsonObject:
        """The document of the row, with every property."""
        ...


def stored(row: Stored) -> Json:
    """Return the document of the row."""
    return row.document


def computed(row: Json) -> Json:
    """Return the row of a collection whose rows are documents."""
    return row


def expand_nothing(_call: Call, _connection: Connection, rows: Sequence[object]) -> list[Json]:
    """Return what `$expand` adds to rows without navigations."""
    return [{} for _ in rows]


@dataclass(frozen=True, slots=True)
class Listed(Generic[R]):
    """How one collection is listed. `document` gives a row's document, with every property.

    `directory`: by the directory's rules: no `$skip`, `$top` between 1 and the largest page, `$count` only with the
    header `ConsistencyLevel: eventual`. `always_count`: Intune's own collections count a page without being asked
    (`Unverified:` whether they count the page or the whole, which would mean reading every row); with `$count=true`
    they count the whole. `expand` gives what `$expand` adds to each row of a page, for the navigations in `expandable`.
    `searchable`: the properties that `$search` reads; None where it is not emulated. `shape` shows a row that is not
    simply the view of one entity. `narrowed`: a condition that every element meets, whatever the client asks for.
    """

    collection: Collection[R]
    entity: Entity
    context: str
    document: Callable[[R], Json]
    entity_of: Callable[[R], Entity] | None = None
    page_size: int = 1000
    largest_page: int = 1000
    directory: bool = False
    always_count: bool = False
    expandable: tuple[str, ...] = ()
    expand: Callable[[Call, Connection, Sequence[R]], list[Json]] = expand_nothing
    searchable: Searchable | None = None
    shape: Callable[[Call, R], Json] | None = None
    narrowed: Condition | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The range of elements that a request asks for. One more than `limit` is read, to know whether there are more.
    `order`: another one than the collection's own (`storage.odata.in_another_order`).
    """

    limit: int
    offset: int
    order: int | None = None

    def page(self, elements: Sequence[T]) -> tuple[Sequence[T], str | None]:
        """Return the page, and the $skiptoken of the next one; None after the last page."""
        more = len(elements) > self.limit > 0
        return elements[: self.limit], skip_token(self.offset + self.limit, order=self.order) if more else None


def skip_token(offset: int, *, order: int | None) -> str:
    """Return the $skiptoken of a page, before which there are so many elements in this order."""
    return f"{offset}" if order is None else f"{offset}~{order}"


def of_cast(cast: str, *, base: Entity, kinds: Iterable[Entity]) -> IsOf:
    """Return the condition that a list below a cast has: one of these kinds of the base. Raises Invalid for none."""
    target = entity(cast)
    names = tuple(kind.name for kind in kinds if kind.is_a(target))
    if not names:
        raise Invalid(f"A {target.name} is no {base.name}.", target=cast)
    return IsOf(names)


def condition_of(call: Call, entity: Entity) -> Condition | None:
    """Return the `$filter`, typed by the entity. Raises Invalid if it cannot be understood."""
    if call.query.filter is None:
        return None
    return parse_filter(call.query.filter, entity, types=ENTITIES, version=call.version)


def wanted_of(call: Call, listed: Listed[Any], *, counting: bool = False) -> Condition | None:
    """Return the condition of `$filter` and `$search` together. Raises Invalid, or NotEmulated, for one that cannot be
    answered.
    """
    filtered = condition_of(call, listed.entity)
    if listed.directory:
        _check_advanced(call, filtered, counting=counting)
    searched = None
    if call.query.search is not None:
        if listed.searchable is None:
            raise NotEmulated("$search is not emulated here: use $filter.")
        searched = parse_search(call.query.search, listed.entity, searchable=listed.searchable)
    conditions = tuple(each for each in (listed.narrowed, filtered, searched) if each is not None)
    return And(conditions) if len(conditions) > 1 else conditions[0] if conditions else None


@dataclass(frozen=True, slots=True)
class _PageRequest(Generic[R]):
    """A request for a page of a collection, or of the part of it that belongs to `parent`."""

    call: Call
    listed: Listed[R]
    window: Window
    parent: str | None
    condition: Condition | None

    def rows(self, connection: Connection) -> list[tuple[R, Json]]:
        """Return the rows, each with what `$expand` adds."""
        call, listed = self.call, self.listed
        rows = collections.page(
            connection,
            call.tenant.id,
            collection=listed.collection,
            entity=listed.entity,
            parent=self.parent,
            condition=self.condition,
            keys=call.query.orderby,
            limit=self.window.limit + 1,
            offset=self.window.offset,
            order=self.window.order,
        )
        more = listed.expand(call, connection, rows) if call.query.expand else [{} for _ in rows]
        return list(zip(rows, more, strict=True))

    def documents(self, connection: Connection, properties: tuple[str, ...]) -> list[Json]:
        """Return documents that have only these properties."""
        return collections.page_of_properties(
            connection,
            self.call.tenant.id,
            collection=self.listed.collection,
            entity=self.listed.entity,
            properties=properties,
            parent=self.parent,
            condition=self.condition,
            keys=self.call.query.orderby,
            limit=self.window.limit + 1,
            offset=self.window.offset,
            order=self.window.order,
        )

    def total(self, connection: Connection) -> int | None:
        """Return the size of the whole collection, if `$count` asks for it."""
        if not self.call.query.count or (self.listed.directory and not _is_eventual(self.call)):
            return None
        return collections.count(
            connection,
            self.call.tenant.id,
            collection=self.listed.collection,
            parent=self.parent,
            condition=self.condition,
        )

    def show(self, element: tuple[R, Json]) -> Json:
        """Return a row as this version of Graph shows it."""
        row, more = element
        return {**_shown(self.call, row, listed=self.listed), **more}

    def show_document(self, document: Json) -> Json:
        """Return a document as this version of Graph shows it."""
        return view(self.listed.entity, document, version=self.call.version, select=self.call.query.select)

    async def answer(
        self, read: Callable[[Connection], list[T]], show: Callable[[T], Json], *, context: str | None
    ) -> Answer:
        """Read the page and its total in one transaction, and answer with what is shown of them."""
        elements, total = await self.call.read(lambda connection: (read(connection), self.total(connection)))
        page, next_token = self.window.page(elements)
        values = [show(element) for element in page]
        if total is None and self.listed.always_count:
            total = len(values)
        return collection_answer(
            self.call, values, context=context or self.listed.context, total=total, next_token=next_token
        )


async def list_rows(call: Call, listed: Listed[R], *, parent: str | None = None, context: str | None = None) -> Answer:
    """Answer with a page of the collection, or of the part of it that belongs to `parent`."""
    window = _window(call, listed)
    condition = wanted_of(call, listed)
    check_options(call, listed.entity, *derived_from(listed.entity), expandable=listed.expandable)
    request = _PageRequest(call, listed, window, parent=parent, condition=condition)
    properties = _selected_columns(call, listed)
    if properties is None:
        return await request.answer(request.rows, request.show, context=context)
    return await request.answer(
        partial(request.documents, properties=properties), request.show_document, context=context
    )


def _selected_columns(call: Call, listed: Listed[Any]) -> tuple[str, ...] | None:
    """Return the selected properties and the id, if they can be read without a document; None for the whole row."""
    if call.query.select is None or call.query.expand or listed.shape is not None or listed.entity.polymorphic:
        return None
    known = [listed.entity.find(name, version=call.version) for name in (*call.query.select, "id")]
    names = tuple(dict.fromkeys(prop.name for prop in known if prop is not None))
    return names if collections.has_columns(listed.collection, names) else None


async def count_rows(call: Call, listed: Listed[Any], *, parent: str | None = None) -> Answer:
    """Answer `/$count`: only the number, as text."""
    if listed.directory and not _is_eventual(call):
        raise Invalid("$count is not currently supported: send the header 'ConsistencyLevel: eventual'.")
    condition = wanted_of(call, listed, counting=True)
    total = await call.read(
        collections.count, call.tenant.id, collection=listed.collection, parent=parent, condition=condition
    )
    return Answer(200, text=str(total))


async def get_element(
    call: Call, listed: Listed[R], *, key: str, parent: str | None = None, context: str | None = None
) -> Answer:
    """Answer with the element of the collection with this id. Raises NotFound if it does not exist."""
    check_options(call, listed.entity)
    row = await element_row(call, listed, key=key, parent=parent)
    return entity_answer(call, _shown(call, row, listed=listed), context=context or listed.context)


async def element_row(call: Call, listed: Listed[R], *, key: str, parent: str | None = None) -> R:
    """Return the row of the collection with this id. Raises NotFound if it does not exist."""
    row = await call.read(
        lambda connection: collections.element(
            connection, call.tenant.id, collection=listed.collection, key=key, parent=parent
        )
    )
    if row is None:
        raise NotFound(f"There is no {listed.entity.name} '{key}'.")
    return row


def _window(call: Call, listed: Listed[Any]) -> Window:
    if listed.directory:
        _check_directory(call, listed)
    return window_of(call, page_size=listed.page_size, largest_page=listed.largest_page)


def window_of(call: Call, *, page_size: int = 1000, largest_page: int = 1000) -> Window:
    """Return the range that `$top`, `$skip`, `$skiptoken` and the header Prefer ask for. Raises Invalid for an unknown
    $skiptoken.
    """
    query = call.query
    limit = preferred_size(call, min(page_size if query.top is None else query.top, largest_page))
    if query.skiptoken is None:
        return Window(limit, query.skip or 0)
    token = _TOKEN.fullmatch(query.skiptoken)
    if token is None:
        raise Invalid("The $skiptoken is not one that this service gave out.", target="$skiptoken")
    order = None if token[2] is None or query.orderby else int(token[2])
    return Window(limit, int(token[1]), order)


def preferred_size(call: Call, limit: int) -> int:
    """Return the size of a page: the least that the header Prefer asks for, and at most this limit."""
    sizes = (int(size) for size in _PREFERRED_SIZE.findall(call.headers.get("prefer", "")))
    return min([limit, *(size for size in sizes if size)])


def collection_answer(
    call: Call, values: Sequence[Json], *, context: str, total: int | None = None, next_token: str | None = None
) -> Answer:
    """Answer 200 with `value`."""
    document: Json = {"@odata.context": call.context(context)}
    if total is not None:
        document["@odata.count"] = total
    if next_token is not None:
        document["@odata.nextLink"] = _next_link(call, next_token)
    document["value"] = list(values)
    return Answer(200, document)


def _shown(call: Call, row: R, *, listed: Listed[R]) -> Json:
    """Return the row as this version of Graph shows it."""
    if listed.shape is not None:
        return listed.shape(call, row)
    entity = listed.entity_of(row) if listed.entity_of else listed.entity
    return view(entity, listed.document(row), version=call.version, select=call.query.select)


def _check_directory(call: Call, listed: Listed[Any]) -> None:
    query = call.query
    if query.skip is not None:
        raise Invalid("'$skip' is not supported by the service.", target="$skip")
    if query.top is not None and not 1 <= query.top <= listed.largest_page:
        raise Invalid(f"Invalid page size specified: '{query.top}'. Must be between 1 and {listed.largest_page}.")


def _check_advanced(call: Call, condition: Condition | None, *, counting: bool) -> None:
    """Refuse queries by Graph's "Advanced query capabilities". Differs from Intune: unless the tenant wants it
    faithful, only `$search` and `$count` are refused without the header; conditions are evaluated all the same.
    """
    if call.query.search is not None and not _is_eventual(call):
        raise UnsupportedQuery(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    if condition is None or not call.tenant.setting("graph.faithfulQuery"):
        return
    if is_unsupported(condition):
        raise UnsupportedQuery("Unsupported Query.")
    advanced = is_advanced(condition) or bool(call.query.orderby)
    if advanced and not (_is_eventual(call) and (counting or call.query.count)):
        raise UnsupportedQuery("Unsupported Query.")


def _is_eventual(call: Call) -> bool:
    return call.headers.get("consistencylevel", "").lower() == "eventual"


def _next_link(call: Call, token: str) -> str:
    parameters = [
        (name, value)
        for name, value in parse_qsl(call.raw_query, keep_blank_values=True)
        if name.strip().lower() not in ("$skiptoken", "$skip")
    ]
    parameters.append(("$skiptoken", token))
    query = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in parameters)
    return f"{call.root}/{call.path.strip('/')}?{query}"


def list_documents(
    call: Call,
    documents: Sequence[Json],
    *,
    entity: Entity,
    context: str,
    entity_of: Callable[[Json], Entity] | None = None,
    expandable: tuple[str, ...] = (),
    expand: Callable[[Sequence[Json]], Sequence[Json]] | None = None,
) -> Answer:
    """Answer with a page of the documents, each shown as `entity_of` says, else as the entity. `expand`: what `$expand`
    adds to each of a page. Raises Invalid for options that make no sense.
    """
    check_options(
        call, entity, *(entity_of(document) for document in documents if entity_of is not None), expandable=expandable
    )
    shape_of = entity_of or (lambda _document: entity)
    selected = _wanted(call, documents, entity=entity)
    for key in reversed(call.query.orderby):
        name = _sortable(entity, key.property)
        selected.sort(key=lambda each: (each.get(name) is not None, each.get(name)), reverse=key.descending)
    window = window_of(call)
    if window.order is not None:
        selected = _in_another_order(selected, window.order)
    page, next_token = window.page(selected[window.offset :])
    values = [view(shape_of(each), each, version=call.version, select=call.query.select) for each in page]
    if expand is not None:
        values = [{**value, **more} for value, more in zip(values, expand(page), strict=True)]
    total = len(selected) if call.query.count else None
    return collection_answer(call, values, context=context, total=total, next_token=next_token)


def _in_another_order(documents: list[Json], order: int) -> list[Json]:
    """Do what `storage.odata.in_another_order` does, with documents."""
    if not order:
        return documents[::-1]
    return sorted(documents, key=lambda each: str(each.get("id", ""))[abs(order) - 1 :], reverse=order < 0)


def count_documents(call: Call, documents: Sequence[Json], *, entity: Entity) -> Answer:
    """Answer `/$count`: only the number, as text."""
    return Answer(200, text=str(len(_wanted(call, documents, entity=entity))))


def element_document(call: Call, documents: Sequence[Json], *, entity: Entity, key: str) -> Json | None:
    """Return the document with this id, in any case, as the version shows it; None if no document has it."""
    check_options(call, entity)
    for document in documents:
        if str(document["id"]).lower() == key.lower():
            return view(entity, document, version=call.version, select=call.query.select)
    return None


def _wanted(call: Call, documents: Sequence[Json], *, entity: Entity) -> list[Json]:
    if call.query.search is not None:
        raise NotEmulated("$search is not emulated here: use $filter.")
    condition = condition_of(call, entity)
    whole = [{**defaults(entity), **document} for document in documents]
    return [each for each in whole if condition is None or matches(condition, each)]


def _sortable(entity: Entity, name: str) -> str:
    prop = entity.find(name)
    if prop is None or prop.collection or isinstance(prop.type, ComplexType):
        raise Invalid(f"'{name}' is no property of '{entity.full_name}' that has an order.", target="$orderby")
    return prop.name
