"""The oldest entries of a tenant's logs, which go when there are too many: `core.model.logs` says how many are kept."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.logs import STEP, surplus
from fauxtune.storage import writes
from fauxtune.storage.tenancy import of_tenant


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
