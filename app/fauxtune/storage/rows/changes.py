"""Rows of the directory's changes, and a change before it has a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fauxtune.core.model.ids import TenantId

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

    tenant_id: TenantId
    seq: int
    kind: str
    object_id: str
    change: str
    names: list[str] | None
    member_id: str | None
    member_kind: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class DirectoryTrackingRow:
    """A tenant whose changes are tracked: since when (`epoch`), and the number of the last change."""

    tenant_id: TenantId
    epoch: str
    seq: int
