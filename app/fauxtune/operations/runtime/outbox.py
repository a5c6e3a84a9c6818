"""From changes of the directory to notifications that wait: written with the changes, in one transaction.

Imported with the first subscription.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from fauxtune.core.graph import subscriptions as rules
from fauxtune.core.model.ids import IdSource, TenantId
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import logs as queries
from fauxtune.storage.rows.directory import DirectoryChange, NotificationRow, SubscriptionRow

#: Notifications of a tenant that wait, and their bytes: what comes beyond is discarded.
MOST_WAITING, MOST_BYTES = 2_000, 2 * 1024 * 1024


def put_out(
    connection: Connection,
    tenant_id: TenantId,
    *,
    changes: Sequence[DirectoryChange],
    first: int,
    ids: IdSource,
    now: datetime,
    system_now: datetime,
) -> int:
    """Add the notifications of these changes; return how many had no room, of very many some. `first`: the number of
    the first change.
    """
    live = [row for row in queries.subscriptions_of(connection, tenant_id) if row.expires_at > now]
    documents = list(islice(_documents(live, changes, first=first, tenant_id=tenant_id, ids=ids), MOST_WAITING + 1))
    return add(connection, tenant_id, documents=documents, ids=ids, system_now=system_now)


def add(
    connection: Connection,
    tenant_id: TenantId,
    *,
    documents: Sequence[tuple[SubscriptionRow, int, str, dict[str, Any]]],
    ids: IdSource,
    system_now: datetime,
) -> int:
    """Add notifications, each with its subscription, the number of its change and where it goes; return how many had
    no room.
    """
    if not documents:
        return 0
    number, size = queries.waiting(connection, tenant_id)
    rows: list[NotificationRow] = []
    for subscription, place, url, document in documents:
        length = len(json.dumps(document))
        if number + len(rows) >= MOST_WAITING or size + length > MOST_BYTES:
            break
        size += length
        rows.append(
            NotificationRow(
                tenant_id=tenant_id,
                id=ids.uuid(),
                subscription_id=subscription.id,
                url=url,
                created_at=system_now,
                place=place,
                size=length,
                document=document,
            )
        )
    queries.add_notifications(connection, rows)
    return len(documents) - len(rows)


def _documents(
    subscriptions: Sequence[SubscriptionRow],
    changes: Sequence[DirectoryChange],
    *,
    first: int,
    tenant_id: TenantId,
    ids: IdSource,
) -> Iterator[tuple[SubscriptionRow, int, str, dict[str, Any]]]:
    for subscription in subscriptions:
        document = subscription.document
        watched = rules.watched(str(document["resource"]))
        wanted = tuple(str(document["changeType"]).split(","))
        for number, change in enumerate(changes, first):
            word = watched.change_of(change.kind, change.object_id, change=change.change, wanted=wanted)
            if word is None:
                continue
            result = rules.notification(
                document,
                tenant_id=tenant_id,
                notification_id=ids.uuid(),
                kind=change.kind,
                object_id=change.object_id,
                change=word,
            )
            if change.member_id is not None:
                relation = "members" if change.change.startswith("member") else "owners"
                is_gone = change.change.endswith("Removed")
                result = rules.of_relation(result, relation=relation, member_id=change.member_id, is_gone=is_gone)
            yield subscription, number, str(document["notificationUrl"]), result
