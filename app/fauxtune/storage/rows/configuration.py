"""Rows of profiles, their assignments, filters, and states on devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypedDict

from sqlalchemy import Index

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.ids import AssignmentId, EnrollmentId, FilterId, GroupId, ProfileId, TenantId
from fauxtune.core.model.made_often import made_often
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table

Intent = Literal["apply", "remove"]
FilterType = Literal["include", "exclude"]


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile (Graph: deviceConfiguration). `navigations`: the profile that each navigation leads to."""

    tenant_id: Key[TenantId]
    id: Key[ProfileId]
    kind: str
    version: int
    created_at: datetime
    document: JsonObject
    navigations: Annotated[dict[str, ProfileId], "{navigation: profile id}"]


profiles = table(
    "profiles",
    ProfileRow,
    Index("ix_profiles_oldest", "tenant_id", "created_at", "id"),
)


class ProfileChanges(TypedDict, total=False):
    """Columns of a profile that change."""

    version: int
    document: JsonObject
    navigations: dict[str, ProfileId]


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment of a profile; `position`: its place among those of the profile, given when it is written."""

    tenant_id: Key[TenantId]
    id: Key[AssignmentId]
    profile_id: ProfileId
    position: int
    kind: Annotated[TargetKind, "whom it means: a group, all users, all devices"]
    group_id: GroupId | None
    intent: Annotated[Intent | None, "apply or remove; null means apply"]
    filter_id: FilterId | None
    filter_type: Annotated[FilterType | None, "include or exclude, where there is a filter"]
    document: JsonObject


assignments = table(
    "assignments",
    AssignmentRow,
    Index("ix_assignments_profile", "tenant_id", "profile_id"),
    Index("ix_assignments_group", "tenant_id", "group_id"),
    Index("ix_assignments_filter", "tenant_id", "filter_id"),
)


class AssignmentChanges(TypedDict, total=False):
    """Columns of an assignment that change."""

    kind: TargetKind
    intent: Intent | None
    filter_id: FilterId | None
    filter_type: FilterType | None
    document: JsonObject


@dataclass(frozen=True, slots=True)
class FilterUseRow(AssignmentRow):
    """An assignment with a filter, and what its profile is."""

    profile_document: JsonObject
    profile_kind: str


@dataclass(frozen=True, slots=True)
class FilterRow:
    """An assignment filter (Graph: deviceAndAppManagementAssignmentFilter)."""

    tenant_id: Key[TenantId]
    id: Key[FilterId]
    created_at: datetime
    document: JsonObject


assignment_filters = table("assignment_filters", FilterRow)


@made_often
@dataclass(frozen=True, slots=True)
class ProfileStateRow:
    """The state of a profile on a device."""

    enrollment_id: Key[EnrollmentId]
    profile_id: Key[ProfileId]
    tenant_id: TenantId
    status: ProfileStatus
    error_code: int | None
    message: str | None
    version: int
    reported_at: datetime


profile_states = table(
    "profile_states",
    ProfileStateRow,
    # With all that is counted in it: lists of profiles count the devices of each by status.
    Index("ix_profile_states_profile", "tenant_id", "profile_id", "status", "enrollment_id"),
)


@dataclass(frozen=True, slots=True)
class ProfileConflictRow:
    """A profile that is in conflict with others, and on how many devices."""

    profile_id: ProfileId
    name: str | None
    kind: str
    devices: int
