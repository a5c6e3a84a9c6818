"""When a certificate of a device is renewed, PKCS and SCEP alike. Graph: renewalThresholdPercentage (of a profile)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import ItemState


def renewal(not_before: datetime, not_after: datetime, *, percent: int) -> datetime:
    """Return when only `percent` of a certificate's lifetime is left."""
    return not_after - (not_after - not_before) * percent / 100


def is_due_for_renewal(row: LedgerRow, *, now: datetime) -> bool:
    """Whether the moment of the certificate's renewal has come."""
    return row.renew_at is not None and row.renew_at <= now


def next_renewals(rows: Iterable[LedgerRow], *, now: datetime) -> Iterable[datetime]:
    """Return when certificates of the policy are to be renewed. Once a moment is past, the renewal was requested, and
    the plan waits for the connector's answer.
    """
    for row in rows:
        if row.state is not ItemState.KEPT and row.renew_at is not None and row.renew_at > now:
            yield row.renew_at
