"""The audit log, and the oldest entries of each log of a tenant, which go when there are too many.

`core.model.logs` says how many are kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, bindparam, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.logs import MOST_AUDIT, STEP, surplus
from fauxtune.storage import writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.queries.locks import hold_tenant
from fauxtune.storage.rows.tenants import AuditEventRow
from fauxtune.storage.tables import applications, audit_events
from fauxtune.storage.tenancy import of_tenant

# One statement for both, as every event asks for them.
_LAST_AND_NAME = Prepared(
    select(
        select(func.coalesce(func.max(audit_events.c.number), 0)).where(of_tenant(audit_events)).scalar_subquery(),
        select(applications.c.name)
        .where(of_tenant(applications), applications.c.client_id == bindparam("client"))
        .scalar_subquery(),
    )
)


def last_number(connection: Connection, tenant_id: TenantId, *, client_id: str) -> tuple[int, str | None]:
    """Return the number of the tenant's last event, and the name of the application that causes the next one. Call it
    when all is done but the journal: the tenant's row is held until the commit, so that no number is given twice.
    """
    hold_tenant(connection, tenant_id)
    (last,) = _LAST_AND_NAME.every(connection, {"tenant": tenant_id, "client": client_id.lower()})
    number, name = last
    return number, name


def add_events(connection: Connection, events: Sequence[AuditEventRow]) -> None:
    """Add events, whose numbers follow the `last_number`. The oldest of too many go."""
    writes.add_rows(connection, audit_events, rows=events)
    if events:
        tenant_id, last = events[-1].tenant_id, events[-1].number
        forget_oldest(
            connection,
            audit_events,
            numbered_by="number",
            tenant_id=tenant_id,
            last=last,
            added=len(events),
            most=MOST_AUDIT,
        )


def forget_oldest(
    connection: Connection, log: Table, *, numbered_by: str, tenant_id: TenantId, last: int, added: int, most: int
) -> None:
    """Remove the oldest entries of a log beyond so many, now that `added` entries were added up to the number `last`.
    `numbered_by`: the column with the numbers. Of very many only some go at one time.
    """
    through = surplus(last, added=added, most=most)
    if not through:
        return
    ours, numbers = of_tenant(log, tenant_id), log.c[numbered_by]
    oldest = connection.execute(select(func.min(numbers)).where(ours)).scalar()
    if oldest is not None:
        writes.remove_where(connection, log, ours, numbers <= min(through, oldest + 2 * max(STEP, added)))
