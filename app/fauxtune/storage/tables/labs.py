"""Labs that were started in a tenant, and how far each has come."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

lab_runs = Table(
    "lab_runs",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("lab", Word, primary_key=True, comment="the name of the lab"),
    Column("started_at", Moment, nullable=False, comment="by the tenant's clock"),
    Column("number", Integer, nullable=False, comment="of the journal, at the start"),
    Column("progress", Document, nullable=False, comment="answers, hints, steps that were passed"),
    Column(
        "materials", Document, nullable=False, comment='{"labels": {name: thumbprint}, "files": {name: base64 of PFX}}'
    ),
)
