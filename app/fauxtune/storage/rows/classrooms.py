"""Rows of the seats of classrooms, and of the labs that were started in a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fauxtune.core.model.classrooms import SeatEvent
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, Unique, table


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat: a tenant that one password opens. `labs`: those of the lesson, in their order."""

    tenant_id: Key[TenantId]
    classroom: Annotated[str, "the name of the classroom"]
    number: Annotated[int, "of the seat, from 1"]
    credential_digest: Annotated[Unique[str], "of the password, SHA-256"]
    labs: Annotated[list[str], "the names of the labs, in the order of the lesson"]
    created_at: Annotated[datetime, "by the system's clock"]


seats = table("seats", SeatRow)


@dataclass(frozen=True, slots=True)
class SeatEventRow:
    """What was done at a seat, and when. `number` counts the events of a seat."""

    tenant_id: Key[TenantId]
    number: Key[int]
    at: Annotated[datetime, "by the system's clock"]
    event: SeatEvent
    lab: Annotated[str | None, "the name of the lab"]
    detail: JsonObject


seat_events = table("seat_events", SeatEventRow)


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
