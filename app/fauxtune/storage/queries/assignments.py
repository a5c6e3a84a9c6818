"""Single assignments, and the filters of assignments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.storage import rows
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

#: Joins a device's record with its category: filters look at the category's name, which the record does not hold.
CATEGORY = and_(
    device_categories.c.tenant_id == managed_devices.c.tenant_id,
    device_categories.c.id == managed_devices.c.category_id,
)
CATEGORY_NAME = device_categories.c.display_name.label("category_name")
_RECORD = (
    select(managed_devices.c.document, CATEGORY_NAME)
    .join(device_categories, CATEGORY, isouter=True)
    .where(managed_devices.c.tenant_id == bindparam("tenant"), managed_devices.c.enrollment_id == bindparam("device"))
)


def assignment(connection: Connection, tenant_id: TenantId, *, profile_id: str, assignment_id: str) -> Row | None:
    """One assignment of this profile."""
    statement = select(assignments).where(
        assignments.c.tenant_id == tenant_id,
        assignments.c.profile_id == profile_id,
        assignments.c.id == assignment_id.lower(),
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else dict(row)


def add_assignment(connection: Connection, tenant_id: TenantId, *, profile_id: str, new: Row) -> None:
    """One more assignment, after the others."""
    last = select(func.max(assignments.c.position)).where(
        assignments.c.tenant_id == tenant_id, assignments.c.profile_id == profile_id
    )
    found: int | None = connection.execute(last).scalar()
    at = 0 if found is None else found + 1
    rows.add(connection, assignments, tenant_id=tenant_id, profile_id=profile_id, position=at, **new)


def change_assignment(connection: Connection, tenant_id: TenantId, *, assignment_id: str, **values: Any) -> None:
    """Change columns of an assignment."""
    rows.change(connection, assignments, where={"tenant_id": tenant_id, "id": assignment_id}, values=values)


def remove_assignment(connection: Connection, tenant_id: TenantId, *, assignment_id: str) -> None:
    """The assignment goes."""
    rows.remove(connection, assignments, tenant_id=tenant_id, id=assignment_id)


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
    rows.add(connection, assignment_filters, tenant_id=tenant_id, **values)


def change_filter(connection: Connection, tenant_id: TenantId, *, filter_id: str, document: Row) -> None:
    """What the filter says from now on."""
    where = {"tenant_id": tenant_id, "id": filter_id}
    rows.change(connection, assignment_filters, where=where, values={"document": document})


def delete_filter(connection: Connection, tenant_id: TenantId, *, filter_id: str) -> None:
    """The filter goes."""
    rows.remove(connection, assignment_filters, tenant_id=tenant_id, id=filter_id)


def users_of_filter(connection: Connection, tenant_id: TenantId, *, filter_id: str) -> list[Row]:
    """The assignments with this filter, each with its profile's `profile_document`."""
    statement = (
        select(assignments, profiles.c.document.label("profile_document"), profiles.c.kind.label("profile_kind"))
        .join(profiles, (profiles.c.id == assignments.c.profile_id) & (profiles.c.tenant_id == assignments.c.tenant_id))
        .where(assignments.c.tenant_id == tenant_id, assignments.c.filter_id == filter_id)
        .order_by(profiles.c.created_at, profiles.c.id, assignments.c.position)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def seen_by_filters(row: Mapping[str, Any]) -> Row:
    """A record's document with the name of its category, from a row that has both."""
    return {**(row["document"] or {}), "deviceCategoryDisplayName": row["category_name"] or "Unknown"}


def record_for_filters(connection: Connection, tenant_id: TenantId, *, enrollment_id: str) -> Row:
    """Graph's record of a device as filters see it; empty when there is none any more."""
    row = connection.execute(_RECORD, {"tenant": tenant_id, "device": enrollment_id}).mappings().first()
    return {} if row is None else seen_by_filters(dict(row))


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
        yield seen_by_filters(dict(row))


def records_of(connection: Connection, tenant_id: TenantId, *, ids: Sequence[EnrollmentId]) -> list[Row]:
    """Graph's records of these enrolments, with the moment of the last check-in, in their order."""
    found: dict[str, Row] = {}
    for start in range(0, len(ids), 500):
        statement = (
            select(managed_devices, enrollments.c.last_checkin_at)
            .join(enrollments, enrollments.c.id == managed_devices.c.enrollment_id)
            .where(managed_devices.c.tenant_id == tenant_id, enrollments.c.id.in_(ids[start : start + 500]))
        )
        found |= {row["enrollment_id"]: dict(row) for row in connection.execute(statement).mappings()}
    return [found[each] for each in ids if each in found]
