"""What changed in the directories of tenants that track it: those whose changes somebody asks for."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

directory_tracking = Table(
    "directory_tracking",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("epoch", Word, nullable=False, comment="another one when changes were not tracked: clients begin again"),
    # Handed out under this row's lock, so that numbers become visible in their order and no reader misses one.
    Column("seq", Integer, nullable=False),
)

directory_changes = Table(
    "directory_changes",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Word, nullable=False, comment="user, group or device"),
    Column("object_id", Word, nullable=False),
    Column("change", Word, nullable=False, comment="created, updated, deleted, or one of a member or an owner"),
    Column("names", Document, comment="the properties that changed; null: any of them"),
    Column("member_id", Word, comment="who joined or left the group"),
    Column("member_kind", Word),
    Column("at", Moment, nullable=False),
)
