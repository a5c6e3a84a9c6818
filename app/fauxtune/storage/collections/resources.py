"""The collections of what administrators create: families of resources, profiles with app configurations, which are
stored with them, their assignments in both forms, and the filters of assignments.

Built-in resources are not stored until they are changed. They come into the statement as one value, so that filters,
orders and pages are those of the database for them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import FromClause, Integer, Select, exists, literal, select, union_all

from fauxtune.core.clock import iso
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.profiles.catalog import APP_CONFIGURATION_KINDS
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.odata import TYPE_COLUMN, AsJson, Without, as_rows
from fauxtune.storage.rows.configuration import AssignmentRow, FilterRow, ProfileRow
from fauxtune.storage.rows.resources import ListedResourceRow, ResourceRow
from fauxtune.storage.tables import assignment_filters, assignments, profiles, resources
from fauxtune.storage.tenancy import of_tenant, rows_of

_APP_KINDS = [kind.name for kind in APP_CONFIGURATION_KINDS]


#: The resources of all families, and their parts.
ALL_RESOURCES: Collection[ResourceRow] = Collection(
    row=lambda values: ResourceRow(*values),
    statement=partial(rows_of, resources),
    document=resources.c.document,
    columns={"id": resources.c.id, TYPE_COLUMN: resources.c.kind},
    order=(resources.c.created_at, resources.c.id),
)

_MEMBERS = ("id", "kind", "created", "document")


def resources_of(
    tenant_id: TenantId,
    family: str,
    *,
    parent_id: str = "",
    built_in: Sequence[ResourceRow] = (),
    without: Iterable[str] = (),
) -> Collection[ListedResourceRow]:
    """Return the collection of a family, or of the parts of one resource. `built_in`: all built-in ones; those that are
    stored too are passed over. `without`: members of the documents that are not read.
    """
    if not built_in:
        return _stored(tenant_id, family, parent_id=parent_id, without=tuple(without))
    rows = union_all(
        _within(tenant_id, family, parent_id=parent_id), _built_in(tenant_id, family, built_in=built_in)
    ).subquery()
    return _collection(tenant_id, rows, statement=select(rows), without=without)


@lru_cache(maxsize=256)
def _stored(
    tenant_id: TenantId, family: str, *, parent_id: str, without: tuple[str, ...]
) -> Collection[ListedResourceRow]:
    """The collection of what is stored. Clients poll: the statement is made once."""
    statement = _within(tenant_id, family, parent_id=parent_id)
    return _collection(tenant_id, resources, statement=statement, without=without)


def _within(tenant_id: TenantId, family: str, *, parent_id: str) -> Select[Any]:
    return rows_of(resources, tenant_id).where(
        resources.c.family == family,
        resources.c.parent_id == parent_id,
    )


def _collection(
    tenant_id: TenantId, rows: FromClause, *, statement: Select[Any], without: Iterable[str]
) -> Collection[ListedResourceRow]:
    """The collection of these rows, and whether each is assigned."""
    names = [literal(name) for name in without]
    if names:
        rest = Without(rows.c.document, *names).label("document")
        statement = statement.with_only_columns(*(rest if element.key == "document" else element for element in rows.c))
    assigned = exists().where(of_tenant(assignments, tenant_id), assignments.c.profile_id == rows.c.id)
    statement = statement.add_columns(assigned.label("is_assigned"))
    return Collection(
        row=lambda values: ListedResourceRow(*values),
        statement=lambda _tenant_id: statement,
        document=rows.c.document,
        columns={
            "id": rows.c.id,
            "priority": rows.c.priority,
            "isAssigned": assigned,
            TYPE_COLUMN: rows.c.kind,
        },
        order=(rows.c.created_at, rows.c.id),
    )


def _built_in(tenant_id: TenantId, family: str, *, built_in: Sequence[ResourceRow]) -> Select[Any]:
    """Return the statement of the built-in resources that are not stored."""
    values, (id_, kind, created, document) = as_rows([_written(row) for row in built_in], *_MEMBERS)
    stored = exists().where(
        of_tenant(resources, tenant_id),
        resources.c.family == family,
        resources.c.parent_id == "",
        resources.c.id == id_.element,
    )
    return (
        select(
            literal(tenant_id),
            literal(family),
            literal(""),
            id_,
            kind,
            literal(0, Integer()),
            created,
            created.element.label("modified"),
            literal(0, Integer()),
            AsJson(document.element),
        )
        .select_from(values)
        .where(~stored)
    )


def _written(row: ResourceRow) -> JsonObject:
    return {"id": row.id, "kind": row.kind, "created": iso(row.created_at), "document": row.document}


def _device_configurations(tenant_id: TenantId) -> Select[Any]:
    return rows_of(profiles, tenant_id).where(profiles.c.kind.not_in(_APP_KINDS))


def _app_configurations(tenant_id: TenantId) -> Select[Any]:
    return rows_of(profiles, tenant_id).where(profiles.c.kind.in_(_APP_KINDS))


PROFILES: Collection[ProfileRow] = Collection(
    row=lambda values: ProfileRow(*values),
    statement=_device_configurations,
    document=profiles.c.document,
    columns={"id": profiles.c.id, "version": profiles.c.version, TYPE_COLUMN: profiles.c.kind},
    order=(profiles.c.created_at, profiles.c.id),
)

APP_CONFIGURATIONS: Collection[ProfileRow] = Collection(
    row=lambda values: ProfileRow(*values),
    statement=_app_configurations,
    document=profiles.c.document,
    columns={"id": profiles.c.id, "version": profiles.c.version, TYPE_COLUMN: profiles.c.kind},
    order=(profiles.c.created_at, profiles.c.id),
)


def _of_groups(tenant_id: TenantId) -> Select[Any]:
    grouped = assignments.c.kind.in_([TargetKind.GROUP.value, TargetKind.EXCLUSION.value])
    return rows_of(assignments, tenant_id).where(grouped)


ASSIGNMENTS: Collection[AssignmentRow] = Collection(
    row=lambda values: AssignmentRow(*values),
    statement=partial(rows_of, assignments),
    document=assignments.c.document,
    columns={"id": assignments.c.id},
    order=(assignments.c.position, assignments.c.id),
    parent=assignments.c.profile_id,
)

GROUP_ASSIGNMENTS: Collection[AssignmentRow] = Collection(
    row=lambda values: AssignmentRow(*values),
    statement=_of_groups,
    document=assignments.c.document,
    columns={
        "id": assignments.c.id,
        "targetGroupId": assignments.c.group_id,
        "excludeGroup": assignments.c.kind == TargetKind.EXCLUSION.value,
    },
    order=(assignments.c.position, assignments.c.id),
    parent=assignments.c.profile_id,
)

ASSIGNMENT_FILTERS: Collection[FilterRow] = Collection(
    row=lambda values: FilterRow(*values),
    statement=partial(rows_of, assignment_filters),
    document=assignment_filters.c.document,
    columns={"id": assignment_filters.c.id},
    order=(assignment_filters.c.created_at, assignment_filters.c.id),
)
