"""Which tenants track the changes of their directories, and how a transaction's changes get into the log.

A tenant begins to when somebody asks for changes for the first time; until then its changes cost nothing. The log has
a bound in rows and in time: whoever asks for older changes must begin again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.database import Connection
from fauxtune.storage.noting import noted
from fauxtune.storage.queries import change_log
from fauxtune.storage.rows.changes import DirectoryTrackingRow

#: Changes of a tenant that are kept, some 150 bytes each; and how long ("Use delta query to track changes in Microsoft
#: Graph data": seven days for directory objects).
MOST_CHANGES, LIFETIME = 50_000, timedelta(days=7)
#: The log is cut after so many changes.
_CUT_EVERY = 1_000


class Tracking:
    """The tenants that track changes."""

    def __init__(self) -> None:
        self._tenants: set[TenantId] = set()

    def load(self, tenants: Iterable[TenantId]) -> None:
        """Take over the tenants that track changes, as the database has them."""
        self._tenants = set(tenants)

    def begin(self, tenant_id: TenantId) -> None:
        """Track the changes of this tenant from now on."""
        self._tenants.add(tenant_id)

    def forget(self, tenant_id: TenantId) -> None:
        """Drop a tenant that was deleted."""
        self._tenants.discard(tenant_id)

    def write_down(self, connection: Connection, tenant_id: TenantId, *, at: datetime) -> None:
        """Write what the transaction has changed into the log, if the tenant tracks changes. Call it last."""
        changes = noted(connection)
        if not changes or tenant_id not in self._tenants:
            return
        last = change_log.add_changes(connection, tenant_id, changes=changes, at=at)
        if last is not None and last // _CUT_EVERY != (last - len(changes)) // _CUT_EVERY:
            change_log.cut(connection, tenant_id, through=last - MOST_CHANGES, before=at - LIFETIME)


def begin_again(connection: Connection, tenant_id: TenantId, *, epoch: str) -> None:
    """Let all clients of a tenant begin again: its directory was replaced, and no log says how."""
    known = change_log.tracking(connection, tenant_id)
    if known is not None:
        change_log.cut_all(connection, tenant_id)
        change_log.put_tracking(connection, DirectoryTrackingRow(tenant_id, epoch, known.seq))
