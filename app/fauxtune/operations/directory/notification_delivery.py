"""The delivery of notifications: when each receiver is called, again if it fails (`PAUSES`), and given up (`KEPT`).

A receiver gets those that wait for it, the oldest first. `server/webhooks.py` makes the calls, `runtime/outbox.py`
bounds how many wait.

A receiver that does not take them is called again, after longer and longer pauses, for four hours; then they are
discarded ("Receive change notifications through webhooks", 2023-03-23). What waits is in the database, so a restart
loses nothing. Pauses are in memory: after a restart each receiver is called at once.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from fauxtune.core.errors import NotFound
from fauxtune.core.graph import subscriptions as rules
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime import outbox
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import logs as queries
from fauxtune.storage.rows.subscriptions import SubscriptionRow

#: How long a notification is kept that nobody takes; and the pauses between calls. Unverified: how long the pauses are.
KEPT = timedelta(hours=4)
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 30, 60, 120, 300))
#: Notifications of one call, and receivers that are called at once.
_AT_ONCE, _RECEIVERS = 50, 8
#: Seconds after which subscriptions are looked at again, whatever they say.
_LONGEST_WAIT = 3600.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Pause:
    """A receiver that did not take notifications: how often, and when it is called again."""

    failures: int
    until: datetime


class Deliveries:
    """Delivers the notifications of one server."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._pauses: dict[tuple[TenantId, str], _Pause] = {}
        self._places = asyncio.Semaphore(_RECEIVERS)

    async def round(self) -> float | None:
        """Look after the subscriptions of all tenants, and call each receiver once that may be called. Returns the
        seconds until the next round; None: when somebody asks for it.
        """
        waits: list[float] = []
        calls = []
        for tenant_id in sorted(self._emulator.runner.tracking.subscribed):
            try:
                tenant = await self._emulator.runner.tenant(tenant_id)
            except NotFound:
                self._emulator.runner.tracking.unsubscribe(tenant_id)
                continue
            ends = await self._emulator.runner.run(tenant, look_after)
            if ends is None:
                self._emulator.runner.tracking.unsubscribe(tenant_id)
                continue
            waits.append(min(_LONGEST_WAIT, max(0.0, (ends - self._emulator.runner.now(tenant)).total_seconds())))
            calls += [
                self._deliver(tenant, url) for url in await self._emulator.runner.read(queries.urls_waiting, tenant_id)
            ]
        waits += [seconds for seconds in await asyncio.gather(*calls) if seconds is not None]
        return min(waits, default=None)

    async def _deliver(self, tenant: Tenant, url: str) -> float | None:
        """Call a receiver, unless it has a pause. Returns the seconds until it is called again, None: nothing waits."""
        key = (tenant.id, url)
        pause = self._pauses.get(key)
        now = self._emulator.runner.clock.now()
        if pause is not None and pause.until > now:
            return (pause.until - now).total_seconds()
        async with self._places:
            while rows := await self._emulator.runner.read(
                queries.next_notifications, tenant.id, url=url, limit=_AT_ONCE
            ):
                body = json.dumps({"value": [row.document for row in rows]}).encode()
                reason = await self._emulator.webhooks.send(url, body)
                if reason is not None:
                    return self._paused(key, reason=reason)
                self._pauses.pop(key, None)
                ids = [row.id for row in rows]
                await self._emulator.runner.read(queries.delete_notifications, tenant.id, ids=ids)
        return None

    def _paused(self, key: tuple[TenantId, str], *, reason: str) -> float:
        before = self._pauses.get(key)
        failures = 1 if before is None else before.failures + 1
        length = PAUSES[min(failures, len(PAUSES)) - 1]
        self._pauses[key] = _Pause(failures, self._emulator.runner.clock.now() + length)
        log.warning(
            "The receiver %s takes no notifications (%s); it is called again in %s.", _shown(key[1]), reason, length
        )
        return length.total_seconds()


def look_after(tx: Transaction) -> datetime | None:
    """End the subscriptions whose time is over, announce ends that come near, and discard what nobody took. Returns
    when to look again by the tenant's clock; None: no subscription is left.
    """
    assert tx.system_now is not None
    rows = queries.subscriptions_of(tx.connection, tx.tenant.id)
    for row in rows:
        if row.expires_at <= tx.now:
            queries.delete_subscription(tx.connection, tx.tenant.id, key=row.id)
            tx.record("subscriptionEnded", subscription=row.id, resource=row.document["resource"])
    discarded = queries.discard_notifications(tx.connection, tx.tenant.id, before=tx.system_now - KEPT)
    if discarded:
        tx.record("notificationsDiscarded", number=discarded)
    live = [row for row in rows if row.expires_at > tx.now]
    _announce_ends(tx, [row for row in live if _is_to_warn(row) and _warning(row) <= tx.now])
    moments = [row.expires_at for row in live]
    moments += [_warning(row) for row in live if _is_to_warn(row) and _warning(row) > tx.now]
    return min(moments, default=None)


def _announce_ends(tx: Transaction, rows: list[SubscriptionRow]) -> None:
    assert tx.system_now is not None
    documents = []
    for row in rows:
        queries.change_subscription(tx.connection, tx.tenant.id, key=row.id, is_warned=True)
        event = rules.lifecycle(row.document, tenant_id=tx.tenant.id, event="reauthorizationRequired")
        documents.append((row, 0, str(row.document["lifecycleNotificationUrl"]), event))
    outbox.add(tx.connection, tx.tenant.id, documents=documents, ids=tx.ids, system_now=tx.system_now)


def _is_to_warn(row: SubscriptionRow) -> bool:
    return not row.is_warned and bool(row.document.get("lifecycleNotificationUrl"))


def _warning(row: SubscriptionRow) -> datetime:
    return rules.reauthorize_at(row.created_at, expires=row.expires_at)


def _shown(url: str) -> str:
    """Return an address without its query, which can contain a secret of the receiver."""
    return url.partition("?")[0]
