"""Filters of assignments, who uses them, and the devices as they see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.storage import writes
from fauxtune.storage.collections.devices import CATEGORY, CATEGORY_NAME, NO_CATEGORY
from fauxtune.storage.tables import (
    assignment_filters,
    assignments,
    device_categories,
    enrollments,
    managed_devices,
    profiles,
)

Row = dict[str, Any]

# Asked at every planning of a device that an assignment with a filter can reach.
_FILTERS = select(assignment_filters).where(
    assignment_filters.c.tenant_id == bindparam("tenant"),
    assignment_filters.c.id.in_(bindparam("ids", expanding=True)),
)

_RECORD = (
    select(managed_devices.c.document, CATEGORY_NAME)
    .join(device_categories, CATEGORY, isouter=True)
    .where(managed_devices.c.tenant_id == bindparam("tenant"), managed_devices.c.enrollment_id == bindparam("device"))
)


def assignment_filter(connection: Connection, tenant_id: TenantId, *, filter_id: str) -> Row | None:
    """The filter with this id."""
    return filters_by_id(connection, tenant_id, ids={filter_id.lower()}).get(filter_id.lower())


def filters_by_id(connection: Connection, tenant_id: TenantId, *, ids: Iterable[str]) -> dict[str, Row]:
    """These filters, by id."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    found = connection.execute(_FILTERS, {"tenant": tenant_id, "ids": wanted}).mappings()
    return {row["id"]: dict(row) for row in found}


def add_filter(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new filter."""
    writes.add(connection, assignment_filters, tenant_id=tenant_id, **values)


def change_filter(connection: Connection, tenant_id: TenantId, *, filter_id: str, document: Row) -> None:
    """What the filter says from now on."""
    where = {"tenant_id": tenant_id, "id": filter_id}
    writes.change(connection, assignment_filters, where=where, values={"document": document})


def delete_filter(connection: Connection, tenant_id: TenantId, *, filter_id: str) -> None:
    """The filter goes."""
    writes.remove(connection, assignment_filters, tenant_id=tenant_id, id=filter_id)


def users_of_filter(connection: Connection, tenant_id: TenantId, *, filter_id: str) -> list[Row]:
    """The assignments with this filter, each with its profile's `profile_document`."""
    statement = (
        select(assignments, profiles.c.document.label("profile_document"), profiles.c.kind.label("profile_kind"))
        .join(profiles, (profiles.c.id == assignments.c.profile_id) & (profiles.c.tenant_id == assignments.c.tenant_id))
        .where(assignments.c.tenant_id == tenant_id, assignments.c.filter_id == filter_id)
        .order_by(profiles.c.created_at, profiles.c.id, assignments.c.position)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def seen_by_filters(row: RowMapping | Row) -> Row:
    """A record's document with the name of its category, from a row that has both."""
    return {**(row["document"] or {}), "deviceCategoryDisplayName": row["category_name"] or NO_CATEGORY}


def record_for_filters(connection: Connection, tenant_id: TenantId, *, enrollment_id: str) -> Row:
    """Graph's record of a device as filters see it; empty when there is none any more."""
    row = connection.execute(_RECORD, {"tenant": tenant_id, "device": enrollment_id}).mappings().first()
    return {} if row is None else seen_by_filters(row)


def records_of_variants(connection: Connection, tenant_id: TenantId, *, variants: Sequence[str]) -> Iterator[Row]:
    """Graph's records of the active devices of these variants as filters see them, by device name, one by one."""
    statement = (
        select(managed_devices.c.document, CATEGORY_NAME)
        .join(enrollments, enrollments.c.id == managed_devices.c.enrollment_id)
        .join(device_categories, CATEGORY, isouter=True)
        .where(
            managed_devices.c.tenant_id == tenant_id,
            enrollments.c.variant.in_(variants),
            enrollments.c.state == EnrollmentState.ACTIVE.value,
        )
        .order_by(managed_devices.c.document["deviceName"].as_string(), managed_devices.c.id)
    )
    for row in connection.execute(statement.execution_options(yield_per=500)).mappings():
        yield seen_by_filters(row)
