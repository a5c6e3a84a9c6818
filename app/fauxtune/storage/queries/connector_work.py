"""What connectors did and what waits for them, with names: for the console."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from fauxtune.core.model.ids import ConnectorId, TenantId
from fauxtune.storage.reads import every
from fauxtune.storage.rows.certificates import ConnectorEventRow, WaitingRequestRow
from fauxtune.storage.tables import connector_events, connector_requests, enrollments, managed_devices
from fauxtune.storage.tenancy import of_tenant, rows_of


def newest_connector_events(
    connection: Connection,
    tenant_id: TenantId,
    *,
    connector_id: ConnectorId | None = None,
    before: int | None = None,
    event_id: int | None = None,
    limit: int,
) -> list[ConnectorEventRow]:
    """Return the newest entries of the log, those with a number below `before` if it is given; the newest first."""
    column = connector_events.c
    statement = rows_of(connector_events, tenant_id)
    if connector_id is not None:
        statement = statement.where(column.connector_id == connector_id)
    if before is not None:
        statement = statement.where(column.number < before)
    if event_id is not None:
        statement = statement.where(column.event_id == event_id)
    return every(connection, statement.order_by(column.number.desc()).limit(limit), row=ConnectorEventRow)


def waiting_requests(connection: Connection, tenant_id: TenantId, *, limit: int) -> list[WaitingRequestRow]:
    """Return requests that wait for a connector's answer, the oldest first."""
    column = connector_requests.c
    device = func.coalesce(managed_devices.c.device_name, enrollments.c.facts["deviceName"].as_string())
    statement = (
        select(column.enrollment_id, device, column.role, column.item_key, column.created_at, column.leased_by)
        .join(enrollments, enrollments.c.id == column.enrollment_id)
        .join(managed_devices, managed_devices.c.enrollment_id == column.enrollment_id, isouter=True)
        .where(of_tenant(column, tenant_id), column.state == "open")
        .order_by(column.created_at, column.id)
        .limit(limit)
    )
    return every(connection, statement, row=WaitingRequestRow)


def waiting_counts(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Return how many requests wait for a connector's answer, by role."""
    column = connector_requests.c
    statement = select(column.role, func.count()).where(of_tenant(column, tenant_id), column.state == "open")
    return {row[0]: row[1] for row in connection.execute(statement.group_by(column.role))}
