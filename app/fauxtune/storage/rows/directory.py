"""Rows of users, groups, memberships and Entra devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, GroupId, TenantId, UserId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user. `upn_key`: the userPrincipalName, case-folded; `manager_id`: the user's manager."""

    tenant_id: TenantId
    id: UserId
    upn_key: str
    licensed: bool
    password_digest: str | None
    manager_id: UserId | None
    created_at: datetime
    document: JsonObject


class UserChanges(TypedDict, total=False):
    """The columns of a user that can be changed."""

    upn_key: str
    licensed: bool
    password_digest: str | None
    manager_id: UserId | None
    document: JsonObject


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group."""

    tenant_id: TenantId
    id: GroupId
    created_at: datetime
    document: JsonObject


@dataclass(frozen=True, slots=True)
class GroupMemberRow:
    """A direct membership. `kind`: user, group or device."""

    tenant_id: TenantId
    group_id: GroupId
    member_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class GroupOwnerRow:
    """A user who owns a group."""

    tenant_id: TenantId
    group_id: GroupId
    owner_id: UserId


@dataclass(frozen=True, slots=True)
class DirectoryDeviceRow:
    """An Entra device. `enrollment_id`: None for one that an administrator created and that is not managed;
    `device_key`: the deviceId, case-folded.
    """

    tenant_id: TenantId
    id: DirectoryDeviceId
    enrollment_id: EnrollmentId | None
    device_key: str | None
    created_at: datetime
    document: JsonObject


@dataclass(frozen=True, slots=True)
class DirectoryObjectRow:
    """A user, a group or an Entra device, read without knowing which. `kind`: user, group or device."""

    id: str
    kind: str
    created_at: datetime
    document: JsonObject
