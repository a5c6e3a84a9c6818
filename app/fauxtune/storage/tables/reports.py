"""Reports that were asked for: jobs, whose files are contents, and configurations of cached reports."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

report_jobs = Table(
    "report_jobs",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("is_cached", Boolean, nullable=False, comment="a configuration of a cached report, which has no file"),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, comment="when the file goes; none while there is no file"),
    Column("document", Document, nullable=False, comment="what was asked for, as Graph shows it"),
    Column("status", Word, nullable=False, comment="notStarted, inProgress, completed or failed"),
    Index("ix_report_jobs_oldest", "tenant_id", "created_at", "id"),
)
