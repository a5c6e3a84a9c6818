"""Which tenants track the changes of their directories, and how a transaction's changes get into the log.

A tenant begins to when somebody asks for changes for the first time; until then its changes cost nothing. The log has
a bound in rows and in time: whoever asks for older changes must begin again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import logs
from fauxtune.storage.rows.directory import DirectoryTrackingRow
from fauxtune.storage.writes import noted

if TYPE_CHECKING:
    from fauxtune.operations.runtime.transaction import Transaction

#: Changes of a tenant that are kept, some 150 bytes each; and how long ("Use delta query to track changes in Microsoft
#: Graph data": seven days for directory objects).
MOST_CHANGES, LIFETIME = 50_000, timedelta(days=7)
#: The log is cut after so many changes.
_CUT_EVERY = 1_000

log = logging.getLogger(__name__)


class Tracking:
    """The tenants that track changes, and those of them that have subscriptions."""

    def __init__(self) -> None:
        self._tenants: set[TenantId] = set()
        self._subscribed: set[TenantId] = set()

    def load(self, tenants: Iterable[TenantId], *, subscribed: Iterable[TenantId]) -> None:
        """Take over the tenants that track changes, as the database has them."""
        self._tenants, self._subscribed = set(tenants), set(subscribed)

    def put(self, tenant_id: TenantId, *, is_tracked: bool, is_subscribed: bool) -> None:
        """Take over whether the tenant tracks changes, and has subscriptions, as the database has it."""
        for tenants, belongs in ((self._tenants, is_tracked), (self._subscribed, is_subscribed)):
            (tenants.add if belongs else tenants.discard)(tenant_id)

    @property
    def subscribed(self) -> frozenset[TenantId]:
        """The tenants that have, or had, a subscription."""
        return frozenset(self._subscribed)

    def subscribe(self, tenant_id: TenantId) -> None:
        """Write notifications for this tenant from now on."""
        self._subscribed.add(tenant_id)

    def unsubscribe(self, tenant_id: TenantId) -> None:
        """Write no notifications for this tenant any more: it has no subscription."""
        self._subscribed.discard(tenant_id)

    def begin(self, tenant_id: TenantId) -> None:
        """Track the changes of this tenant from now on."""
        self._tenants.add(tenant_id)

    def forget(self, tenant_id: TenantId) -> None:
        """Drop a tenant that was deleted."""
        self._tenants.discard(tenant_id)
        self._subscribed.discard(tenant_id)

    def write_down(self, tx: Transaction) -> None:
        """Write what the transaction has changed into the log, and the notifications of it, if the tenant tracks
        changes. Call it last.
        """
        connection, tenant_id = tx.connection, tx.tenant.id
        changes = noted(connection)
        if not changes or tenant_id not in self._tenants:
            return
        last = logs.add_changes(connection, tenant_id, changes=changes, at=tx.now)
        if last is None:
            return
        before = last - len(changes)
        if last // _CUT_EVERY != before // _CUT_EVERY:
            logs.cut(connection, tenant_id, through=last - MOST_CHANGES, before=tx.now - LIFETIME)
        if tenant_id in self._subscribed and tx.system_now is not None:
            self._notify(tx, first=before + 1)

    def _notify(self, tx: Transaction, *, first: int) -> None:
        # Imported with the first subscription: most servers have none.
        outbox = import_module("fauxtune.operations.runtime.outbox")
        discarded = outbox.put_out(
            tx.connection,
            tx.tenant.id,
            changes=noted(tx.connection),
            first=first,
            ids=tx.ids,
            now=tx.now,
            system_now=tx.system_now,
        )
        tx.notifies = True
        if discarded:
            log.warning("The tenant %s has no room for more notifications: its receivers take none.", tx.tenant.id)


def begin_tracking(tx: Transaction) -> DirectoryTrackingRow:
    """Return how the tenant tracks changes. It begins to, if it did not."""
    known = logs.tracking(tx.connection, tx.tenant.id)
    if known is None:
        known = DirectoryTrackingRow(tx.tenant.id, tx.ids.uuid(), 0)
        logs.put_tracking(tx.connection, known)
        tx.tracking_began = True
    return known


def begin_again(connection: Connection, tenant_id: TenantId, *, epoch: str) -> None:
    """Let all clients of a tenant begin again: its directory was replaced, and no log says how."""
    known = logs.tracking(connection, tenant_id)
    if known is not None:
        logs.cut_all(connection, tenant_id)
        logs.put_tracking(connection, DirectoryTrackingRow(tenant_id, epoch, known.seq))
