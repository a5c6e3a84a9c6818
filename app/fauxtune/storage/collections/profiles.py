"""Profiles."""

from __future__ import annotations

from sqlalchemy import select

from fauxtune.storage.collections.base import Collection
from fauxtune.storage.odata import TYPE_COLUMN
from fauxtune.storage.tables import profiles

PROFILES: dict[str, Collection] = {
    "deviceConfigurations": Collection(
        statement=lambda tenant_id: select(profiles).where(profiles.c.tenant_id == tenant_id),
        document=profiles.c.document,
        columns={"id": profiles.c.id, "version": profiles.c.version, TYPE_COLUMN: profiles.c.kind},
        order=(profiles.c.created_at, profiles.c.id),
    ),
}
