"""Rows of report jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class ReportJobRow:
    """A report that was asked for. `is_cached`: it is a configuration of a cached report."""

    tenant_id: TenantId
    id: str
    is_cached: bool
    created_at: datetime
    expires_at: datetime | None
    document: JsonObject
    status: str


class ReportJobChanges(TypedDict, total=False):
    """Columns of a job that change."""

    expires_at: datetime | None
    status: str
