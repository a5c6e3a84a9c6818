"""Profiles, their assignments, and how each fares on each device."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

profiles = Table(
    "profiles",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("kind", Word, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
    Column("navigations", Document, nullable=False, comment="{navigation: profile id}"),
)

assignments = Table(
    "assignments",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("profile_id", Word, nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Word, nullable=False, comment="group, exclusion, allDevices or allLicensedUsers"),
    Column("group_id", Word),
    Column("document", Document, nullable=False),
    Index("ix_assignments_profile", "tenant_id", "profile_id"),
    Index("ix_assignments_group", "tenant_id", "group_id"),
)

profile_states = Table(
    "profile_states",
    metadata,
    Column("enrollment_id", Word, primary_key=True),
    Column("profile_id", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("status", Word, nullable=False),
    Column("error_code", Integer),
    Column("message", Word),
    Column("version", Integer, nullable=False),
    Column("reported_at", Moment, nullable=False),
    Index("ix_profile_states_profile", "tenant_id", "profile_id"),
)
