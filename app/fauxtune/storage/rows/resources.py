"""Rows of resources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict

from sqlalchemy import Index

from fauxtune.core.model.ids import ResourceId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource, or a part of one: `parent_id` has the ids above it, with / between, and is empty for a resource."""

    tenant_id: Key[TenantId]
    family: Annotated[Key[str], "the collection, such as deviceCompliancePolicies"]
    parent_id: Annotated[Key[str], "of a part: the ids above it, with / between; else empty"]
    id: Key[ResourceId]
    kind: Annotated[str, "the name of its type"]
    version: int
    created_at: datetime
    modified_at: datetime
    priority: int | None
    document: JsonObject

    @property
    def path(self) -> str:
        """What the rows of its own parts have as their `parent_id`."""
        return f"{self.parent_id}/{self.id}" if self.parent_id else self.id


resources = table(
    "resources",
    ResourceRow,
    # An assignment names what it assigns only by its id.
    Index("ix_resources_id", "tenant_id", "id"),
    Index("ix_resources_oldest", "tenant_id", "family", "created_at", "id"),
)


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
