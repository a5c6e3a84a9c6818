"""Rows of the labs that were started in a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class LabRunRow:
    """A lab that was started. `number`: of the journal at that time; `materials`: labels and files of the lab."""

    tenant_id: TenantId
    lab: str
    started_at: datetime
    number: int
    progress: JsonObject
    materials: JsonObject
