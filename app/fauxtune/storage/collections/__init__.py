"""Graph's collections as the database sees them: one file an area, and THE list of them."""

from __future__ import annotations

from fauxtune.storage.collections.assignments import ASSIGNMENTS
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.collections.certificate_states import CERTIFICATE_STATES
from fauxtune.storage.collections.certificates import CERTIFICATES
from fauxtune.storage.collections.devices import DEVICES
from fauxtune.storage.collections.directory import DIRECTORY
from fauxtune.storage.collections.profiles import PROFILES
from fauxtune.storage.collections.statuses import STATUSES
from fauxtune.storage.collections.tenant import TENANT

COLLECTIONS: dict[str, Collection] = {
    **DIRECTORY,
    **DEVICES,
    **PROFILES,
    **ASSIGNMENTS,
    **CERTIFICATES,
    **STATUSES,
    **CERTIFICATE_STATES,
    **TENANT,
}

__all__ = ["COLLECTIONS", "Collection"]
