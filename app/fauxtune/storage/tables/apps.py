"""Apps on devices."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from fauxtune.storage.tables.base import Moment, Word, metadata

app_states = Table(
    "app_states",
    metadata,
    Column("tenant_id", Word, nullable=False),
    Column("enrollment_id", Word, primary_key=True),
    Column("app_id", Word, primary_key=True),
    Column("identifier", Word, nullable=False, comment="package or bundle"),
    Column("intent", Word, nullable=False, comment="the one of several that wins"),
    Column("state", Word, nullable=False, comment="Graph's resultantAppState"),
    Column("error_code", Integer),
    Column("reason", Word, comment="the device's words for a failure"),
    Column("version", Word, comment="of the installed app"),
    Column("changed_at", Moment, nullable=False),
    Column("position", Integer, comment="of its order among those of the device"),
    Column("content", Word, comment="the version of the content that the device has"),
    Column("attempted", Word, comment="the version of the content that failed"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="failures of a management agent in a row"),
    Index("ix_app_states_app", "tenant_id", "app_id"),
)
