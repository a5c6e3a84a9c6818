"""Collections: `$filter`, `$orderby`, `$top`, `$skip`, `$select`, `$count`, and the link to the next page.

The next page is an absolute link on the host that the client called, with all of its options; its `$skiptoken` is the
number of elements before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.entities.index import ENTITIES, derived_from
from fauxtune.core.odata.expressions import Condition
from fauxtune.core.odata.filter import parse_filter
from fauxtune.core.odata.schema import Entity
from fauxtune.core.odata.view import check_select, view
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.surfaces.graph.call import Answer, Call, Json

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """How one collection is listed. `always_count`: Intune's own collections say their size unasked."""

    collection: str
    entity: Entity
    context: str
    document: Callable[[Row], Json]
    entity_of: Callable[[Row], Entity] | None = None
    page_size: int = 1000
    largest_page: int = 1000
    may_skip: bool = True
    always_count: bool = False


def condition_of(call: Call, entity: Entity) -> Condition | None:
    """The `$filter`, typed by the entity. Invalid when it cannot be understood."""
    if call.query.filter is None:
        return None
    return parse_filter(call.query.filter, entity, types=ENTITIES, version=call.version)


async def list_rows(call: Call, listed: Listed) -> Answer:
    """A page of the collection."""
    limit, offset = _window(call, listed)
    condition = condition_of(call, listed.entity)
    check_select(call.query.select, entities=(listed.entity, *derived_from(listed.entity)), version=call.version)
    counted = call.query.count or listed.always_count

    def read(connection: Connection) -> tuple[list[Row], int | None]:
        rows = collections.page(
            connection,
            call.tenant.id,
            collection=listed.collection,
            entity=listed.entity,
            condition=condition,
            keys=call.query.orderby,
            limit=limit + 1,
            offset=offset,
        )
        total = None
        if counted:
            total = collections.count(connection, call.tenant.id, collection=listed.collection, condition=condition)
        return rows, total

    rows, total = await call.emulator.runner.read(read)
    values = [
        view(
            listed.entity_of(row) if listed.entity_of else listed.entity,
            listed.document(row),
            version=call.version,
            select=call.query.select,
        )
        for row in rows[:limit]
    ]
    more = (len(rows) > limit and call.query.top is None) or (len(rows) > limit and limit < (call.query.top or 0))
    return collection_answer(
        call, values, context=listed.context, total=total, next_offset=offset + limit if more else None
    )


async def count_rows(call: Call, listed: Listed) -> Answer:
    """`/$count`: the number alone, as text."""
    condition = condition_of(call, listed.entity)
    total = await call.emulator.runner.read(
        collections.count, call.tenant.id, collection=listed.collection, condition=condition
    )
    return Answer(200, text=str(total))


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


def _window(call: Call, listed: Listed) -> tuple[int, int]:
    query = call.query
    if query.skip is not None and not listed.may_skip:
        raise Invalid("'$skip' is not supported by the service.", target="$skip")
    if query.top is not None and query.top > listed.largest_page and not listed.may_skip:
        raise Invalid(f"Invalid page size specified: '{query.top}'. Must be between 1 and {listed.largest_page}.")
    limit = min(query.top or listed.page_size, listed.largest_page)
    preferred = call.headers.get("prefer", "").lower().partition("odata.maxpagesize=")[2].partition(",")[0].strip()
    if preferred.isdigit() and int(preferred) > 0:
        limit = min(limit, int(preferred))
    if query.skiptoken is None:
        return limit, query.skip or 0
    if not query.skiptoken.isdigit():
        raise Invalid("The $skiptoken is not one that this service gave out.", target="$skiptoken")
    return limit, int(query.skiptoken)


def _next_link(call: Call, offset: int) -> str:
    kept = [
        (name, value)
        for name, value in parse_qsl(call.raw_query, keep_blank_values=True)
        if name.lower() not in ("$skiptoken", "$skip")
    ]
    kept.append(("$skiptoken", str(offset)))
    query = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in kept)
    return f"{call.root}/{call.path.strip('/')}?{query}"
