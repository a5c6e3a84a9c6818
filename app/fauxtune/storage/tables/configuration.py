"""Profiles, their assignments, the filters of those, and the state of each profile on each device."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.states import ProfileStatus
from fauxtune.storage.rows.configuration import FilterType, Intent
from fauxtune.storage.tables.base import Choice, Document, Moment, Word, metadata, one_of

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
    Index("ix_profiles_oldest", "tenant_id", "created_at", "id"),
)

assignments = Table(
    "assignments",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("profile_id", Word, nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Choice(TargetKind), nullable=False, comment="a core.engine.targeting.TargetKind"),
    Column("group_id", Word),
    Column("intent", Word, comment="apply or remove; apply where there is none", info=one_of(Intent)),
    Column("filter_id", Word),
    Column("filter_type", Word, comment="include or exclude, where there is a filter", info=one_of(FilterType)),
    Column("document", Document, nullable=False),
    Index("ix_assignments_profile", "tenant_id", "profile_id"),
    Index("ix_assignments_group", "tenant_id", "group_id"),
    Index("ix_assignments_filter", "tenant_id", "filter_id"),
)

assignment_filters = Table(
    "assignment_filters",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
)

profile_states = Table(
    "profile_states",
    metadata,
    Column("enrollment_id", Word, primary_key=True),
    Column("profile_id", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("status", Choice(ProfileStatus), nullable=False),
    Column("error_code", Integer),
    Column("message", Word),
    Column("version", Integer, nullable=False),
    Column("reported_at", Moment, nullable=False),
    # With all that is counted in it: lists of profiles count the devices of each by status.
    Index("ix_profile_states_profile", "tenant_id", "profile_id", "status", "enrollment_id"),
)
