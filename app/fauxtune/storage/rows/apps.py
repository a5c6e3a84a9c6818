"""Rows of apps on devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, ResourceId, TenantId


@dataclass(frozen=True, slots=True)
class AppStateRow:
    """An app that is assigned to a device, and its state there."""

    tenant_id: TenantId
    enrollment_id: EnrollmentId
    app_id: ResourceId
    identifier: str
    intent: str
    state: str
    error_code: int | None
    reason: str | None
    version: str | None
    changed_at: datetime
    position: int | None = None
    content: str | None = None
    attempted: str | None = None
    attempts: int = 0


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
