"""Assignment filters with what they are used for, and scope tags with the groups whose devices get them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from sqlalchemy import Connection, bindparam, func, or_, select

from fauxtune.core.model.ids import EnrollmentId, FilterId, TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.text import JsonObject
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.collections.devices import CATEGORY, CATEGORY_NAME, NO_CATEGORY
from fauxtune.storage.rows.configuration import FilterRow, FilterUseRow
from fauxtune.storage.rows.tenants import RoleScopeTagAssignmentRow, RoleScopeTagRow
from fauxtune.storage.tables import (
    assignment_filters,
    assignments,
    device_categories,
    enrollments,
    managed_devices,
    profiles,
    resources,
    role_scope_tag_assignments,
    role_scope_tags,
)
from fauxtune.storage.tenancy import of_tenant, rows_of, same_tenant

# Read at every planning of a device that an assignment with a filter can reach.
_FILTERS = Prepared(
    rows_of(assignment_filters).where(
        assignment_filters.c.id.in_(bindparam("ids", expanding=True)),
    )
)

_RECORDS = (
    select(managed_devices.c.enrollment_id, managed_devices.c.document, CATEGORY_NAME)
    .join(device_categories, CATEGORY, isouter=True)
    .where(
        of_tenant(managed_devices),
        managed_devices.c.enrollment_id.in_(bindparam("ids", expanding=True)),
    )
)


def assignment_filter(connection: Connection, tenant_id: TenantId, *, filter_id: str) -> FilterRow | None:
    """Return the filter with this id, in any case."""
    key = FilterId(filter_id.lower())
    return filters_by_id(connection, tenant_id, ids={key}).get(key)


def filters_by_id(connection: Connection, tenant_id: TenantId, *, ids: Iterable[FilterId]) -> dict[FilterId, FilterRow]:
    """Return these filters, by id."""
    keys = sorted(set(ids))
    if not keys:
        return {}
    rows = reads.every(connection, _FILTERS, row=FilterRow, values={"tenant": tenant_id, "ids": keys})
    return {row.id: row for row in rows}


def add_filter(connection: Connection, row: FilterRow) -> None:
    """Add a filter."""
    writes.add_row(connection, assignment_filters, row=row)


def count_filters(connection: Connection, tenant_id: TenantId) -> int:
    """Return how many filters the tenant has."""
    statement = select(func.count()).select_from(assignment_filters).where(of_tenant(assignment_filters, tenant_id))
    return int(connection.execute(statement).scalar_one())


def change_filter(connection: Connection, tenant_id: TenantId, *, filter_id: FilterId, document: JsonObject) -> None:
    """Replace the filter's document."""
    where = {"tenant_id": tenant_id, "id": filter_id}
    writes.change(connection, assignment_filters, where=where, values={"document": document})


def delete_filter(connection: Connection, tenant_id: TenantId, *, filter_id: FilterId) -> None:
    """Delete a filter."""
    writes.remove(connection, assignment_filters, tenant_id=tenant_id, id=filter_id)


def uses_of_filter(connection: Connection, tenant_id: TenantId, *, filter_id: FilterId) -> list[FilterUseRow]:
    """Return the assignments with this filter, by what they assign: profiles first, then resources."""
    of_profiles, of_resources = (
        (table.c.id == assignments.c.profile_id) & same_tenant(table, assignments) for table in (profiles, resources)
    )
    statement = (
        select(
            assignments,
            func.coalesce(profiles.c.document, resources.c.document),
            func.coalesce(profiles.c.kind, resources.c.kind),
        )
        .join(profiles, of_profiles, isouter=True)
        .join(resources, of_resources & (resources.c.parent_id == ""), isouter=True)
        .where(of_tenant(assignments, tenant_id), assignments.c.filter_id == filter_id)
        .where(or_(profiles.c.id.is_not(None), resources.c.id.is_not(None)))
        .order_by(
            profiles.c.id.is_(None),
            func.coalesce(profiles.c.created_at, resources.c.created_at),
            assignments.c.profile_id,
            assignments.c.position,
        )
    )
    return reads.every(connection, statement, row=FilterUseRow)


def seen_by_filters(document: JsonObject | None, category_name: str | None) -> JsonObject:
    """Return a device's record as filters read it: its document with the name of its category."""
    return {**(document or {}), "deviceCategoryDisplayName": category_name or NO_CATEGORY}


def record_for_filters(connection: Connection, tenant_id: TenantId, *, enrollment_id: EnrollmentId) -> JsonObject:
    """Return Graph's record of a device as filters read it; empty after the record was deleted."""
    return records_for_filters(connection, tenant_id, ids=[enrollment_id]).get(enrollment_id, {})


