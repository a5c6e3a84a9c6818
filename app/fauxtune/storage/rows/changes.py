"""Rows of the directory's changes, and a change before it has a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.columns import Key, table

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
