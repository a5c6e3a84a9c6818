"""Rows of scripts on devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.ids import EnrollmentId, ResourceId, TenantId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class ScriptRunRow:
    """A script that reaches a device, and its last run there."""

    tenant_id: TenantId
    enrollment_id: EnrollmentId
    script_id: ResourceId
    family: str
    version: str
    number: int
    attempts: int
    state: str
    remediation: str
    due_at: datetime | None
    ran_at: datetime | None
    remediated_at: datetime | None
    results: list[JsonObject]
