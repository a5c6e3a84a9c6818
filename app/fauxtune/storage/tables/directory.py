"""Users, groups, memberships, and the Entra device that shadows each managed device."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table, UniqueConstraint

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

users = Table(
    "users",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("upn_key", Word, nullable=False, comment="userPrincipalName, case-folded"),
    Column("licensed", Boolean, nullable=False),
    Column("password_digest", Word),
    Column("created_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
    UniqueConstraint("tenant_id", "upn_key"),
)

groups = Table(
    "groups",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
)

group_members = Table(
    "group_members",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("group_id", Word, primary_key=True),
    Column("member_id", Word, primary_key=True),
    Column("kind", Word, nullable=False, comment="user, group or device"),
    Index("ix_group_members_member", "tenant_id", "member_id"),
)

directory_devices = Table(
    "directory_devices",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("enrollment_id", Word, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
)
