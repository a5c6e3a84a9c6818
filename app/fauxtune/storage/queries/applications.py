"""Applications: who may ask for tokens in a tenant; and sign-ins under way, by the digests of their codes."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, bindparam, delete, or_, select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.queries.tenants import tenant_of
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.tenants import ApplicationChanges, ApplicationRow, SignInChanges, SignInRow
from fauxtune.storage.tables import applications, sign_ins, tenants, users
from fauxtune.storage.tenancy import across_tenants, by_key, of_tenant, of_tenants, rows_of

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


def add_sign_in(connection: Connection, row: SignInRow) -> None:
    """Add a sign-in."""
    writes.add_row(connection, sign_ins, row=row)


def sign_in(connection: Connection, *, digest: str) -> SignInRow | None:
    """Return the sign-in with this digest, of any tenant."""
    return first(connection, select(sign_ins).where(by_key(sign_ins.c.digest, digest)), row=SignInRow)


def sign_in_by_user_code(connection: Connection, *, user_code: str) -> SignInRow | None:
    """Return the sign-in of a device with this user code, of any tenant."""
    return first(connection, select(sign_ins).where(by_key(sign_ins.c.user_code, user_code)), row=SignInRow)


def change_sign_in(connection: Connection, *, digest: str, old_state: str, **changes: Unpack[SignInChanges]) -> bool:
    """Change columns of a sign-in that is still in `old_state`. Returns False if it is not: another request was
    faster.
    """
    return writes.change(connection, sign_ins, where={"digest": digest, "state": old_state}, values={**changes}) == 1


def forget_sign_ins(connection: Connection, tenant_id: TenantId, *, before: datetime, most: int) -> None:
    """Delete the sign-ins of any tenant that ended before a moment, and of this tenant all but the `most` newest."""
    expired = delete(sign_ins).where(sign_ins.c.expires_at < before)
    connection.execute(across_tenants(expired, "sign-ins expire by the system's clock"))
    ours = select(sign_ins.c.digest).where(of_tenant(sign_ins, tenant_id))
    surplus = ours.order_by(sign_ins.c.expires_at.desc(), sign_ins.c.digest).offset(most)
    # Another transaction that removes the same ones is not waited for (PostgreSQL; SQLite has one at a time).
    free = select(sign_ins.c.digest).where(sign_ins.c.digest.in_(surplus)).with_for_update(skip_locked=True)
    connection.execute(delete(sign_ins).where(sign_ins.c.digest.in_(free)))


def people(connection: Connection, tenant_ids: list[TenantId], *, limit: int) -> list[UserRow]:
    """Return the users of these tenants who can sign in, by name."""
    statement = select(users).where(of_tenants(users, tenant_ids)).order_by(users.c.upn_key, users.c.tenant_id)
    return every(connection, statement.limit(limit), row=UserRow)


def person(connection: Connection, tenant_ids: list[TenantId], *, key: str) -> UserRow | None:
    """Return the user of these tenants with this id or userPrincipalName, in any case."""
    named = or_(users.c.id == key.lower(), users.c.upn_key == key.casefold())
    statement = select(users).where(of_tenants(users, tenant_ids), named).order_by(users.c.tenant_id)
    return first(connection, statement.limit(1), row=UserRow)
