"""Rows of snapshots. What a snapshot contains is read on its own: it is large."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from fauxtune.core.model.ids import TenantId


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A snapshot without its content. `key_files`: names of private keys, by `service` and `connector`."""

    tenant_id: TenantId
    name: str
    created_at: datetime
    tenant_time: datetime
    revision: str
    size: int
    counts: dict[str, int]
    key_files: dict[str, list[str]]


class SnapshotContent(NamedTuple):
    """The state that a snapshot contains, packed."""

    content: bytes
