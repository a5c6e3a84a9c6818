"""Rows of the seats of classrooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.classrooms import SeatEvent
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat: a tenant that one password opens. `labs`: those of the lesson, in their order."""

    tenant_id: TenantId
    classroom: str
    number: int
    credential_digest: str
    labs: list[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SeatEventRow:
    """What was done at a seat, and when. `number` counts the events of a seat."""

    tenant_id: TenantId
    number: int
    at: datetime
    event: SeatEvent
    lab: str | None
    detail: JsonObject
