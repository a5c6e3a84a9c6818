"""Policies of the settings catalog as profiles: what they ask for is read from the catalog's definitions."""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.profiles.catalog import CATALOG_KIND
from fauxtune.core.profiles.family import Profile


def with_wishes(profile: Profile) -> Profile:
    """The profile, if it is a policy of the catalog with the settings that it asks for."""
    if profile.kind != CATALOG_KIND.name:
        return profile
    # Most tenants have no such policy: the catalog is read for the first one.
    from fauxtune.core.policies.catalog_settings import wishes_in

    return replace(profile, wishes=wishes_in(profile.document))
