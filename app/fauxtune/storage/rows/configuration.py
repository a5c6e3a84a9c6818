"""Rows of profiles, their assignments, filters, and states on devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fauxtune.core.model.ids import AssignmentId, EnrollmentId, FilterId, GroupId, ProfileId, TenantId
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


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment of a profile. `kind` is a `core.engine.planning.targeting.TargetKind`."""

    tenant_id: TenantId
    id: AssignmentId
    profile_id: ProfileId
    position: int
    kind: str
    group_id: GroupId | None
    intent: Intent | None
    filter_id: FilterId | None
    filter_type: FilterType | None
    document: JsonObject


@dataclass(frozen=True, slots=True)
class FilterRow:
    """An assignment filter (Graph: deviceAndAppManagementAssignmentFilter)."""

    tenant_id: TenantId
    id: FilterId
    created_at: datetime
    document: JsonObject


@dataclass(frozen=True, slots=True)
class ProfileStateRow:
    """The state of a profile on a device; `status` is a `core.model.states.ProfileStatus`."""

    enrollment_id: EnrollmentId
    profile_id: ProfileId
    tenant_id: TenantId
    status: str
    error_code: int | None
    message: str | None
    version: int
    reported_at: datetime
