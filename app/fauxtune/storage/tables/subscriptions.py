"""Subscriptions to changes of the directory, and the notifications that no receiver has taken yet."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("client_id", Word, nullable=False, comment="the application that made it"),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("is_warned", Boolean, nullable=False, comment="its end was announced to the lifecycle URL"),
    Column("document", Document, nullable=False, comment="as Graph shows it"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("subscription_id", Word, nullable=False),
    Column("url", Word, nullable=False, comment="where it is sent"),
    Column("created_at", Moment, nullable=False, comment="by the system's clock: receivers judge by their own"),
    Column("place", Integer, nullable=False, comment="the number of the change, 0 without one"),
    Column("size", Integer, nullable=False, comment="bytes of the document"),
    Column("document", Document, nullable=False, comment="what is sent"),
    Index("ix_notifications_oldest", "tenant_id", "created_at", "place"),
)
