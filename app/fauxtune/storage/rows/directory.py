"""Rows of users, groups, memberships and Entra devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict

from sqlalchemy import Index, UniqueConstraint

from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, GroupId, TenantId, UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Indexed, Key, table


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user. `upn_key`: the userPrincipalName, case-folded; `manager_id`: the user's manager."""

    tenant_id: Key[TenantId]
    id: Key[UserId]
    upn_key: Annotated[str, "userPrincipalName, case-folded"]
    licensed: bool
    password_digest: str | None
    manager_id: Annotated[UserId | None, "the user who is this one's manager"]
    created_at: datetime
    document: JsonObject


users = table(
    "users",
    UserRow,
    UniqueConstraint("tenant_id", "upn_key"),
    Index("ix_users_manager", "tenant_id", "manager_id"),
)


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

    tenant_id: Key[TenantId]
    id: Key[GroupId]
    created_at: datetime
    document: JsonObject


groups = table("groups", GroupRow)


@dataclass(frozen=True, slots=True)
class GroupMemberRow:
    """A direct membership. `kind`: user, group or device."""

    tenant_id: Key[TenantId]
    group_id: Key[GroupId]
    member_id: Key[str]
    kind: Annotated[str, "user, group or device"]


group_members = table(
    "group_members",
    GroupMemberRow,
    # With all that is asked for in it: SQLite would rather read every membership of the tenant than look up rows.
    Index("ix_group_members_member", "tenant_id", "member_id", "group_id"),
)


@dataclass(frozen=True, slots=True)
class GroupOwnerRow:
    """A user who owns a group."""

    tenant_id: Key[TenantId]
    group_id: Key[GroupId]
    owner_id: Key[UserId]


group_owners = table(
    "group_owners",
    GroupOwnerRow,
    Index("ix_group_owners_owner", "tenant_id", "owner_id"),
)


@dataclass(frozen=True, slots=True)
class DirectoryDeviceRow:
    """An Entra device. `enrollment_id`: None for one that an administrator created and that is not managed;
    `device_key`: the deviceId, case-folded.
    """

    tenant_id: Key[TenantId]
    id: Key[DirectoryDeviceId]
    # None: a device that an administrator made, and that is in no management.
    enrollment_id: Indexed[EnrollmentId | None]
    device_key: Annotated[str | None, "deviceId, case-folded: what other services know the device by"]
    created_at: datetime
    document: JsonObject


directory_devices = table(
    "directory_devices",
    DirectoryDeviceRow,
    UniqueConstraint("tenant_id", "device_key"),
)


@dataclass(frozen=True, slots=True)
class DirectoryObjectRow:
    """A user, a group or an Entra device, read without knowing which. `kind`: user, group or device."""

    id: str
    kind: str
    created_at: datetime
    document: JsonObject
