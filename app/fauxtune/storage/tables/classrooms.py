"""Seats of classrooms, and what was done at each. They are no part of a tenant's state: no reset takes them away."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from fauxtune.core.model.classrooms import SeatEvent
from fauxtune.storage.tables.base import Choice, Document, Moment, Word, metadata

seats = Table(
    "seats",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("classroom", Word, nullable=False, comment="the name of the classroom"),
    Column("number", Integer, nullable=False, comment="of the seat, from 1"),
    Column("credential_digest", Word, nullable=False, unique=True, comment="of the password, SHA-256"),
    Column("labs", Document, nullable=False, comment="the names of the labs, in the order of the lesson"),
    Column("created_at", Moment, nullable=False, comment="by the system's clock"),
)

seat_events = Table(
    "seat_events",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False, comment="by the system's clock"),
    Column("event", Choice(SeatEvent), nullable=False),
    Column("lab", Word, comment="the name of the lab"),
    Column("detail", Document, nullable=False),
)
