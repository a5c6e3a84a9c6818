"""Subscriptions to changes of users, groups and Entra devices. Graph: subscription.

A subscription ends by the tenant's clock, as every time that Graph shows is the tenant's. Subscriptions belong to the
application that made them: others do not see them.
"""

from __future__ import annotations

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotAllowed, NotFound
from fauxtune.core.graph import subscriptions as rules
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.tokens import Principal
from fauxtune.operations.runtime.tracking import begin_tracking
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import logs as queries
from fauxtune.storage.rows.subscriptions import SubscriptionRow

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
        await emulator.webhooks.validate(url, token=f"{_TOKEN}{request_id}")


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
