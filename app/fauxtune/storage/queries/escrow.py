"""What devices have escrowed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete

from fauxtune.core.model.escrow import EscrowKind
from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, TenantId
from fauxtune.storage import writes
from fauxtune.storage.reads import every
from fauxtune.storage.rows.escrow import EscrowedSecretRow
from fauxtune.storage.tables import escrowed_secrets as table
from fauxtune.storage.tenancy import of_tenant, rows_of


def add_secret(connection: Connection, row: EscrowedSecretRow) -> None:
    """Insert a secret, in place of an earlier one with its id."""
    writes.put_rows(connection, table, rows=[row])


def secret(connection: Connection, tenant_id: TenantId, *, secret_id: str) -> EscrowedSecretRow | None:
    """Return the secret with this id."""
    statement = rows_of(table, tenant_id).where(table.c.id == secret_id)
    return next(iter(every(connection, statement, row=EscrowedSecretRow)), None)


def secrets_of_kind(connection: Connection, tenant_id: TenantId, *, kind: EscrowKind) -> list[EscrowedSecretRow]:
    """Return the tenant's secrets of a kind, newest first."""
    statement = rows_of(table, tenant_id).where(table.c.kind == kind)
    return every(connection, statement.order_by(table.c.created_at.desc(), table.c.id), row=EscrowedSecretRow)


def secrets_of_device(
    connection: Connection, tenant_id: TenantId, *, device_id: DirectoryDeviceId, kind: EscrowKind
) -> list[EscrowedSecretRow]:
    """Return a device's secrets of a kind, newest first."""
    statement = rows_of(table, tenant_id).where(table.c.directory_device_id == device_id, table.c.kind == kind)
    return every(connection, statement.order_by(table.c.created_at.desc(), table.c.id), row=EscrowedSecretRow)


def delete_secrets(connection: Connection, tenant_id: TenantId, *, ids: Collection[str]) -> None:
    """Delete the secrets with these ids."""
    if ids:
        connection.execute(delete(table).where(of_tenant(table, tenant_id), table.c.id.in_(list(ids))))


def delete_secrets_of_device(
    connection: Connection, tenant_id: TenantId, *, device_id: DirectoryDeviceId, kinds: Collection[EscrowKind]
) -> None:
    """Delete a device's secrets of these kinds."""
    connection.execute(
        delete(table).where(
            of_tenant(table, tenant_id),
            table.c.directory_device_id == device_id,
            table.c.kind.in_([kind.value for kind in kinds]),
        )
    )


def secret_of_enrollment(
    connection: Connection, tenant_id: TenantId, *, enrollment_id: EnrollmentId, kind: EscrowKind
) -> EscrowedSecretRow | None:
    """Return the newest secret of a kind that an enrolment has escrowed."""
    statement = rows_of(table, tenant_id).where(table.c.enrollment_id == enrollment_id, table.c.kind == kind)
    rows = every(connection, statement.order_by(table.c.created_at.desc(), table.c.id), row=EscrowedSecretRow)
    return rows[0] if rows else None
