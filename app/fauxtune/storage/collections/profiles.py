"""Profiles."""

from __future__ import annotations

from fauxtune.storage.collections.base import Collection, of_tenant
from fauxtune.storage.odata import TYPE_COLUMN
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.tables import profiles

PROFILES: Collection[ProfileRow] = Collection(
    row=lambda values: ProfileRow(*values),
    statement=of_tenant(profiles),
    document=profiles.c.document,
    columns={"id": profiles.c.id, "version": profiles.c.version, TYPE_COLUMN: profiles.c.kind},
    order=(profiles.c.created_at, profiles.c.id),
)
