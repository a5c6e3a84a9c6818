"""The logs of a tenant: the audit log; the oldest entries of each log, which go when there are too many; the changes of
a directory that is tracked, with subscriptions and notifications that wait. `core.model.tenants` says how many are
kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import MOST_AUDIT, STEP, surplus
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.queries.locks import hold_tenant
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.directory import (
    DirectoryChange,
    DirectoryChangeRow,
    DirectoryTrackingRow,
    NotificationRow,
    SubscriptionChanges,
    SubscriptionRow,
)
from fauxtune.storage.rows.tenants import AuditEventRow
from fauxtune.storage.tables import (
    applications,
    audit_events,
    directory_changes,
    directory_tracking,
    notifications,
    subscriptions,
)
from fauxtune.storage.tenancy import across_tenants, of_tenant, rows_of

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


# Built once: each change of a tenant that tracks them asks for numbers.
_NEXT_NUMBERS = (
    update(directory_tracking)
    .where(of_tenant(directory_tracking))
    .values(seq=directory_tracking.c.seq + bindparam("count"))
    .returning(directory_tracking.c.seq)
)
_TRACKING = Prepared(rows_of(directory_tracking))
_FLOOR = select(func.min(directory_changes.c.seq)).where(of_tenant(directory_changes))


def tracked_tenants(connection: Connection) -> list[TenantId]:
    """Return the tenants that track changes."""
    statement = across_tenants(select(directory_tracking.c.tenant_id), "a start reads which tenants track changes")
    return [TenantId(scalar) for scalar in connection.scalars(statement)]


def tracking(connection: Connection, tenant_id: TenantId) -> DirectoryTrackingRow | None:
    """Return how a tenant tracks changes; None if it does not."""
    return first(connection, _TRACKING, row=DirectoryTrackingRow, values={"tenant": tenant_id})


def put_tracking(connection: Connection, row: DirectoryTrackingRow) -> None:
    """Begin to track, or begin again."""
    writes.put_rows(connection, directory_tracking, rows=[row])


def add_changes(
    connection: Connection, tenant_id: TenantId, *, changes: Sequence[DirectoryChange], at: datetime
) -> int | None:
    """Add changes under the next numbers; return the last one. None: the tenant does not track any more. Call it last:
    it holds the numbers until the commit.
    """
    values = {"tenant": tenant_id, "count": len(changes)}
    last: int | None = connection.execute(_NEXT_NUMBERS, values).scalar_one_or_none()
    if last is None:
        return None
    rows = [
        DirectoryChangeRow(
            tenant_id=tenant_id,
            seq=seq,
            kind=change.kind,
            object_id=change.object_id,
            change=change.change,
            names=None if change.names is None else list(change.names),
            member_id=change.member_id,
            member_kind=change.member_kind,
            at=at,
        )
        for seq, change in enumerate(changes, last - len(changes) + 1)
    ]
    writes.add_rows(connection, directory_changes, rows=rows)
    return last


def changes_after(
    connection: Connection, tenant_id: TenantId, *, kind: str, after: int, limit: int
) -> list[DirectoryChangeRow]:
    """Return the next changes of objects of this kind."""
    log = directory_changes.c
    statement = rows_of(directory_changes, tenant_id).where(log.seq > after, log.kind == kind)
    return every(connection, statement.order_by(log.seq).limit(limit), row=DirectoryChangeRow)


def floor(connection: Connection, tenant_id: TenantId, *, seq: int) -> int:
    """Return the number after which the log is complete; `seq`: the last number that was given out."""
    oldest: int | None = connection.execute(_FLOOR, {"tenant": tenant_id}).scalar_one()
    return seq if oldest is None else oldest - 1


def cut(connection: Connection, tenant_id: TenantId, *, through: int, before: datetime) -> None:
    """Delete the changes up to a number, and those from before a moment."""
    log = directory_changes.c
    connection.execute(
        delete(directory_changes).where(of_tenant(log, tenant_id), (log.seq <= through) | (log.at < before))
    )


def cut_all(connection: Connection, tenant_id: TenantId) -> None:
    """Delete all changes of a tenant."""
    writes.remove(connection, directory_changes, tenant_id=tenant_id)


# Built once: each change in a tenant with subscriptions asks both.
_SUBSCRIPTIONS = Prepared(rows_of(subscriptions).order_by(subscriptions.c.created_at, subscriptions.c.id))
_WAITING = select(func.count(), func.coalesce(func.sum(notifications.c.size), 0)).where(of_tenant(notifications))


def subscribed_tenants(connection: Connection) -> list[TenantId]:
    """Return the tenants that have a subscription."""
    statement = across_tenants(select(subscriptions.c.tenant_id), "a start reads whose changes it is to tell of")
    return [TenantId(scalar) for scalar in connection.scalars(statement.distinct())]


def subscriptions_of(connection: Connection, tenant_id: TenantId) -> list[SubscriptionRow]:
    """Return all subscriptions of a tenant, the oldest first."""
    return every(connection, _SUBSCRIPTIONS, row=SubscriptionRow, values={"tenant": tenant_id})


def subscription(connection: Connection, tenant_id: TenantId, *, key: str) -> SubscriptionRow | None:
    """Return the subscription with this id."""
    statement = rows_of(subscriptions, tenant_id).where(subscriptions.c.id == key.lower())
    return first(connection, statement, row=SubscriptionRow)


def add_subscription(connection: Connection, row: SubscriptionRow) -> None:
    """Add a subscription."""
    writes.add_row(connection, subscriptions, row=row)


def change_subscription(
    connection: Connection, tenant_id: TenantId, *, key: str, **changes: Unpack[SubscriptionChanges]
) -> None:
    """Change a subscription."""
    writes.change(connection, subscriptions, where={"tenant_id": tenant_id, "id": key}, values={**changes})


def delete_subscription(connection: Connection, tenant_id: TenantId, *, key: str) -> None:
    """Delete a subscription with the notifications that wait."""
    writes.remove(connection, subscriptions, tenant_id=tenant_id, id=key)
    writes.remove(connection, notifications, tenant_id=tenant_id, subscription_id=key)


def waiting(connection: Connection, tenant_id: TenantId) -> tuple[int, int]:
    """Return how many notifications wait, and their bytes."""
    number, size = connection.execute(_WAITING, {"tenant": tenant_id}).one()
    return int(number), int(size)


def add_notifications(connection: Connection, rows: Sequence[NotificationRow]) -> None:
    """Add notifications."""
    writes.add_rows(connection, notifications, rows=rows)


def urls_waiting(connection: Connection, tenant_id: TenantId) -> list[str]:
    """Return where notifications are to be sent."""
    statement = select(notifications.c.url).where(of_tenant(notifications, tenant_id)).distinct()
    return list(connection.scalars(statement.order_by(notifications.c.url)))


def next_notifications(connection: Connection, tenant_id: TenantId, *, url: str, limit: int) -> list[NotificationRow]:
    """Return the oldest notifications for a receiver."""
    column = notifications.c
    statement = rows_of(notifications, tenant_id).where(column.url == url)
    ordered = statement.order_by(column.created_at, column.place, column.id).limit(limit)
    return every(connection, ordered, row=NotificationRow)


def delete_notifications(connection: Connection, tenant_id: TenantId, *, ids: Collection[str]) -> None:
    """Delete notifications that were taken."""
    column = notifications.c
    connection.execute(delete(notifications).where(of_tenant(column, tenant_id), column.id.in_(sorted(ids))))


def discard_notifications(connection: Connection, tenant_id: TenantId, *, before: datetime) -> int:
    """Delete notifications from before a moment; return how many there were."""
    column = notifications.c
    return connection.execute(
        delete(notifications).where(of_tenant(column, tenant_id), column.created_at <= before)
    ).rowcount
