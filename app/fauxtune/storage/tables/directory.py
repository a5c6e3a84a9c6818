"""Users, groups, memberships, owners, and Entra devices: the shadow of each managed device, and bare ones."""

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
    Column("manager_id", Word, comment="the user who is this one's manager"),
    Column("created_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
    UniqueConstraint("tenant_id", "upn_key"),
    Index("ix_users_manager", "tenant_id", "manager_id"),
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
    # With all that is asked for in it: SQLite would rather read every membership of the tenant than look up rows.
    Index("ix_group_members_member", "tenant_id", "member_id", "group_id"),
)

group_owners = Table(
    "group_owners",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("group_id", Word, primary_key=True),
    Column("owner_id", Word, primary_key=True),
    Index("ix_group_owners_owner", "tenant_id", "owner_id"),
)

directory_devices = Table(
    "directory_devices",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    # None: a device that an administrator made, and that is in no management.
    Column("enrollment_id", Word, index=True),
    Column("device_key", Word, comment="deviceId, case-folded: what other services know the device by"),
    Column("created_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
    UniqueConstraint("tenant_id", "device_key"),
)
