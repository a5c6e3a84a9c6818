"""Resources: the objects of the collections of Graph that one mechanism keeps, and their parts."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

resources = Table(
    "resources",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("family", Word, primary_key=True, comment="the collection, such as deviceCompliancePolicies"),
    Column("parent_id", Word, primary_key=True, comment="of a part: the ids above it, with / between; else empty"),
    Column("id", Word, primary_key=True),
    Column("kind", Word, nullable=False, comment="the name of its type"),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("priority", Integer),
    Column("document", Document, nullable=False),
    # An assignment names what it assigns by its id alone.
    Index("ix_resources_id", "tenant_id", "id"),
    Index("ix_resources_oldest", "tenant_id", "family", "created_at", "id"),
)