def records_for_filters(
    connection: Connection, tenant_id: TenantId, *, ids: Collection[EnrollmentId]
) -> dict[EnrollmentId, JsonObject]:
    """Return Graph's records of these devices as filters read them, without those that were deleted."""
    return {
        row[0]: seen_by_filters(*row[1:])
        for some in reads.in_parts(ids)
        for row in connection.execute(_RECORDS, {"tenant": tenant_id, "ids": some})
    }


def records_of_variants(
    connection: Connection, tenant_id: TenantId, *, variants: Sequence[str]
) -> Iterator[JsonObject]:
    """Yield Graph's records of the active devices of these variants as filters read them, by device name."""
    statement = (
        select(managed_devices.c.document, CATEGORY_NAME)
        .join(enrollments, enrollments.c.id == managed_devices.c.enrollment_id)
        .join(device_categories, CATEGORY, isouter=True)
        .where(
            of_tenant(managed_devices, tenant_id),
            enrollments.c.variant.in_(variants),
            enrollments.c.state == EnrollmentState.ACTIVE.value,
        )
        .order_by(managed_devices.c.document["deviceName"].as_string(), managed_devices.c.id)
    )
    for row in connection.execute(statement.execution_options(yield_per=500)):
        yield seen_by_filters(*row)


def tag(connection: Connection, tenant_id: TenantId, *, tag_id: str) -> RoleScopeTagRow | None:
    """Return the tag with this id."""
    rows = tags(connection, tenant_id, ids=[tag_id])
    return rows[0] if rows else None


def tags(connection: Connection, tenant_id: TenantId, *, ids: Iterable[str]) -> list[RoleScopeTagRow]:
    """Return those of these tags that exist, in the order of their numbers."""
    statement = rows_of(role_scope_tags, tenant_id).where(role_scope_tags.c.id.in_(list(ids)))
    return reads.every(connection, statement.order_by(role_scope_tags.c.number), row=RoleScopeTagRow)


def tag_named(connection: Connection, tenant_id: TenantId, *, name: str) -> RoleScopeTagRow | None:
    """Return the tag with this name, in any case."""
    display_name = func.lower(role_scope_tags.c.document["displayName"].as_string())
    statement = rows_of(role_scope_tags, tenant_id).where(display_name == name.lower())
    return reads.first(connection, statement, row=RoleScopeTagRow)


def last_number(connection: Connection, tenant_id: TenantId) -> int:
    """Return the highest number of a tag; -1 where there is no tag."""
    highest = func.coalesce(func.max(role_scope_tags.c.number), -1)
    statement = select(highest).where(of_tenant(role_scope_tags, tenant_id))
    return int(connection.execute(statement).scalar_one())


def add_tag(connection: Connection, row: RoleScopeTagRow) -> None:
    """Add a tag."""
    writes.add_row(connection, role_scope_tags, row=row)


def change_tag(connection: Connection, tenant_id: TenantId, *, tag_id: str, document: JsonObject) -> None:
    """Replace the tag's document."""
    where = {"tenant_id": tenant_id, "id": tag_id}
    writes.change(connection, role_scope_tags, where=where, values={"document": document})


def delete_tag(connection: Connection, tenant_id: TenantId, *, tag_id: str) -> None:
    """Delete the tag and its assignments."""
    writes.remove(connection, role_scope_tag_assignments, tenant_id=tenant_id, tag_id=tag_id)
    writes.remove(connection, role_scope_tags, tenant_id=tenant_id, id=tag_id)


def replace_assignments(
    connection: Connection, tenant_id: TenantId, *, tag_id: str, documents: list[JsonObject]
) -> None:
    """Replace all assignments of a tag, in this order."""
    writes.remove(connection, role_scope_tag_assignments, tenant_id=tenant_id, tag_id=tag_id)
    rows = [
        RoleScopeTagAssignmentRow(tenant_id, tag_id, document["id"], position, document)
        for position, document in enumerate(documents)
    ]
    writes.add_rows(connection, role_scope_tag_assignments, rows=rows)


def assignments_of(connection: Connection, tenant_id: TenantId, *, tag_id: str) -> list[JsonObject]:
    """Return the documents of a tag's assignments, in order."""
    of_tag = (of_tenant(role_scope_tag_assignments, tenant_id), role_scope_tag_assignments.c.tag_id == tag_id)
    statement = select(role_scope_tag_assignments.c.document).where(*of_tag)
    return list(connection.execute(statement.order_by(role_scope_tag_assignments.c.position)).scalars())
