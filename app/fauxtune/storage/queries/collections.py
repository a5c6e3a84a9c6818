"""A page of a collection, and its size: filtered, sorted and paged by SQL, never by loading a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, func, select, type_coerce
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.model.ids import ProfileId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.query.expressions import Condition
from fauxtune.core.odata.query.options import OrderBy
from fauxtune.core.odata.schema.types import Entity
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.columns import Moment, Word
from fauxtune.storage.odata import in_another_order, order_by, where
from fauxtune.storage.queries.visits import waiting

R = TypeVar("R")


def page(
    connection: Connection,
    tenant_id: TenantId,
    *,
    collection: Collection[R],
    entity: Entity,
    parent: str | None = None,
    condition: Condition | None = None,
    keys: tuple[OrderBy, ...] = (),
    limit: int,
    offset: int = 0,
    order: int | None = None,
) -> list[R]:
    """Return a page of one collection's rows. `order`: another one than the collection's own. Raises Invalid for a sort
    key that does not exist.
    """
    statement = _matching(connection, collection, tenant_id=tenant_id, parent=parent, condition=condition)
    statement = _sorted(statement, collection, entity=entity, keys=keys, order=order).limit(limit).offset(offset)
    return [collection.row(row) for row in connection.execute(statement).all()]


def page_of_properties(
    connection: Connection,
    tenant_id: TenantId,
    *,
    collection: Collection[Any],
    entity: Entity,
    properties: tuple[str, ...],
    parent: str | None = None,
    condition: Condition | None = None,
    keys: tuple[OrderBy, ...] = (),
    limit: int,
    offset: int = 0,
    order: int | None = None,
) -> list[JsonObject]:
    """Return a page of documents that have only these properties, which must all have columns (`has_columns`): no
    stored document is parsed. Raises Invalid for a sort key that does not exist.
    """
    statement = _matching(connection, collection, tenant_id=tenant_id, parent=parent, condition=condition)
    statement = _sorted(statement, collection, entity=entity, keys=keys, order=order).limit(limit).offset(offset)
    columns = (_as_stored(collection.columns[name]).label(name) for name in properties)
    rows = connection.execute(statement.with_only_columns(*columns))
    return [dict(zip(properties, row, strict=True)) for row in rows]


def has_columns(collection: Collection[Any], properties: tuple[str, ...]) -> bool:
    """Whether every one of these properties has a column of its own."""
    return collection.columns.keys() >= set(properties)


def _sorted(
    statement: Select[Any],
    collection: Collection[Any],
    *,
    entity: Entity,
    keys: tuple[OrderBy, ...],
    order: int | None,
) -> Select[Any]:
    if order is not None:
        return statement.order_by(*in_another_order(collection.order, order, key=collection.columns.get("id")))
    terms = order_by(entity, keys, columns=collection.columns, document=collection.document) if keys else []
    return statement.order_by(*terms, *collection.order)


def _as_stored(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A moment as the text that is stored."""
    return type_coerce(column, Word) if isinstance(column.type, Moment) else column


def count(
    connection: Connection,
    tenant_id: TenantId,
    *,
    collection: Collection[Any],
    parent: str | None = None,
    condition: Condition | None = None,
) -> int:
    """Return how many rows the collection has, or how many meet the condition."""
    inner = _matching(connection, collection, tenant_id=tenant_id, parent=parent, condition=condition).subquery()
    total: int = connection.execute(select(func.count()).select_from(inner)).scalar_one()
    return total


def element(
    connection: Connection, tenant_id: TenantId, *, collection: Collection[R], key: str, parent: str | None = None
) -> R | None:
    """Return the row with this id, which must have a column of its own."""
    statement = _matching(connection, collection, tenant_id=tenant_id, parent=parent, condition=None).where(
        collection.columns["id"] == key.lower()
    )
    row = connection.execute(statement).first()
    return None if row is None else collection.row(row)


