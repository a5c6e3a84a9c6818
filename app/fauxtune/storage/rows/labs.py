"""Rows of the labs that were started in a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class LabRunRow:
    """A lab that was started. `number`: of the journal at that time; `materials`: labels and files of the lab."""

    tenant_id: Key[TenantId]
    lab: Annotated[Key[str], "the name of the lab"]
    started_at: Annotated[datetime, "by the tenant's clock"]
    number: Annotated[int, "of the journal, at the start"]
    progress: Annotated[JsonObject, "answers, hints, steps that were passed"]
    materials: Annotated[JsonObject, '{"labels": {name: thumbprint}, "files": {name: base64 of PFX}}']


lab_runs = table("lab_runs", LabRunRow)
