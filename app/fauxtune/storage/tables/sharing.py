"""What tells processes that share a database that another one has changed what they remember of a tenant."""

from __future__ import annotations

from sqlalchemy import Column, Table

from fauxtune.storage.tables.base import Word, metadata

#: A tenant without a row has the version "". One process that has a database for itself writes none.
tenant_versions = Table(
    "tenant_versions",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("version", Word, nullable=False, comment="another one after each change of what processes remember"),
)
