"""Collections: `$filter`, `$orderby`, `$top`, `$skip`, `$select`, `$count`, and the link to the next page.

`$top` is the size of a page, as everywhere in Graph ("Paging Microsoft Graph data in your app"): there is a link as
long as there is more. The link is absolute, on the host that the client called, with all of its options; its
`$skiptoken` is the number of elements before the next page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.odata.entities.index import ENTITIES, derived_from
from fauxtune.core.odata.expressions import Condition
from fauxtune.core.odata.filter import parse_filter
from fauxtune.core.odata.schema import Entity
from fauxtune.core.odata.view import view
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options

Row = dict[str, Any]
T = TypeVar("T")

_PREFERRED_SIZE = re.compile(r"(?:^|[,;\s])(?:odata\.)?maxpagesize=([0-9]{1,9})", re.IGNORECASE)
_TOKEN = re.compile(r"[0-9]{1,9}")


def _expand_nothing(_call: Call, _connection: Connection, _row: Row) -> Json:
    return {}


@dataclass(frozen=True, slots=True)
class Listed:
    """How one collection is listed.

    `directory`: by the directory's rules: no `$skip`, `$top` between 1 and the largest page, `$count` only with the
    header `ConsistencyLevel: eventual`. `always_count`: Intune's own collections say their size unasked. `expand` gives
    what `$expand` adds to a row, for the navigations in `expandable`.
    """

    collection: str
    entity: Entity
    context: str
    document: Callable[[Row], Json]
    entity_of: Callable[[Row], Entity] | None = None
    page_size: int = 1000
    largest_page: int = 1000
    directory: bool = False
    always_count: bool = False
    expandable: tuple[str, ...] = ()
    expand: Callable[[Call, Connection, Row], Json] = _expand_nothing


@dataclass(frozen=True, slots=True)
class Window:
    """The elements that a request asks for. One more than `limit` is looked for, to know whether there are more."""

    limit: int
    offset: int

    def page(self, found: Sequence[T]) -> tuple[Sequence[T], int | None]:
        """The page, and where the next one begins, or None."""
        more = len(found) > self.limit > 0
        return found[: self.limit], self.offset + self.limit if more else None


def condition_of(call: Call, entity: Entity) -> Condition | None:
    """The `$filter`, typed by the entity. Invalid when it cannot be understood."""
    if call.query.filter is None:
        return None
    return parse_filter(call.query.filter, entity, types=ENTITIES, version=call.version)


async def list_rows(call: Call, listed: Listed, *, parent: str | None = None, context: str | None = None) -> Answer:
    """A page of the collection; of the part of it that belongs to `parent`, where a collection has parents."""
    window = window_of(call, listed)
    condition = condition_of(call, listed.entity)
    if call.query.search is not None:
        raise NotEmulated("$search is not emulated: use $filter.")
    check_options(call, listed.entity, *derived_from(listed.entity), expandable=listed.expandable)

    def read(connection: Connection) -> tuple[list[tuple[Row, Json]], int | None]:
        rows = collections.page(
            connection,
            call.tenant.id,
            collection=listed.collection,
            entity=listed.entity,
            parent=parent,
            condition=condition,
            keys=call.query.orderby,
            limit=window.limit + 1,
            offset=window.offset,
        )
        more = [listed.expand(call, connection, row) if call.query.expand else {} for row in rows]
        total = None
        if counts(call, listed):
            total = collections.count(
                connection, call.tenant.id, collection=listed.collection, parent=parent, condition=condition
            )
        return list(zip(rows, more, strict=True)), total

    rows, total = await call.emulator.runner.read(read)
    page, next_offset = window.page(rows)
    values = [{**_shown(call, row, listed=listed), **more} for row, more in page]
    return collection_answer(call, values, context=context or listed.context, total=total, next_offset=next_offset)


async def count_rows(call: Call, listed: Listed, *, parent: str | None = None) -> Answer:
    """`/$count`: the number alone, as text."""
    if listed.directory and not _is_eventual(call):
        raise Invalid("$count is not currently supported: send the header 'ConsistencyLevel: eventual'.")
    condition = condition_of(call, listed.entity)
    total = await call.emulator.runner.read(
        collections.count, call.tenant.id, collection=listed.collection, parent=parent, condition=condition
    )
    return Answer(200, text=str(total))


def window_of(call: Call, listed: Listed) -> Window:
    """What `$top`, `$skip`, `$skiptoken` and the header Prefer ask for. Invalid for what cannot be had."""
    query = call.query
    if listed.directory:
        _check_directory(call, listed)
    limit = min(listed.page_size if query.top is None else query.top, listed.largest_page)
    preferred = _PREFERRED_SIZE.search(call.headers.get("prefer", ""))
    if preferred is not None and int(preferred[1]) > 0:
        limit = min(limit, int(preferred[1]))
    if query.skiptoken is None:
        return Window(limit, query.skip or 0)
    if not _TOKEN.fullmatch(query.skiptoken):
        raise Invalid("The $skiptoken is not one that this service gave out.", target="$skiptoken")
    return Window(limit, int(query.skiptoken))


def counts(call: Call, listed: Listed) -> bool:
    """Whether the answer says how many there are in all."""
    return listed.always_count or (call.query.count and (not listed.directory or _is_eventual(call)))


def collection_answer(
    call: Call, values: Sequence[Json], *, context: str, total: int | None = None, next_offset: int | None = None
) -> Answer:
    """200 with `value`."""
    document: Json = {"@odata.context": call.context(context)}
    if total is not None:
        document["@odata.count"] = total
    if next_offset is not None:
        document["@odata.nextLink"] = _next_link(call, next_offset)
    document["value"] = list(values)
    return Answer(200, document)


def _shown(call: Call, row: Row, *, listed: Listed) -> Json:
    entity = listed.entity_of(row) if listed.entity_of else listed.entity
    return view(entity, listed.document(row), version=call.version, select=call.query.select)


def _check_directory(call: Call, listed: Listed) -> None:
    query = call.query
    if query.skip is not None:
        raise Invalid("'$skip' is not supported by the service.", target="$skip")
    if query.top is not None and not 1 <= query.top <= listed.largest_page:
        raise Invalid(f"Invalid page size specified: '{query.top}'. Must be between 1 and {listed.largest_page}.")


def _is_eventual(call: Call) -> bool:
    return call.headers.get("consistencylevel", "").lower() == "eventual"


def _next_link(call: Call, offset: int) -> str:
    kept = [
        (name, value)
        for name, value in parse_qsl(call.raw_query, keep_blank_values=True)
        if name.strip().lower() not in ("$skiptoken", "$skip")
    ]
    kept.append(("$skiptoken", str(offset)))
    query = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in kept)
    return f"{call.root}/{call.path.strip('/')}?{query}"
