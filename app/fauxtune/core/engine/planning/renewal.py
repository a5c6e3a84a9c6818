"""When a certificate of a device is renewed, PKCS and SCEP alike. Graph: renewalThresholdPercentage (of a profile)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState
from fauxtune.core.model.tenants import Changed, Edition, Stated

_PAGE = "Create and assign SCEP certificate profiles in Intune"
#: The kinds of device whose expired certificate by SCEP stays as it is.
EXPIRED_STAYS: Changed[frozenset[Variant]] = Changed(
    "SCEP certificates that have expired on a device",
    {
        Edition.APRIL_2020: Stated(
            frozenset(),
            "They are renewed when the device is there again. Unverified: the page says nothing of it.",
            f"{_PAGE}, 2020-03",
        ),
        Edition.CURRENT: Stated(
            frozenset({Variant.IOS, Variant.IPADOS, Variant.MACOS}),
            "On iPhone, iPad and Mac they stay, and no renewal begins any more: the device has to be excluded from the "
            "profile for a while. Other devices renew them. Differs from Intune: a renewal that began before goes on, "
            "and the device need not be unlocked.",
            f"{_PAGE}, 2025-06-26",
        ),
    },
)


def renewal(not_before: datetime, not_after: datetime, *, percent: int) -> datetime:
    """Return when only `percent` of a certificate's lifetime is left."""
    return not_after - (not_after - not_before) * percent / 100


def is_due_for_renewal(row: LedgerRow, *, now: datetime) -> bool:
    """Whether the moment of the certificate's renewal has come."""
    return row.renew_at is not None and row.renew_at <= now


def is_too_late(row: LedgerRow, variant: Variant, *, edition: Edition, now: datetime) -> bool:
    """Whether a certificate by SCEP has expired on a device on which no renewal begins any more."""
    expired = row.not_after is not None and row.not_after <= now
    return expired and row.state is ItemState.INSTALLED and variant in EXPIRED_STAYS.of(edition)


def next_renewals(rows: Iterable[LedgerRow], *, now: datetime) -> Iterable[datetime]:
    """Return when certificates of the policy are to be renewed. Once a moment is past, the renewal was requested, and
    the plan waits for the connector's answer.
    """
    for row in rows:
        if row.state is not ItemState.KEPT and row.renew_at is not None and row.renew_at > now:
            yield row.renew_at
