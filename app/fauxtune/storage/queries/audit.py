"""The audit log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.queries.locks import hold_tenant
from fauxtune.storage.tables import audit_events

Row = dict[str, Any]

_LAST = select(func.coalesce(func.max(audit_events.c.number), 0)).where(audit_events.c.tenant_id == bindparam("tenant"))


def add_events(connection: Connection, tenant_id: TenantId, *, events: list[Row]) -> None:
    """New events, in this order after those that are there. Call it when all is done but the journal: the tenant's row
    is held until the commit, so that two never take the same number.
    """
    hold_tenant(connection, tenant_id)
    last = connection.execute(_LAST, {"tenant": tenant_id}).scalar_one()
    numbered = [{"tenant_id": tenant_id, "number": last + 1 + index, **each} for index, each in enumerate(events)]
    writes.add_all(connection, audit_events, rows=numbered)
