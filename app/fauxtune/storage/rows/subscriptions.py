"""Rows of subscriptions and of waiting notifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict

from sqlalchemy import Index

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription. `is_warned`: its end was announced."""

    tenant_id: Key[TenantId]
    id: Key[str]
    client_id: Annotated[str, "the application that made it"]
    created_at: datetime
    expires_at: datetime
    is_warned: Annotated[bool, "its end was announced to the lifecycle URL"]
    document: Annotated[JsonObject, "as Graph shows it"]


subscriptions = table("subscriptions", SubscriptionRow)


class SubscriptionChanges(TypedDict, total=False):
    """Columns of a subscription that change."""

    expires_at: datetime
    is_warned: bool
    document: JsonObject


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification that waits for its receiver. `place`: the number of the change, 0 without one."""

    tenant_id: Key[TenantId]
    id: Key[str]
    subscription_id: str
    url: Annotated[str, "where it is sent"]
    created_at: Annotated[datetime, "by the system's clock: receivers judge by their own"]
    place: Annotated[int, "the number of the change, 0 without one"]
    size: Annotated[int, "bytes of the document"]
    document: Annotated[JsonObject, "what is sent"]


notifications = table(
    "notifications",
    NotificationRow,
    Index("ix_notifications_oldest", "tenant_id", "created_at", "place"),
)
