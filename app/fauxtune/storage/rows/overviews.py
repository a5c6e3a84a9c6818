"""Rows of lists that the console shows: members of groups, what is assigned to groups, devices of profiles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ProfileStatus


@dataclass(frozen=True, slots=True)
class DirectoryEntryRow:
    """A user, a group or an Entra device, as a list shows it. `detail`: a user's userPrincipalName, a device's
    operating system, a group's description; `enrollment_id`: that of a device which is or was managed.
    """

    id: str
    kind: str
    name: str | None
    detail: str | None
    enrollment_id: EnrollmentId | None


@dataclass(frozen=True, slots=True)
class AssignedRow:
    """A profile or a resource that is assigned to a group, or excludes it. `family`: of a resource; `intent`: of an
    app. Of a built-in resource that nobody has changed name and family are None.
    """

    group_id: str
    profile_id: ProfileId
    name: str | None
    kind: TargetKind
    family: str | None
    intent: str | None
    is_profile: bool


@dataclass(frozen=True, slots=True)
class ProfileDeviceRow:
    """The status of a profile on one device. `reported_at`: None for a device that has not planned with it yet;
    `error_code` and `message`: those of the first item that failed.
    """

    enrollment_id: EnrollmentId
    device_name: str | None
    user_principal_name: str | None
    variant: Variant
    status: ProfileStatus
    reported_at: datetime | None
    error_code: int | None
    message: str | None
