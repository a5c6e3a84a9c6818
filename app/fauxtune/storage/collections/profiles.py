"""Profiles, and app configurations, which are stored with them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.profiles.catalog import APP_CONFIGURATION_KINDS
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.odata import TYPE_COLUMN
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.tables import profiles
from fauxtune.storage.tenancy import rows_of

_APP_KINDS = [kind.name for kind in APP_CONFIGURATION_KINDS]


def _device_configurations(tenant_id: TenantId) -> Select[Any]:
    return rows_of(profiles, tenant_id).where(profiles.c.kind.not_in(_APP_KINDS))


def _app_configurations(tenant_id: TenantId) -> Select[Any]:
    return rows_of(profiles, tenant_id).where(profiles.c.kind.in_(_APP_KINDS))


PROFILES: Collection[ProfileRow] = Collection(
    row=lambda values: ProfileRow(*values),
    statement=_device_configurations,
    document=profiles.c.document,
    columns={"id": profiles.c.id, "version": profiles.c.version, TYPE_COLUMN: profiles.c.kind},
    order=(profiles.c.created_at, profiles.c.id),
)

APP_CONFIGURATIONS: Collection[ProfileRow] = Collection(
    row=lambda values: ProfileRow(*values),
    statement=_app_configurations,
    document=profiles.c.document,
    columns={"id": profiles.c.id, "version": profiles.c.version, TYPE_COLUMN: profiles.c.kind},
    order=(profiles.c.created_at, profiles.c.id),
)
