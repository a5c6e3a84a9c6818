"""The audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.queries.locks import hold_tenant
from fauxtune.storage.rows.tenants import AuditEventRow
from fauxtune.storage.tables import audit_events

_LAST = select(func.coalesce(func.max(audit_events.c.number), 0)).where(audit_events.c.tenant_id == bindparam("tenant"))


def add_events(connection: Connection, tenant_id: TenantId, *, events: Sequence[AuditEventRow]) -> None:
    """Add events in this order, and number them after the tenant's others. Call it when all is done but the journal:
    the tenant's row is held until the commit, so that no number is given twice.
    """
    hold_tenant(connection, tenant_id)
    last = connection.execute(_LAST, {"tenant": tenant_id}).scalar_one()
    numbered = [replace(event, number=number) for number, event in enumerate(events, last + 1)]
    writes.add_rows(connection, audit_events, rows=numbered)
