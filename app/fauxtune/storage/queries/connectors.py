"""Certificate connectors, the public halves of their keys, and their event log."""

from __future__ import annotations

from typing import Unpack

from sqlalchemy import Connection, and_, bindparam, select, union_all

from fauxtune.core.model.ids import ConnectorId, EnrollmentId, TenantId
from fauxtune.storage import reads, writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.rows.certificates import ConnectorChanges, ConnectorEventRow, ConnectorKeyRow, ConnectorRow
from fauxtune.storage.tables import connector_events, connector_keys, connectors, ra_certificates
from fauxtune.storage.tenancy import of_tenant, rows_of

_CONNECTORS = Prepared(rows_of(connectors).order_by(connectors.c.created_at, connectors.c.id))
_CONNECTOR_KEYS = Prepared(rows_of(connector_keys).order_by(connector_keys.c.provider, connector_keys.c.key_name))
#: The names of the private keys' files: those of connectors' keys, and of RA certificates.
_KEY_FILES = union_all(
    *(select(table.c.connector_id, table.c.file).where(of_tenant(table)) for table in (connector_keys, ra_certificates))
)
_BY_CREDENTIAL = Prepared(rows_of(connectors).where(connectors.c.credential_digest == bindparam("digest")))


def connector_rows(connection: Connection, tenant_id: TenantId) -> list[ConnectorRow]:
    """Return the tenant's connectors, oldest first."""
    return reads.every(connection, _CONNECTORS, row=ConnectorRow, values={"tenant": tenant_id})


def connector_by_credential(connection: Connection, tenant_id: TenantId, *, digest: str) -> ConnectorRow | None:
    """Return the connector whose credential has this digest."""
    return reads.first(connection, _BY_CREDENTIAL, row=ConnectorRow, values={"tenant": tenant_id, "digest": digest})


def add_connector(connection: Connection, row: ConnectorRow) -> None:
    """Add a connector."""
    writes.add_row(connection, connectors, row=row)


def change_connector(
    connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId, **changes: Unpack[ConnectorChanges]
) -> None:
    """Change columns of a connector."""
    writes.change(connection, connectors, where={"tenant_id": tenant_id, "id": connector_id}, values=changes)


def delete_connector(connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId) -> None:
    """Delete the connector, the public halves of its keys and its RA certificates."""
    writes.remove(connection, connectors, tenant_id=tenant_id, id=connector_id)
    writes.remove(connection, connector_keys, tenant_id=tenant_id, connector_id=connector_id)
    writes.remove(connection, ra_certificates, tenant_id=tenant_id, connector_id=connector_id)


def connector_key_rows(
    connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId | None = None
) -> list[ConnectorKeyRow]:
    """Return the keys of all connectors, or of this one, by provider and name."""
    rows = reads.every(connection, _CONNECTOR_KEYS, row=ConnectorKeyRow, values={"tenant": tenant_id})
    return [row for row in rows if connector_id in (None, row.connector_id)]


def key_file_rows(connection: Connection, tenant_id: TenantId) -> list[tuple[ConnectorId, str]]:
    """Return each private key's file, with its connector."""
    rows = connection.execute(_KEY_FILES, {"tenant": tenant_id}).all()
    return sorted((ConnectorId(connector), str(file)) for connector, file in rows)


def add_connector_keys(connection: Connection, *rows: ConnectorKeyRow) -> None:
    """Add keys of connectors."""
    writes.add_rows(connection, connector_keys, rows=rows)


def delete_connector_key(
    connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId, provider: str, key_name: str
) -> None:
    """Delete a connector's key."""
    writes.remove(
        connection,
        connector_keys,
        tenant_id=tenant_id,
        connector_id=connector_id,
        provider=provider,
        key_name=key_name,
    )


def connector_log(
    connection: Connection,
    tenant_id: TenantId,
    *,
    connector_id: ConnectorId | None = None,
    after: int = 0,
    event_id: int | None = None,
    device: EnrollmentId | None = None,
    limit: int = 1000,
) -> list[ConnectorEventRow]:
    """Return the events with numbers above `after`, in order."""
    conditions = [of_tenant(connector_events, tenant_id), connector_events.c.number > after]
    for column, value in (("connector_id", connector_id), ("event_id", event_id), ("device", device)):
        if value is not None:
            conditions.append(connector_events.c[column] == value)
    statement = select(connector_events).where(and_(*conditions)).order_by(connector_events.c.number).limit(limit)
    return reads.every(connection, statement, row=ConnectorEventRow)
