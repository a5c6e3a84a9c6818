"""Rows of the seats of classrooms."""

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
