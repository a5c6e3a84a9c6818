"""The items that a device should hold, of all its profiles together: merged by key, each with what it needs first.

What one profile gives a device is decided by its family (`core/profiles/`): so `imported_pfx` gives every certificate
of the user to each of the user's devices.

Policies of the settings catalog, compliance policies and enrolment configurations are profiles here: what they ask for
is read once for all devices, of the first from the catalog's definitions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Problem
from fauxtune.core.model.settings import WantedSetting
from fauxtune.core.model.tenants import Changed, Edition, Stated
from fauxtune.core.profiles import settings
from fauxtune.core.profiles.catalog import CATALOG_KIND, kind
from fauxtune.core.profiles.family import Profile, Recipient
from fauxtune.core.profiles.settings import with_both

_NEVER_BEGINS, _NEVER_ENDS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


#: Of an imported history, the certificate with the greatest of these is what an account names.
CHOSEN_BY: Changed[Callable[[Item], datetime]] = Changed(
    "Of several imported certificates, the one that an e-mail account names",
    {
        # Unverified: that it still names the last one when all have expired.
        Edition.APRIL_2020: Stated(
            lambda item: item.not_after or _NEVER_ENDS,
            "Unverified: no page says it. The one that is valid longest.",
            "S/MIME overview to sign and encrypt email in Intune, 2020-04-20",
        ),
        # The page on imported certificates may mean that no other is delivered; the S/MIME overview says that every
        # encryption certificate goes to every device. Here all are delivered.
        Edition.CURRENT: Stated(
            lambda item: item.not_before or _NEVER_BEGINS,
            "The one that begins to be valid last. All of them are delivered, on which the pages disagree.",
            "Configure and use imported PKCS certificates with Intune, 2023-04-27; S/MIME overview to sign and encrypt "
            "email in Intune, 2021-07-29",
        ),
    },
)


def desired_items(profiles: Iterable[Profile], recipient: Recipient) -> dict[ItemKey, Item]:
    """The items that these profiles, all of which reach the device, give it. An item of several has all claims."""
    items: dict[ItemKey, Item] = {}
    applied = {profile.id: profile for profile in profiles}
    for profile in applied.values():
        known = kind(profile.kind)
        for item in () if known is None or not profile.applies else known.family.items(profile, recipient):
            earlier = items.get(item.key)
            items[item.key] = item if earlier is None else with_both(earlier, item)
    taken: dict[str, str] = {}
    for item in [item for item in items.values() if item.slot is not None or item.needs]:
        refused = _refused_by_slot(item, taken=taken, applied=applied)
        items[item.key] = refused or _with_needs(item, recipient, items=items, applied=applied)
    return items


def _refused_by_slot(item: Item, *, taken: dict[str, str], applied: Mapping[ProfileId, Profile]) -> Item | None:
    """The item with a problem, if another item has taken its slot, which a device has only once; None if it is free."""
    if item.slot is None:
        return None
    first = taken.setdefault(item.slot, item.key)
    if first == item.key:
        return None
    owner = _name(applied[ProfileId(first.partition("/")[2])])
    return _impossible(item, f"A device can have {item.slot} only once, and the profile '{owner}' gives it already.")


def _with_needs(
    item: Item, recipient: Recipient, *, items: Mapping[ItemKey, Item], applied: Mapping[ProfileId, Profile]
) -> Item:
    """The item with the keys that its references resolve to on this device, or with a problem if one cannot be."""
    needs = []
    for need in item.needs:
        profile = applied.get(need.profile)
        if profile is None:
            return _impossible(
                item,
                f"{need.navigation} refers to the profile '{need.name}', which does not reach this device: assign it "
                "to the same group.",
            )
        choices = [other for other in items.values() if any(claim.profile == profile.id for claim in other.claims)]
        if not profile.applies:
            return _impossible(
                item,
                f"{need.navigation} refers to the profile '{need.name}', which does not apply to devices of this kind.",
            )
        if not choices:
            known = kind(profile.kind)
            explain_empty = None if known is None else known.family.explain_empty
            why = "" if explain_empty is None else explain_empty(profile, recipient.has_user)
            return _impossible(
                item, f"{need.navigation} refers to the profile '{need.name}', which gives nothing here. {why}".rstrip()
            )
        needs.append(replace(need, key=_chosen(choices, recipient.edition).key))
    return replace(item, needs=tuple(needs))


def _chosen(choices: list[Item], edition: Edition) -> Item:
    """The certificate of an imported history that an account names; the others stay, for old mail. A profile of any
    other family gives one certificate.
    """
    return max(choices, key=lambda item: (CHOSEN_BY.of(edition)(item), item.key))


def _impossible(item: Item, why: str) -> Item:
    return replace(item, problem=Problem(REMEDIATION_FAILED, why), needs=())


def _name(profile: Profile) -> str:
    return str(profile.document.get("displayName") or profile.id)


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
