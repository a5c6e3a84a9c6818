"""The items that a device should hold: profiles and the user's certificates, merged by key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import Item
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.world import Profile, World


def desired(profiles: Iterable[Profile], world: World) -> dict[ItemKey, Item]:
    """What these profiles, all of which apply to the device, give it. Wanted twice, an item keeps both claims."""
    items: dict[ItemKey, Item] = {}
    for profile in profiles:
        known = kind(profile.kind)
        for item in () if known is None else known.family.items(profile, world):
            there = items.get(item.key)
            items[item.key] = item if there is None else replace(there, claims=there.claims + item.claims)
    return items
