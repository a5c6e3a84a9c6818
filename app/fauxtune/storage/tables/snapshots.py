"""States of tenants that were kept under a name, and the one that each had when it was created."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

snapshots = Table(
    "snapshots",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("name", Word, primary_key=True),
    Column("created_at", Moment, nullable=False, comment="by the system's clock"),
    Column("tenant_time", Moment, nullable=False, comment="by the tenant's clock"),
    Column("revision", Word, nullable=False, comment="of the schema whose tables it has"),
    Column("size", Integer, nullable=False, comment="bytes of the content"),
    Column("counts", Document, nullable=False, comment="{table: number of rows}"),
    # Private keys are files, in no database. A file that a snapshot names stays until the snapshot is deleted.
    Column("key_files", Document, nullable=False, comment='{"service": [name, ...], "connector": [name, ...]}'),
    Column("content", LargeBinary, nullable=False, comment="see operations.tenants.state_packing"),
)
