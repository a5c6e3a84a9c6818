"""Rows of subscriptions and of waiting notifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription. `is_warned`: its end was announced."""

    tenant_id: TenantId
    id: str
    client_id: str
    created_at: datetime
    expires_at: datetime
    is_warned: bool
    document: JsonObject


class SubscriptionChanges(TypedDict, total=False):
    """Columns of a subscription that change."""

    expires_at: datetime
    is_warned: bool
    document: JsonObject


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification that waits for its receiver. `place`: the number of the change, 0 without one."""

    tenant_id: TenantId
    id: str
    subscription_id: str
    url: str
    created_at: datetime
    place: int
    size: int
    document: JsonObject
