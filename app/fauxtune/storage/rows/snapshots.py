"""Rows of snapshots. What a snapshot contains is read on its own: it is large."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A snapshot without its content. `key_files`: names of private keys, by `service` and `connector`."""

    tenant_id: Key[TenantId]
    name: Key[str]
    created_at: Annotated[datetime, "by the system's clock"]
    tenant_time: Annotated[datetime, "by the tenant's clock"]
    revision: Annotated[str, "of the schema whose tables it has"]
    size: Annotated[int, "bytes of the content"]
    counts: Annotated[dict[str, int], "{table: number of rows}"]
    # Private keys are files, in no database. A file that a snapshot names stays until the snapshot is deleted.
    key_files: Annotated[dict[str, list[str]], '{"service": [name, ...], "connector": [name, ...]}']


@dataclass(frozen=True, slots=True)
class SnapshotContent:
    """The state that a snapshot contains, packed."""

    content: Annotated[bytes, "the state, packed"]


snapshots = table("snapshots", SnapshotRow, beside=SnapshotContent, after="key_files")
