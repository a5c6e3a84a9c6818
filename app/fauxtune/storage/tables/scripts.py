"""Scripts on devices."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

script_runs = Table(
    "script_runs",
    metadata,
    Column("tenant_id", Word, nullable=False),
    Column("enrollment_id", Word, primary_key=True),
    Column("script_id", Word, primary_key=True),
    Column("family", Word, nullable=False, comment="the collection of the script"),
    Column("version", Word, nullable=False, comment="a digest of what it says; another one runs again"),
    Column("number", Integer, nullable=False, comment="of its next run"),
    Column("attempts", Integer, nullable=False, comment="how often it failed in a row"),
    Column("state", Word, nullable=False, comment="Graph's runState"),
    Column("remediation", Word, nullable=False, comment="Graph's remediationState"),
    Column("due_at", Moment),
    Column("ran_at", Moment),
    Column("remediated_at", Moment, comment="the last time that it removed an issue"),
    Column("results", Document, nullable=False, comment="of the parts of its last run"),
    Index("ix_script_runs_script", "tenant_id", "script_id"),
)
