"""Subscriptions to changes of users, groups and Entra devices, and the delivery of notifications. Graph: subscription.

A subscription ends by the tenant's clock, as every time that Graph shows is the tenant's. Subscriptions belong to the
application that made them: others do not see them.

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
from functools import partial

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotAllowed, NotFound
from fauxtune.core.graph import subscriptions as rules
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime import outbox
from fauxtune.operations.runtime.access_tokens import Principal
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.in_order import outside
from fauxtune.operations.runtime.tracking import begin_tracking
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import logs as queries
from fauxtune.storage.rows.directory import SubscriptionRow

_URLS = ("notificationUrl", "lifecycleNotificationUrl")
#: As the real service writes it, up to the id of the request.
_TOKEN = "Validation: Testing client application reachability for subscription Request-Id: "  # noqa: S105


async def create(
    emulator: Emulator, tenant: Tenant, *, document: JsonObject, principal: Principal, request_id: str
) -> JsonObject:
    """Create a subscription, once its receivers have answered. Raises Invalid, NotEmulated or NotAllowed; nothing is
    called for a request that is refused.
    """
    _check(emulator, tenant, document=document)
    await emulator.runner.read(check_quota, tenant, client_id=principal.client_id)
    await _validate(emulator, document, request_id=request_id)
    row = await emulator.runner.run(tenant, _create, document, principal=principal)
    emulator.runner.tracking.begin(tenant.id)
    emulator.runner.tracking.subscribe(tenant.id)
    emulator.signals.notify()
    return row.document


async def update(
    emulator: Emulator, tenant: Tenant, *, key: str, changes: JsonObject, principal: Principal, request_id: str
) -> JsonObject:
    """Renew a subscription, or send its notifications elsewhere. Raises Invalid for any other change."""
    unknown = sorted(name for name in changes if name not in ("expirationDateTime", "notificationUrl"))
    if unknown:
        raise Invalid(
            f"'{unknown[0]}' of a subscription cannot be changed: only expirationDateTime and notificationUrl can.",
            target=unknown[0],
        )
    row = await emulator.runner.read(known, tenant, key=key, principal=principal)
    if "notificationUrl" in changes and changes["notificationUrl"] != row.document["notificationUrl"]:
        _check(emulator, tenant, document=changes)
        await _validate(emulator, changes, request_id=request_id)
    changed = await emulator.runner.run(tenant, _update, key, changes=changes, principal=principal)
    emulator.signals.notify()
    return changed.document


def reauthorize(tx: Transaction, key: str, *, principal: Principal) -> None:
    """Accept that the application is still authorised. Raises NotFound if the subscription does not exist."""
    known(tx.connection, tx.tenant, key=key, principal=principal)


def delete(tx: Transaction, key: str, *, principal: Principal) -> None:
    """Delete a subscription with the notifications that wait. Raises NotFound if it does not exist."""
    row = known(tx.connection, tx.tenant, key=key, principal=principal)
    queries.delete_subscription(tx.connection, tx.tenant.id, key=row.id)


def known(connection: Connection, tenant: Tenant, *, key: str, principal: Principal) -> SubscriptionRow:
    """Return a subscription of this application. Raises NotFound if it does not exist."""
    row = queries.subscription(connection, tenant.id, key=key)
    if row is None or row.client_id != principal.client_id:
        raise missing(key)
    return row


def missing(key: str) -> NotFound:
    """Return the refusal of a subscription that does not exist, has ended, or is another application's."""
    return NotFound(f"The object was not found: there is no subscription '{key}' of this application.")


def check_quota(connection: Connection, tenant: Tenant, *, client_id: str) -> None:
    """Raise NotAllowed if the application or the tenant has as many subscriptions as it may."""
    rows = queries.subscriptions_of(connection, tenant.id)
    if len(rows) >= rules.MOST_OF_TENANT:
        raise NotAllowed(f"The tenant has {rules.MOST_OF_TENANT} subscriptions, which is the limit.")
    if sum(row.client_id == client_id for row in rows) >= rules.MOST_OF_APPLICATION:
        raise NotAllowed(f"The application has {rules.MOST_OF_APPLICATION} subscriptions here, which is the limit.")


def _check(emulator: Emulator, tenant: Tenant, *, document: JsonObject) -> None:
    rules.check_unsupported(document)
    if "resource" in document:
        rules.watched(str(document["resource"]))
        rules.change_types(str(document["changeType"]))
    if "expirationDateTime" in document:
        rules.expiration(str(document["expirationDateTime"]), now=emulator.runner.now(tenant))
    for name in _URLS:
        if document.get(name):
            emulator.webhooks.check(str(document[name]), name=name)


async def _validate(emulator: Emulator, document: JsonObject, *, request_id: str) -> None:
    urls = [str(document[name]) for name in _URLS if document.get(name)]
    for url in dict.fromkeys(urls):
        token = f"{_TOKEN}{request_id}"
        await outside(partial(emulator.webhooks.validate, url, token=token))


def _create(tx: Transaction, document: JsonObject, *, principal: Principal) -> SubscriptionRow:
    check_quota(tx.connection, tx.tenant, client_id=principal.client_id)
    begin_tracking(tx)
    tx.tracking_began = True  # that of notifications, in any case
    end = rules.expiration(str(document["expirationDateTime"]), now=tx.now)
    key = tx.ids.uuid()
    full = {
        **document,
        "id": key,
        "changeType": ",".join(rules.change_types(str(document["changeType"]))),
        "expirationDateTime": iso(end),
        "applicationId": principal.client_id,
        "creatorId": principal.user_id or principal.client_id,
        "latestSupportedTlsVersion": document.get("latestSupportedTlsVersion") or "v1_2",
    }
    row = SubscriptionRow(
        tenant_id=tx.tenant.id,
        id=key,
        client_id=principal.client_id,
        created_at=tx.now,
        expires_at=end,
        is_warned=False,
        document=full,
    )
    queries.add_subscription(tx.connection, row)
    tx.record("subscriptionCreated", subscription=key, resource=full["resource"], url=full["notificationUrl"])
    return row


def _update(tx: Transaction, key: str, *, changes: JsonObject, principal: Principal) -> SubscriptionRow:
    row = known(tx.connection, tx.tenant, key=key, principal=principal)
    end = row.expires_at
    if "expirationDateTime" in changes:
        end = rules.expiration(str(changes["expirationDateTime"]), now=tx.now)
    document = {**row.document, **changes, "expirationDateTime": iso(end)}
    queries.change_subscription(
        tx.connection, tx.tenant.id, key=row.id, document=document, expires_at=end, is_warned=False
    )
    return SubscriptionRow(
        row.tenant_id, row.id, row.client_id, row.created_at, expires_at=end, is_warned=False, document=document
    )


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
