"""Policies of the settings catalog, compliance policies and enrolment configurations as profiles: what they ask for is
read once for all devices, of the first from the catalog's definitions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from fauxtune.core.model.settings import WantedSetting
from fauxtune.core.profiles import settings
from fauxtune.core.profiles.catalog import CATALOG_KIND, kind
from fauxtune.core.profiles.family import Profile


def with_wishes(profile: Profile, *, tenant: str = "") -> Profile:
    """The profile; a policy with the settings that it asks for. `tenant`: the tenant's id, which is part of nodes."""
    known = kind(profile.kind)
    if known is not None and not known.has_status:
        wishes = settings.wishes_in(profile.kind, profile.document)
        return replace(
            profile, wishes=replace(wishes, settings=tuple(_in(tenant, setting) for setting in wishes.settings))
        )
    if known is not CATALOG_KIND:
        return profile
    # Most tenants have no such policy: the catalog is read for the first one.
    from fauxtune.core.engine.planning.catalog_ids import derived
    from fauxtune.core.policies.catalog_delivery import wishes_in

    return replace(profile, wishes=wishes_in(profile.document, derive=derived))


def _in(tenant: str, setting: WantedSetting) -> WantedSetting:
    address, unit = (text.replace("{tenant}", tenant) for text in (setting.address, setting.unit))
    return replace(setting, address=address, unit=unit)


def counting(profiles: Iterable[Profile]) -> tuple[Profile, ...]:
    """The profiles that count on a device: of the enrolment configurations of a kind, the one with the lowest number;
    the default (0) if there is no other.
    """
    listed = tuple(profiles)
    first: dict[str, Profile] = {}
    for profile in listed:
        if profile.priority is not None:
            other = first.setdefault(profile.kind, profile)
            if (profile.priority or math.inf) < (other.priority or math.inf):
                first[profile.kind] = profile
    return tuple(profile for profile in listed if profile.priority is None or first[profile.kind] is profile)
