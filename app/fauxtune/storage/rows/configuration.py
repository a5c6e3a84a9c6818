"""Rows of profiles, their assignments, filters, and states on devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.ids import AssignmentId, EnrollmentId, FilterId, GroupId, ProfileId, TenantId
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.model.text import JsonObject

Intent = Literal["apply", "remove"]
FilterType = Literal["include", "exclude"]


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile (Graph: deviceConfiguration). `navigations`: the profile that each navigation leads to."""

    tenant_id: TenantId
    id: ProfileId
    kind: str
    version: int
    created_at: datetime
    document: JsonObject
    navigations: dict[str, ProfileId]


class ProfileChanges(TypedDict, total=False):
    """Columns of a profile that change."""

    version: int
    document: JsonObject
    navigations: dict[str, ProfileId]


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment of a profile; `position`: its place among those of the profile, given when it is written."""

    tenant_id: TenantId
    id: AssignmentId
    profile_id: ProfileId
    position: int
    kind: TargetKind
    group_id: GroupId | None
    intent: Intent | None
    filter_id: FilterId | None
    filter_type: FilterType | None
    document: JsonObject


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

    tenant_id: TenantId
    id: FilterId
    created_at: datetime
    document: JsonObject


@dataclass(frozen=True, slots=True)
class ProfileStateRow:
    """The state of a profile on a device."""

    enrollment_id: EnrollmentId
    profile_id: ProfileId
    tenant_id: TenantId
    status: ProfileStatus
    error_code: int | None
    message: str | None
    version: int
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class ProfileConflictRow:
    """A profile that is in conflict with others, and on how many devices."""

    profile_id: ProfileId
    name: str | None
    kind: str
    devices: int
