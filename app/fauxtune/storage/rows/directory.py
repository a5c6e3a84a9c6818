"""Rows of the directory, of its changes (and a change before it has a number), and of who is notified of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypedDict

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


DirectoryKind = Literal["user", "group", "device"]
ChangeKind = Literal["created", "updated", "deleted", "memberAdded", "memberRemoved", "ownerAdded", "ownerRemoved"]


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """What a transaction does to an object of the directory. `names`: the properties that change, None: any of them;
    `member_id`: who joins or leaves the group.
    """

    kind: DirectoryKind
    object_id: str
    change: ChangeKind
    names: tuple[str, ...] | None = None
    member_id: str | None = None
    member_kind: str | None = None


@dataclass(frozen=True, slots=True)
class DirectoryChangeRow:
    """A change with its number."""

    tenant_id: Key[TenantId]
    seq: Key[int]
    kind: Annotated[str, "user, group or device"]
    object_id: str
    change: Annotated[str, "created, updated, deleted, or one of a member or an owner"]
    names: Annotated[list[str] | None, "the properties that changed; null: any of them"]
    member_id: Annotated[str | None, "who joined or left the group"]
    member_kind: str | None
    at: datetime


directory_changes = table("directory_changes", DirectoryChangeRow)


@dataclass(frozen=True, slots=True)
class DirectoryTrackingRow:
    """A tenant whose changes are tracked: since when (`epoch`), and the number of the last change."""

    tenant_id: Key[TenantId]
    epoch: Annotated[str, "another one when changes were not tracked: clients begin again"]
    # Handed out under this row's lock, so that numbers become visible in their order and no reader misses one.
    seq: int


directory_tracking = table("directory_tracking", DirectoryTrackingRow)


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription. `is_warned`: its end was announced."""

    tenant_id: Key[TenantId]
    id: Key[str]
    client_id: Annotated[str, "the application that made it"]
    created_at: datetime
    expires_at: datetime
    is_warned: Annotated[bool, "its end was announced to the lifecycle URL"]
    document: Annotated[JsonObject, "as Graph shows it"]


subscriptions = table("subscriptions", SubscriptionRow)


class SubscriptionChanges(TypedDict, total=False):
    """Columns of a subscription that change."""

    expires_at: datetime
    is_warned: bool
    document: JsonObject


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification that waits for its receiver. `place`: the number of the change, 0 without one."""

    tenant_id: Key[TenantId]
    id: Key[str]
    subscription_id: str
    url: Annotated[str, "where it is sent"]
    created_at: Annotated[datetime, "by the system's clock: receivers judge by their own"]
    place: Annotated[int, "the number of the change, 0 without one"]
    size: Annotated[int, "bytes of the document"]
    document: Annotated[JsonObject, "what is sent"]


notifications = table(
    "notifications",
    NotificationRow,
    Index("ix_notifications_oldest", "tenant_id", "created_at", "place"),
)
