"""Certificate connectors, the public halves of their keys, and their event log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.tables import connector_events, connector_keys, connectors, tenants

Row = dict[str, Any]

_CONNECTORS = (
    select(connectors)
    .where(connectors.c.tenant_id == bindparam("tenant"))
    .order_by(connectors.c.created_at, connectors.c.id)
)
_CONNECTOR_KEYS = (
    select(connector_keys)
    .where(connector_keys.c.tenant_id == bindparam("tenant"))
    .order_by(connector_keys.c.provider, connector_keys.c.key_name)
)
_NEXT_NUMBERS = (
    update(tenants)
    .where(tenants.c.id == bindparam("tenant"))
    .values(connector_seq=tenants.c.connector_seq + bindparam("count"))
    .returning(tenants.c.connector_seq)
)
_BY_CREDENTIAL = select(connectors).where(
    connectors.c.tenant_id == bindparam("tenant"), connectors.c.credential_digest == bindparam("digest")
)


def connector_rows(connection: Connection, tenant_id: TenantId) -> list[Row]:
    """The tenant's connectors, oldest first."""
    return [dict(row) for row in connection.execute(_CONNECTORS, {"tenant": tenant_id}).mappings()]


def add_connector(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new connector."""
    writes.add(connection, connectors, tenant_id=tenant_id, **values)


def change_connector(connection: Connection, tenant_id: TenantId, *, connector_id: str, **values: Any) -> None:
    """Change columns of a connector."""
    writes.change(connection, connectors, where={"tenant_id": tenant_id, "id": connector_id}, values=values)


def delete_connector(connection: Connection, tenant_id: TenantId, *, connector_id: str) -> None:
    """The connector and the public halves of its keys."""
    writes.remove(connection, connectors, tenant_id=tenant_id, id=connector_id)
    writes.remove(connection, connector_keys, tenant_id=tenant_id, connector_id=connector_id)


def connector_key_rows(connection: Connection, tenant_id: TenantId, *, connector_id: str | None = None) -> list[Row]:
    """The public halves of the connectors' keys."""
    found = connection.execute(_CONNECTOR_KEYS, {"tenant": tenant_id}).mappings()
    return [dict(row) for row in found if connector_id in (None, row["connector_id"])]


def add_connector_key(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new connector key's public half."""
    writes.add(connection, connector_keys, tenant_id=tenant_id, **values)


def delete_connector_key(
    connection: Connection, tenant_id: TenantId, *, connector_id: str, provider: str, key_name: str
) -> None:
    """The connector no longer has the key."""
    writes.remove(
        connection,
        connector_keys,
        tenant_id=tenant_id,
        connector_id=connector_id,
        provider=provider,
        key_name=key_name,
    )


def connector_by_credential(connection: Connection, tenant_id: TenantId, *, digest: str) -> Row | None:
    """The connector that has this credential."""
    found = connection.execute(_BY_CREDENTIAL, {"tenant": tenant_id, "digest": digest}).mappings().first()
    return None if found is None else dict(found)


def add_connector_events(connection: Connection, tenant_id: TenantId, *, events: list[Row]) -> None:
    """Write events under the tenant's next numbers. Call it last: it holds the tenant's row until the commit."""
    last = connection.execute(_NEXT_NUMBERS, {"tenant": tenant_id, "count": len(events)}).scalar_one_or_none()
    if last is None:
        return
    first = last - len(events) + 1
    numbered = [{"tenant_id": tenant_id, "number": first + index, **each} for index, each in enumerate(events)]
    writes.add_all(connection, connector_events, rows=numbered)


def connector_log(
    connection: Connection,
    tenant_id: TenantId,
    *,
    connector_id: str | None = None,
    after: int = 0,
    event_id: int | None = None,
    device: str | None = None,
    limit: int = 1000,
) -> list[Row]:
    """Events after a number, in order."""
    conditions = [connector_events.c.tenant_id == tenant_id, connector_events.c.number > after]
    for column, value in (("connector_id", connector_id), ("event_id", event_id), ("device", device)):
        if value is not None:
            conditions.append(connector_events.c[column] == value)
    statement = select(connector_events).where(and_(*conditions)).order_by(connector_events.c.number).limit(limit)
    return [dict(row) for row in connection.execute(statement).mappings()]
