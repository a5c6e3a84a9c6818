"""Rows of resources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from fauxtune.core.model.ids import ResourceId, TenantId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource, or a part of one: `parent_id` has the ids above it, with / between, and is empty for a resource."""

    tenant_id: TenantId
    family: str
    parent_id: str
    id: ResourceId
    kind: str
    version: int
    created_at: datetime
    modified_at: datetime
    priority: int | None
    document: JsonObject

    @property
    def path(self) -> str:
        """What the rows of its own parts have as their `parent_id`."""
        return f"{self.parent_id}/{self.id}" if self.parent_id else self.id


@dataclass(frozen=True, slots=True)
class ListedResourceRow(ResourceRow):
    """A resource of a list, and whether anything is assigned to it."""

    is_assigned: bool


class ResourceChanges(TypedDict, total=False):
    """Columns of a resource that change."""

    version: int
    modified_at: datetime
    priority: int | None
    document: JsonObject
