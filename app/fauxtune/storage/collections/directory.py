"""Users, groups, Entra devices."""

from __future__ import annotations

from sqlalchemy import select

from fauxtune.storage.collections.base import Collection
from fauxtune.storage.tables import directory_devices, groups, users

DIRECTORY: dict[str, Collection] = {
    "users": Collection(
        statement=lambda tenant_id: select(users).where(users.c.tenant_id == tenant_id),
        document=users.c.document,
        columns={"id": users.c.id},
        order=(users.c.created_at, users.c.upn_key),
    ),
    "groups": Collection(
        statement=lambda tenant_id: select(groups).where(groups.c.tenant_id == tenant_id),
        document=groups.c.document,
        columns={"id": groups.c.id},
        order=(groups.c.created_at, groups.c.id),
    ),
    "devices": Collection(
        statement=lambda tenant_id: select(directory_devices).where(directory_devices.c.tenant_id == tenant_id),
        document=directory_devices.c.document,
        columns={"id": directory_devices.c.id},
        order=(directory_devices.c.created_at, directory_devices.c.id),
    ),
}
