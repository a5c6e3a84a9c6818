"""Graph's collections as the database sees them: filtered, sorted and paged by SQL, never by loading a table.

A collection says where its documents are, which properties have a column of their own, and in which order it comes
when nobody asks for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.model.ids import TenantId
from fauxtune.core.odata.expressions import Condition
from fauxtune.core.odata.query import OrderBy
from fauxtune.core.odata.schema import Entity
from fauxtune.storage.odata import TYPE_COLUMN, order_by, where
from fauxtune.storage.tables import (
    directory_devices,
    enrollments,
    groups,
    managed_devices,
    pfx_certificates,
    profile_states,
    profiles,
    users,
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection. `columns` maps a property to the column, or part of a document, that has it; `parent` is the
    column that says whose part an element is, where the elements are parts of something.
    """

    statement: Callable[[TenantId], Select[Any]]
    document: ColumnElement[Any]
    columns: Mapping[str, ColumnElement[Any]]
    order: tuple[ColumnElement[Any], ...]
    parent: ColumnElement[Any] | None = None


def _managed(tenant_id: TenantId) -> Select[Any]:
    columns = (managed_devices, enrollments.c.last_checkin_at, enrollments.c.variant)
    return (
        select(*columns)
        .join(enrollments, enrollments.c.id == managed_devices.c.enrollment_id)
        .where(managed_devices.c.tenant_id == tenant_id)
    )


def _statuses(tenant_id: TenantId) -> Select[Any]:
    columns = (profile_states, managed_devices.c.document.label("device"), managed_devices.c.id.label("device_id"))
    return (
        select(*columns)
        .join(managed_devices, managed_devices.c.enrollment_id == profile_states.c.enrollment_id)
        .where(profile_states.c.tenant_id == tenant_id)
    )


def _of_device(name: str) -> ColumnElement[Any]:
    found: ColumnElement[Any] = managed_devices.c.document[name].as_string()
    return found


#: Imported certificates come without their files.
_PFX = (pfx_certificates.c.user_id, pfx_certificates.c.thumbprint, pfx_certificates.c.document)

COLLECTIONS: dict[str, Collection] = {
    "users": Collection(
        statement=lambda tenant_id: select(users).where(users.c.tenant_id == tenant_id),
        document=users.c.document,
        columns={"id": users.c.id},
        order=(users.c.created_at, users.c.upn_key),
    ),
    "groups": Collection(
        statement=lambda tenant_id: select(groups).where(groups.c.tenant_id == tenant_id),
        document=groups.c.document,
        columns={"id": groups.c.id},
        order=(groups.c.created_at, groups.c.id),
    ),
    "devices": Collection(
        statement=lambda tenant_id: select(directory_devices).where(directory_devices.c.tenant_id == tenant_id),
        document=directory_devices.c.document,
        columns={"id": directory_devices.c.id},
        order=(directory_devices.c.created_at, directory_devices.c.id),
    ),
    "managedDevices": Collection(
        statement=_managed,
        document=managed_devices.c.document,
        columns={
            "id": managed_devices.c.id,
            "lastSyncDateTime": func.coalesce(enrollments.c.last_checkin_at, enrollments.c.enrolled_at),
        },
        order=(enrollments.c.enrolled_at, managed_devices.c.id),
    ),
    "deviceConfigurations": Collection(
        statement=lambda tenant_id: select(profiles).where(profiles.c.tenant_id == tenant_id),
        document=profiles.c.document,
        columns={"id": profiles.c.id, "version": profiles.c.version, TYPE_COLUMN: profiles.c.kind},
        order=(profiles.c.created_at, profiles.c.id),
    ),
    "deviceStatuses": Collection(
        statement=_statuses,
        document=managed_devices.c.document,
        columns={
            "status": profile_states.c.status,
            "lastReportedDateTime": profile_states.c.reported_at,
            "deviceDisplayName": _of_device("deviceName"),
            "userName": _of_device("userDisplayName"),
            "deviceModel": _of_device("model"),
            "userPrincipalName": _of_device("userPrincipalName"),
        },
        order=(managed_devices.c.id,),
        parent=profile_states.c.profile_id,
    ),
    "userPfxCertificates": Collection(
        statement=lambda tenant_id: select(*_PFX).where(pfx_certificates.c.tenant_id == tenant_id),
        document=pfx_certificates.c.document,
        columns={"thumbprint": pfx_certificates.c.thumbprint},
        order=(pfx_certificates.c.user_id, pfx_certificates.c.thumbprint),
    ),
}


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
) -> list[Row]:
    """A page of one collection's rows. Invalid for a sort key that does not exist."""
    found = COLLECTIONS[collection]
    order = order_by(entity, keys, columns=found.columns, document=found.document) if keys else []
    statement = _chosen(found, tenant_id, parent=parent, condition=condition).order_by(*order, *found.order)
    return [dict(row) for row in connection.execute(statement.limit(limit).offset(offset)).mappings()]


def count(
    connection: Connection,
    tenant_id: TenantId,
    *,
    collection: str,
    parent: str | None = None,
    condition: Condition | None = None,
) -> int:
    """How many rows the collection has, or how many meet the condition."""
    inner = _chosen(COLLECTIONS[collection], tenant_id, parent=parent, condition=condition).subquery()
    found: int = connection.execute(select(func.count()).select_from(inner)).scalar_one()
    return found


def _chosen(found: Collection, tenant_id: TenantId, *, parent: str | None, condition: Condition | None) -> Select[Any]:
    statement = found.statement(tenant_id)
    if found.parent is not None:
        statement = statement.where(found.parent == parent)
    if condition is None:
        return statement
    return statement.where(where(condition, columns=found.columns, document=found.document))
