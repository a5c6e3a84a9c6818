"""Applications: who may ask for tokens in a tenant."""

from __future__ import annotations

from typing import Unpack

from sqlalchemy import Connection, bindparam, select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.storage import writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.queries.tenants import tenant_of
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.tenants import ApplicationChanges, ApplicationRow
from fauxtune.storage.tables import applications, tenants
from fauxtune.storage.tenancy import across_tenants, of_tenant, rows_of

# Asked with every token, and with the first request that comes with one; built once.
_APPLICATION = Prepared(rows_of(applications).where(applications.c.client_id == bindparam("client")))
# Asked whenever somebody looks at the recorded exchanges.
_APPLICATIONS = Prepared(rows_of(applications).order_by(applications.c.created_at, applications.c.client_id))
# Asked with every new tenant.
_FIRST_APPLICATION = Prepared(
    rows_of(applications)
    .order_by(applications.c.secret.is_(None), applications.c.created_at, applications.c.client_id)
    .limit(1)
)


def add_applications(connection: Connection, *rows: ApplicationRow) -> None:
    """Add applications."""
    writes.add_rows(connection, applications, rows=rows)


def change_application(
    connection: Connection, tenant_id: TenantId, *, client_id: str, **changes: Unpack[ApplicationChanges]
) -> None:
    """Change columns of an application."""
    where = {"tenant_id": tenant_id, "client_id": client_id}
    writes.change(connection, applications, where=where, values={**changes})


def delete_application(connection: Connection, tenant_id: TenantId, *, client_id: str) -> None:
    """Delete an application."""
    writes.remove(connection, applications, tenant_id=tenant_id, client_id=client_id)


def application(connection: Connection, tenant_id: TenantId, *, client_id: str) -> ApplicationRow | None:
    """Return the application of the tenant with this id, in any case."""
    return first(
        connection, _APPLICATION, values={"tenant": tenant_id, "client": client_id.lower()}, row=ApplicationRow
    )


def all_applications(connection: Connection, tenant_id: TenantId) -> list[ApplicationRow]:
    """Return the tenant's applications, oldest first."""
    return every(connection, _APPLICATIONS, values={"tenant": tenant_id}, row=ApplicationRow)


def first_application(connection: Connection, tenant_id: TenantId) -> ApplicationRow | None:
    """Return the application whose credentials are shown for the tenant: the oldest whose secret can be shown, else
    the oldest.
    """
    return first(connection, _FIRST_APPLICATION, values={"tenant": tenant_id}, row=ApplicationRow)


def tenants_with_application(connection: Connection, *, client_id: str, limit: int) -> list[Tenant]:
    """Return the tenants that have this application, oldest first."""
    statement = (
        across_tenants(select(tenants), "a token request may name nothing but the application")
        .join(applications, of_tenant(applications, tenants.c.id))
        .where(applications.c.client_id == client_id.lower())
        .order_by(tenants.c.created_at, tenants.c.id)
        .limit(limit)
    )
    return [tenant_of(row) for row in connection.execute(statement).mappings()]
