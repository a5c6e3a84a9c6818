"""A page of a collection, and its size: filtered, sorted and paged by SQL, never by loading a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select, type_coerce
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.model.ids import TenantId
from fauxtune.core.odata.query.expressions import Condition
from fauxtune.core.odata.query.options import OrderBy
from fauxtune.core.odata.schema.types import Entity
from fauxtune.storage.collections import COLLECTIONS, Collection
from fauxtune.storage.odata import order_by, where
from fauxtune.storage.queries.waiting import waiting
from fauxtune.storage.tables.base import Moment, Word

Row = dict[str, Any]


def page(
    connection: Connection,
    tenant_id: TenantId,
    *,
    collection: str,
    entity: Entity,
    parent: str | None = None,
    condition: Condition | None = None,
    keys: tuple[OrderBy, ...] = (),
    limit: int,
    offset: int = 0,
    properties: tuple[str, ...] | None = None,
) -> list[Row]:
    """A page of one collection's rows. Invalid for a sort key that does not exist.

    `properties`: these alone are read, each under its name and as documents have it; all must have columns
    (`has_columns`). No document is parsed then.
    """
    found = COLLECTIONS[collection]
    order = order_by(entity, keys, columns=found.columns, document=found.document) if keys else []
    statement = _chosen(connection, found, tenant_id=tenant_id, parent=parent, condition=condition)
    statement = statement.order_by(*order, *found.order)
    if properties is not None:
        statement = statement.with_only_columns(*(_as_kept(found.columns[name]).label(name) for name in properties))
    found_rows = connection.execute(statement.limit(limit).offset(offset))
    names = tuple(found_rows.keys())
    return [dict(zip(names, row, strict=True)) for row in found_rows.all()]


def has_columns(collection: str, properties: tuple[str, ...]) -> bool:
    """Whether every one of these properties has a column of its own."""
    return COLLECTIONS[collection].columns.keys() >= set(properties)


def _as_kept(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A moment as the text that it is kept as."""
    return type_coerce(column, Word) if isinstance(column.type, Moment) else column


def count(
    connection: Connection,
    tenant_id: TenantId,
    *,
    collection: str,
    parent: str | None = None,
    condition: Condition | None = None,
) -> int:
    """How many rows the collection has, or how many meet the condition."""
    inner = _chosen(
        connection, COLLECTIONS[collection], tenant_id=tenant_id, parent=parent, condition=condition
    ).subquery()
    found: int = connection.execute(select(func.count()).select_from(inner)).scalar_one()
    return found


def element(
    connection: Connection, tenant_id: TenantId, *, collection: str, key: str, parent: str | None = None
) -> Row | None:
    """The row with this id, which must have a column of its own."""
    found = COLLECTIONS[collection]
    statement = _chosen(connection, found, tenant_id=tenant_id, parent=parent, condition=None).where(
        found.columns["id"] == key.lower()
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else dict(row)


def elements(connection: Connection, tenant_id: TenantId, *, collection: str, keys: Iterable[str]) -> dict[str, Row]:
    """The rows with these ids, by id: one statement for all."""
    found = COLLECTIONS[collection]
    return _by_id(connection, _whole(found, tenant_id), key=found.columns["id"], keys=keys)


def parts(
    connection: Connection,
    tenant_id: TenantId,
    *,
    collection: str,
    parents: Sequence[str],
    limit: int | None = None,
) -> dict[str, list[Row]]:
    """What belongs to each of these parents, in the collection's order: one statement for all. `limit`: the first so
    many of each, which takes two: what is not among them need not be read then, but for its id.
    """
    rows: dict[str, list[Row]] = {each: [] for each in parents}
    if not rows:
        return {}
    found = COLLECTIONS[collection]
    statement = _of_many(connection, found, tenant_id=tenant_id, parents=parents)
    if limit is None:
        for row in connection.execute(statement.order_by(*found.order)).mappings():
            rows[row["part_of"]].append(dict(row))
        return rows
    part_of, key = statement.selected_columns["part_of"], found.columns["id"]
    place = func.row_number().over(partition_by=part_of, order_by=found.order)
    ranked = statement.with_only_columns(part_of, key, place.label("place")).subquery()
    first = select(ranked.c.part_of, ranked.c.id).where(ranked.c.place <= limit).order_by(ranked.c.place)
    pairs = connection.execute(first).all()
    rest = statement if found.reached is not None else _whole(found, tenant_id)
    whole = _by_id(connection, rest, key=key, keys=[each for _parent, each in pairs])
    for parent, each in pairs:
        # What was deleted between the two is left out.
        if each in whole:
            rows[parent].append(whole[each])
    return rows


def whole(connection: Connection, tenant_id: TenantId, *, collection: str, parent: str) -> Select[Any]:
    """The statement of all that belongs to a parent, to count it by something."""
    return _chosen(connection, COLLECTIONS[collection], tenant_id=tenant_id, parent=parent, condition=None)


def _by_id(
    connection: Connection, statement: Select[Any], *, key: ColumnElement[Any], keys: Iterable[str]
) -> dict[str, Row]:
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    return {row["id"]: dict(row) for row in connection.execute(statement.where(key.in_(wanted))).mappings()}


def _whole(found: Collection, tenant_id: TenantId) -> Select[Any]:
    assert found.statement is not None, "a collection that is not reached has a statement"
    return found.statement(tenant_id)


def _of_many(connection: Connection, found: Collection, *, tenant_id: TenantId, parents: Sequence[str]) -> Select[Any]:
    if found.reached is not None:
        return found.reached(tenant_id, waiting(connection, tenant_id, profile_ids=parents))
    if found.of_many is not None:
        return found.of_many(tenant_id, parents)
    assert found.parent is not None, "a collection of what has parents"
    return _whole(found, tenant_id).where(found.parent.in_(parents)).add_columns(found.parent.label("part_of"))


def _chosen(
    connection: Connection,
    found: Collection,
    *,
    tenant_id: TenantId,
    parent: str | None,
    condition: Condition | None,
) -> Select[Any]:
    if found.reached is not None and parent is not None:
        statement = _of_many(connection, found, tenant_id=tenant_id, parents=[parent])
    elif found.within is not None and parent is not None:
        statement = found.within(tenant_id, parent)
    else:
        statement = _whole(found, tenant_id)
    if found.parent is not None:
        statement = statement.where(found.parent == parent)
    if condition is None:
        return statement
    return statement.where(where(condition, columns=found.columns, document=found.document))
