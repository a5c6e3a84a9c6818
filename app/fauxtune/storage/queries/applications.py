"""Applications: who may ask for tokens in a tenant."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.storage import writes
from fauxtune.storage.queries.tenants import tenant_of
from fauxtune.storage.tables import applications, tenants

Row = dict[str, Any]

# Asked with every token, and with the first request that comes with one; built once.
_APPLICATION = select(applications).where(
    applications.c.tenant_id == bindparam("tenant"), applications.c.client_id == bindparam("client")
)


def add_application(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new application."""
    writes.add(connection, applications, tenant_id=tenant_id, **values)


def change_application(connection: Connection, tenant_id: TenantId, *, client_id: str, values: Row) -> None:
    """Write some of an application's columns."""
    writes.change(connection, applications, where={"tenant_id": tenant_id, "client_id": client_id}, values=values)


def delete_application(connection: Connection, tenant_id: TenantId, *, client_id: str) -> None:
    """The application goes."""
    writes.remove(connection, applications, tenant_id=tenant_id, client_id=client_id)


def application(connection: Connection, tenant_id: TenantId, *, client_id: str) -> Row | None:
    """One application of the tenant, by its id in any case."""
    values = {"tenant": tenant_id, "client": client_id.lower()}
    row = connection.execute(_APPLICATION, values).mappings().first()
    return None if row is None else dict(row)


def all_applications(connection: Connection, tenant_id: TenantId) -> list[Row]:
    """The tenant's applications, oldest first."""
    statement = select(applications).where(applications.c.tenant_id == tenant_id)
    found = connection.execute(statement.order_by(applications.c.created_at, applications.c.client_id)).mappings()
    return [dict(row) for row in found]


def first_application(connection: Connection, tenant_id: TenantId) -> Row | None:
    """The application whose credentials are shown for the tenant: the oldest whose secret can be shown, if any can."""
    statement = select(applications).where(applications.c.tenant_id == tenant_id)
    order = (applications.c.secret.is_(None), applications.c.created_at, applications.c.client_id)
    row = connection.execute(statement.order_by(*order).limit(1)).mappings().first()
    return None if row is None else dict(row)


def tenants_with_application(connection: Connection, *, client_id: str, limit: int) -> list[Tenant]:
    """Where this application is known, oldest tenant first."""
    statement = (
        select(tenants)
        .join(applications, applications.c.tenant_id == tenants.c.id)
        .where(applications.c.client_id == client_id.lower())
        .order_by(tenants.c.created_at, tenants.c.id)
        .limit(limit)
    )
    return [tenant_of(row) for row in connection.execute(statement).mappings()]
