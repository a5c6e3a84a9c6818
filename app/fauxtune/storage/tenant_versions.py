"""The version of each tenant, by which processes that share a PostgreSQL know that what they remember is out of date.

A transaction replaces it that changes what processes remember of the tenant (its clock and settings, its configuration,
its fault rules). Whether anything at all was written is known from PostgreSQL itself: its snapshot is the same text as
long as no transaction that writes has begun or ended. Each of these is one statement.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    String,
    bindparam,
    cast,
    func,
    select,
    text,
)

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage.queries import fault_rules, logs
from fauxtune.storage.queries.tenants import tenant_by_key
from fauxtune.storage.rows.tenants import FaultRuleRow
from fauxtune.storage.tables import tenant_versions, tenants
from fauxtune.storage.tenancy import of_tenant

_VERSION = func.coalesce(select(tenant_versions.c.version).where(of_tenant(tenant_versions)).scalar_subquery(), "")


_SEEN = Prepared(
    select(_VERSION, cast(func.pg_current_snapshot(), String)).where(
        select(tenants.c.id).where(tenants.c.id == bindparam("tenant")).exists()
    )
)


_READ = Prepared(select(_VERSION))


# One row for each tenant: two that change it wait for one another, so the version that stays is the last one.
_CHANGE = text(
    "INSERT INTO tenant_versions (tenant_id, version) VALUES (:tenant, gen_random_uuid()::text)"
    " ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The version of a tenant at a moment, and the database's snapshot."""

    version: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a process remembers of a tenant that has this version."""

    version: str
    tenant: Tenant
    fault_rules: list[FaultRuleRow]
    is_tracked: bool
    is_subscribed: bool


def seen(connection: Connection, tenant_id: TenantId) -> Seen | None:
    """Return what there is to see of a tenant now; None if it does not exist."""
    row = _SEEN.first(connection, {"tenant": tenant_id})
    return None if row is None else Seen(*row)


def version_of(connection: Connection, tenant_id: TenantId) -> str:
    """Return the version of a tenant."""
    return str(_READ.scalar(connection, {"tenant": tenant_id}))


def change_version(connection: Connection, tenant_id: TenantId) -> None:
    """Give the tenant another version. Call it last: it holds the version until the commit."""
    connection.execute(_CHANGE, {"tenant": tenant_id})


def remembered(connection: Connection, tenant_id: TenantId) -> Remembered | None:
    """Return what a process remembers of a tenant; None if it does not exist. All of it is at least as new as the
    version, which is read first.
    """
    version = version_of(connection, tenant_id)
    tenant = tenant_by_key(connection, tenant_id)
    if tenant is None:
        return None
    return Remembered(
        version,
        tenant,
        fault_rules.rules_of(connection, tenant_id),
        is_tracked=logs.tracking(connection, tenant_id) is not None,
        is_subscribed=bool(logs.subscriptions_of(connection, tenant_id)),
    )
