"""Profiles."""

from __future__ import annotations

from fauxtune.core.model.text import JsonObject
from fauxtune.storage.collections.base import Collection, documents, of_tenant
from fauxtune.storage.odata import TYPE_COLUMN
from fauxtune.storage.tables import profiles

PROFILES: Collection[JsonObject] = Collection(
    row=documents(profiles.c.keys()),
    statement=of_tenant(profiles),
    document=profiles.c.document,
    columns={"id": profiles.c.id, "version": profiles.c.version, TYPE_COLUMN: profiles.c.kind},
    order=(profiles.c.created_at, profiles.c.id),
)
