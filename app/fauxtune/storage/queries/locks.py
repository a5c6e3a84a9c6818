"""In which order rows are locked on PostgreSQL. (SQLite has one writer at a time, and nothing to lock.)

All transactions lock in one order, so that two of them never wait for each other:

1. connectors, 2. the requests to connectors, 3. enrolments, 4. what belongs to a device or a user (ledger, records,
certificates, imports; the users whose mailboxes change, then their messages) and the authorities, 5. the tenant, whose
row every entry in the journal changes, 6. what is written after the journal: its fault rules, its version, the log of
changes.

Of one table several rows are locked in the order of their ids, before anything changes them: an UPDATE of many rows
locks them in the order in which its plan finds them, and two of them with different plans can wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, bindparam, select
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage.tables import connector_requests, connectors, enrollments, managed_devices, tenants
from fauxtune.storage.tenancy import by_key, of_tenant

# Built once: each check-in that is not quiet asks one of them.
_REQUESTS_OF = Prepared(
    select(connector_requests.c.id)
    .where(by_key(connector_requests.c.enrollment_id, bindparam("enrollment")))
    .order_by(connector_requests.c.id)
    .with_for_update(key_share=True)
)
_REQUESTS_BY_CREDENTIAL = Prepared(
    select(connector_requests.c.id)
    .where(
        connector_requests.c.enrollment_id
        == select(enrollments.c.id)
        .where(by_key(enrollments.c.credential_digest, bindparam("credential")))
        .scalar_subquery()
    )
    .order_by(connector_requests.c.id)
    .with_for_update(key_share=True)
)

_TENANT = select(tenants.c.id).where(tenants.c.id == bindparam("tenant"))
_THE_TENANT = Prepared(_TENANT.with_for_update(key_share=True))
_ITS_EXISTENCE = Prepared(_TENANT.with_for_update(read=True, key_share=True))
_WHOLLY = Prepared(_TENANT.with_for_update())


def hold(connection: Connection, table: Table, *, where: ColumnElement[bool]) -> None:
    """Lock these rows until the transaction ends, in the order of their ids. SQLite: nothing."""
    if connection.dialect.name != "postgresql":
        return
    # FOR NO KEY UPDATE: no id changes.
    statement = select(table.c.id).where(where).order_by(table.c.id).with_for_update(key_share=True)
    connection.execute(statement)


def hold_requests_of(connection: Connection, *, enrollment_id: EnrollmentId) -> None:
    """Lock the requests of a device; its enrolment is locked next."""
    if connection.dialect.name == "postgresql":
        _REQUESTS_OF.every(connection, {"enrollment": enrollment_id})


def hold_requests_by_credential(connection: Connection, *, digest: str) -> None:
    """Lock the requests of the device that has this credential; its enrolment is locked next."""
    if connection.dialect.name == "postgresql":
        _REQUESTS_BY_CREDENTIAL.every(connection, {"credential": digest})


def hold_devices(connection: Connection, tenant_id: TenantId, *, ids: Sequence[str]) -> None:
    """Lock the requests and the enrolments of the devices with these records, for an operation on all of them."""
    chosen = select(managed_devices.c.enrollment_id).where(
        of_tenant(managed_devices, tenant_id), managed_devices.c.id.in_(ids)
    )
    hold(connection, connector_requests, where=connector_requests.c.enrollment_id.in_(chosen))
    hold(connection, enrollments, where=enrollments.c.id.in_(chosen))


def hold_all(connection: Connection, tenant_id: TenantId) -> None:
    """Lock all that a tenant has, for a change of the tenant's row that changes the rest as well."""
    if connection.dialect.name != "postgresql":
        return
    for table in (connectors, connector_requests, enrollments):
        hold(connection, table, where=of_tenant(table, tenant_id))


def hold_tenant(connection: Connection, tenant_id: TenantId) -> None:
    """Lock the tenant's row, last of all, so that no other transaction takes the same number."""
    if connection.dialect.name == "postgresql":
        _THE_TENANT.every(connection, {"tenant": tenant_id})


def hold_existence(connection: Connection, tenant_id: TenantId) -> None:
    """Let nobody delete the tenant until the transaction ends: for one that has inserted rows of it, and entered
    nothing in the journal. Call it last of all. Raises NotFound if the tenant was deleted already.
    """
    if _ITS_EXISTENCE.first(connection, {"tenant": tenant_id}) is None:
        raise NotFound("The tenant was deleted meanwhile; nothing was changed.")


def hold_for_deletion(connection: Connection, tenant_id: TenantId) -> None:
    """Lock the tenant's row against every transaction that inserts rows of it: those before have ended, and those that
    end later find no tenant.
    """
    if connection.dialect.name == "postgresql":
        _WHOLLY.every(connection, {"tenant": tenant_id})