def elements(
    connection: Connection, tenant_id: TenantId, *, collection: Collection[R], keys: Iterable[str]
) -> dict[str, R]:
    """Return the rows with these ids, by id: one statement for all."""
    return _by_id(connection, _whole(collection, tenant_id), collection=collection, keys=keys)


def parts(
    connection: Connection,
    tenant_id: TenantId,
    *,
    collection: Collection[R],
    parents: Sequence[str],
    limit: int | None = None,
) -> dict[str, list[R]]:
    """Return the elements of each of these parents, in the collection's order: one statement for all. `limit`: the
    first so many of each, which takes two statements: of the others only the ids are read.
    """
    rows: dict[str, list[R]] = {parent: [] for parent in parents}
    if not rows:
        return {}
    statement = _of_many(connection, collection, tenant_id=tenant_id, parents=parents)
    if limit is None:
        for row in connection.execute(statement.order_by(*collection.order)):
            rows[row[-1]].append(collection.row(row[:-1]))
        return rows
    part_of, key = statement.selected_columns["part_of"], collection.columns["id"]
    place = func.row_number().over(partition_by=part_of, order_by=collection.order)
    ranked = statement.with_only_columns(part_of, key, place.label("place")).subquery()
    first = select(ranked.c.part_of, ranked.c.id).where(ranked.c.place <= limit).order_by(ranked.c.place)
    pairs = connection.execute(first).all()
    rest = statement if collection.reached is not None else _whole(collection, tenant_id)
    whole = _by_id(connection, rest, collection=collection, keys=[key for _parent, key in pairs])
    for parent, element_id in pairs:
        # What was deleted between the two is left out.
        if element_id in whole:
            rows[parent].append(whole[element_id])
    return rows


def whole(connection: Connection, tenant_id: TenantId, *, collection: Collection[Any], parent: str) -> Select[Any]:
    """Return the statement of all elements of a parent, to count them by a column."""
    return _matching(connection, collection, tenant_id=tenant_id, parent=parent, condition=None)


def _by_id(
    connection: Connection, statement: Select[Any], *, collection: Collection[R], keys: Iterable[str]
) -> dict[str, R]:
    ids = sorted(set(keys))
    if not ids:
        return {}
    key = collection.columns["id"]
    rows = connection.execute(statement.where(key.in_(ids)).add_columns(key.label("element_id")))
    return {row[-1]: collection.row(row[:-1]) for row in rows}


def _whole(collection: Collection[Any], tenant_id: TenantId) -> Select[Any]:
    assert collection.statement is not None, "a collection that is not reached has a statement"
    return collection.statement(tenant_id)


def _of_many(
    connection: Connection, collection: Collection[Any], *, tenant_id: TenantId, parents: Sequence[str]
) -> Select[Any]:
    if collection.reached is not None:
        return collection.reached(
            tenant_id, waiting(connection, tenant_id, profile_ids=[ProfileId(parent) for parent in parents])
        )
    if collection.of_many is not None:
        return collection.of_many(tenant_id, parents)
    parent = collection.parent
    assert parent is not None, "a collection whose elements have parents"
    return _whole(collection, tenant_id).where(parent.in_(parents)).add_columns(parent.label("part_of"))


def _matching(
    connection: Connection,
    collection: Collection[Any],
    *,
    tenant_id: TenantId,
    parent: str | None,
    condition: Condition | None,
) -> Select[Any]:
    if collection.reached is not None and parent is not None:
        statement = _of_many(connection, collection, tenant_id=tenant_id, parents=[parent])
    elif collection.within is not None and parent is not None:
        statement = collection.within(tenant_id, parent)
    else:
        statement = _whole(collection, tenant_id)
    if collection.parent is not None:
        statement = statement.where(collection.parent == parent)
    if condition is None:
        return statement
    return statement.where(where(condition, columns=collection.columns, document=collection.document))
