"""Cards of several devices with what they hold: two statements, however many devices there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries.insight import overview as queries
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune_console.holdings import Card, card


def cards_of(
    connection: Connection, tenant_id: TenantId, *, rows: Sequence[NamedEnrollmentRow], now: datetime
) -> dict[EnrollmentId, Card]:
    """Return the card of each of these devices."""
    items = queries.ledgers_of(connection, tenant_id, devices=[row.id for row in rows])
    profiles = {claim.profile for ledger in items.values() for item in ledger for claim in item.claims}
    names = configuration_queries.names_of_policies(connection, tenant_id, ids=profiles)
    return {row.id: card(row, items=items.get(row.id, []), names=names, now=now) for row in rows}
