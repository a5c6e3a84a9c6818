"""Rows of apps on devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Index

from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, ResourceId, TenantId
from fauxtune.storage.columns import Key, Older, table


@dataclass(frozen=True, slots=True)
class AppStateRow:
    """An app that is assigned to a device, and its state there."""

    tenant_id: TenantId
    enrollment_id: Key[EnrollmentId]
    app_id: Key[ResourceId]
    identifier: Annotated[str, "package or bundle"]
    intent: Annotated[str, "the one of several that wins"]
    state: Annotated[str, "Graph's resultantAppState"]
    error_code: int | None
    reason: Annotated[str | None, "the device's words for a failure"]
    version: Annotated[str | None, "of the installed app"]
    changed_at: datetime
    position: Annotated[int | None, "of its order among those of the device"] = None
    content: Annotated[str | None, "the version of the content that the device has"] = None
    attempted: Annotated[str | None, "the version of the content that failed"] = None
    attempts: Annotated[int, Older("0"), "failures of a management agent in a row"] = 0


app_states = table(
    "app_states",
    AppStateRow,
    Index("ix_app_states_app", "tenant_id", "app_id"),
)


@dataclass(frozen=True, slots=True)
class InstalledAppRow:
    """An app that a device has, with what names both."""

    app_id: ResourceId
    identifier: str
    version: str | None
    managed_device_id: ManagedDeviceId
    user_id: str | None
    intent: str
    state: str
