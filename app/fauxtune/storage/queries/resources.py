"""Resources and their parts, by family and id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Unpack

from sqlalchemy import Connection, bindparam, func, or_, select

from fauxtune.core.model.ids import ProfileId, TenantId
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.rows.resources import ResourceChanges, ResourceRow
from fauxtune.storage.tables import assignments, resources
from fauxtune.storage.tenancy import of_tenant, rows_of

#: Ids in one statement.
_CHUNK = 500
_OF_FAMILY = (of_tenant(resources), resources.c.family == bindparam("family"))
_ONE = Prepared(
    select(resources).where(
        *_OF_FAMILY,
        resources.c.parent_id == bindparam("parent"),
        resources.c.id.in_([bindparam("id"), bindparam("folded")]),
    )
)
_ALL = Prepared(
    select(resources)
    .where(*_OF_FAMILY, resources.c.parent_id == bindparam("parent"))
    .order_by(resources.c.created_at, resources.c.id)
)
_PARTS = Prepared(
    select(resources)
    .where(*_OF_FAMILY, resources.c.parent_id.in_(bindparam("ids", expanding=True)))
    .order_by(resources.c.created_at, resources.c.id)
)
_BY_ID = Prepared(
    rows_of(resources).where(
        resources.c.parent_id == "",
        resources.c.id.in_(bindparam("ids", expanding=True)),
    )
)


def resource(
    connection: Connection, tenant_id: TenantId, *, family: str, resource_id: str, parent_id: str = ""
) -> ResourceRow | None:
    """Return the stored resource of a family with this id; a GUID may be written in any case."""
    folded = resource_id.lower()
    values = {"tenant": tenant_id, "family": family, "parent": parent_id, "id": resource_id, "folded": folded}
    return reads.first(connection, _ONE, row=ResourceRow, values=values)


def part(connection: Connection, tenant_id: TenantId, *, family: str, part_id: str) -> ResourceRow | None:
    """Return the part of this family with this id, whatever it is a part of."""
    statement = rows_of(resources, tenant_id).where(resources.c.family == family, resources.c.id == part_id)
    return reads.first(connection, statement, row=ResourceRow)


def resources_of_family(
    connection: Connection, tenant_id: TenantId, *, family: str, parent_id: str = ""
) -> list[ResourceRow]:
    """Return all stored resources of a family, or all parts of one resource, oldest first."""
    values = {"tenant": tenant_id, "family": family, "parent": parent_id}
    return reads.every(connection, _ALL, row=ResourceRow, values=values)


def resources_by_id(connection: Connection, tenant_id: TenantId, *, ids: Collection[str]) -> dict[str, ResourceRow]:
    """Return the stored resources with these ids, of any family."""
    rows = reads.many(connection, _BY_ID, row=ResourceRow, ids=ids, values={"tenant": tenant_id})
    return {row.id: row for row in rows}


def parts_of(
    connection: Connection, tenant_id: TenantId, *, family: str, paths: Collection[str]
) -> dict[str, list[ResourceRow]]:
    """Return the parts of each of these resources or parts, oldest first, by the path of what they are below."""
    parts: dict[str, list[ResourceRow]] = {path: [] for path in paths}
    for row in reads.many(
        connection, _PARTS, row=ResourceRow, ids=list(parts), values={"tenant": tenant_id, "family": family}
    ):
        parts[row.parent_id].append(row)
    return parts


def assigned_of_family(connection: Connection, tenant_id: TenantId, *, family: str) -> list[ResourceRow]:
    """Return the stored resources of a family that are assigned to anything, oldest first."""
    assigned = select(assignments.c.profile_id).where(of_tenant(assignments, tenant_id))
    statement = (
        rows_of(resources, tenant_id)
        .where(
            resources.c.family == family,
            resources.c.parent_id == "",
            resources.c.id.in_(assigned),
        )
        .order_by(resources.c.created_at, resources.c.id)
    )
    return reads.every(connection, statement, row=ResourceRow)


def resources_in_state(
    connection: Connection, tenant_id: TenantId, *, family: str, member: Sequence[str], states: Collection[str]
) -> list[ResourceRow]:
    """Return the stored resources of a family whose member, named by its path in the document, has one of these
    states; oldest first.
    """
    statement = (
        rows_of(resources, tenant_id)
        .where(
            resources.c.family == family,
            resources.c.parent_id == "",
            resources.c.document[tuple(member)].as_string().in_(sorted(states)),
        )
        .order_by(resources.c.created_at, resources.c.id)
    )
    return reads.every(connection, statement, row=ResourceRow)


def add_resource(connection: Connection, row: ResourceRow) -> None:
    """Add a resource or a part."""
    writes.add_row(connection, resources, row=row)


def add_resources(connection: Connection, rows: Sequence[ResourceRow]) -> None:
    """Add many resources."""
    writes.add_rows(connection, resources, rows=rows)


def put_resource(connection: Connection, row: ResourceRow) -> None:
    """Add a resource, or a built-in one that was not stored, in place of the stored one."""
    writes.put_rows(connection, resources, rows=[row])


def change_resource(connection: Connection, row: ResourceRow, **changes: Unpack[ResourceChanges]) -> None:
    """Change columns of a stored resource."""
    where = {"tenant_id": row.tenant_id, "family": row.family, "parent_id": row.parent_id, "id": row.id}
    writes.change(connection, resources, where=where, values=changes)


def delete_resource(connection: Connection, row: ResourceRow) -> None:
    """Delete a resource, everything below it, and its assignments."""
    where = {"tenant_id": row.tenant_id, "family": row.family, "parent_id": row.parent_id, "id": row.id}
    writes.remove(connection, resources, **where)
    writes.remove_where(
        connection,
        resources,
        of_tenant(resources, row.tenant_id),
        resources.c.family.startswith(f"{row.family}/", autoescape=True),
        or_(resources.c.parent_id == row.path, resources.c.parent_id.startswith(f"{row.path}/", autoescape=True)),
    )
    if not row.parent_id:
        writes.remove(connection, assignments, tenant_id=row.tenant_id, profile_id=ProfileId(row.id))


def highest_priority(connection: Connection, tenant_id: TenantId, *, family: str, kind: str) -> int:
    """Return the highest priority among the resources of a kind; 0 without any."""
    statement = select(func.max(resources.c.priority)).where(
        of_tenant(resources, tenant_id), resources.c.family == family, resources.c.kind == kind
    )
    highest: int | None = connection.execute(statement).scalar()
    return highest or 0


def with_priority(connection: Connection, tenant_id: TenantId, *, family: str, kind: str) -> list[ResourceRow]:
    """Return the resources of a kind that have a priority from 1 on, the strongest first."""
    statement = (
        rows_of(resources, tenant_id)
        .where(
            resources.c.family == family,
            resources.c.kind == kind,
            resources.c.priority > 0,
        )
        .order_by(resources.c.priority, resources.c.id)
    )
    return reads.every(connection, statement, row=ResourceRow)


def count_of(connection: Connection, tenant_id: TenantId, **columns: Any) -> int:
    """Return how many stored resources have these values in their columns."""
    conditions = [resources.c[name] == value for name, value in columns.items()]
    statement = select(func.count()).select_from(resources).where(of_tenant(resources, tenant_id), *conditions)
    total: int = connection.execute(statement).scalar_one()
    return total


def parts_of_family(connection: Connection, tenant_id: TenantId, *, family: str) -> list[ResourceRow]:
    """Return the parts of all resources that are of this family, oldest first."""
    statement = (
        rows_of(resources, tenant_id)
        .where(resources.c.family == family)
        .order_by(resources.c.created_at, resources.c.id)
    )
    return reads.every(connection, statement, row=ResourceRow)


def remove_resources(connection: Connection, tenant_id: TenantId, *, family: str, ids: Sequence[str]) -> None:
    """Delete many resources of a family that have no parts and no assignments."""
    for start in range(0, len(ids), _CHUNK):
        chosen = resources.c.id.in_(ids[start : start + _CHUNK])
        of_family = (of_tenant(resources, tenant_id), resources.c.family == family, resources.c.parent_id == "")
        writes.remove_where(connection, resources, *of_family, chosen)
