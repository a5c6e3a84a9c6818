"""Profiles in words: what kind one is, whom it is assigned to, and what its status on a device means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fauxtune.core.administration.choices import TITLES, ProfilePlatform
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ProfileStatus, Source
from fauxtune.core.profiles.catalog import kind
from fauxtune.storage.rows.configuration import AssignmentRow

#: data. The source of a family's items -> the family in words.
FAMILIES: dict[Source, str] = {
    Source.ROOT: "trusted root",
    Source.PKCS: "PKCS certificate",
    Source.IMPORTED: "imported certificate",
    Source.SCEP: "SCEP certificate",
    Source.EMAIL: "e-mail account",
}
#: data. The platforms in words, where they differ from what profiles are named after.
PLATFORMS: Mapping[ProfilePlatform, str] = {
    **TITLES,
    ProfilePlatform.IOS: "iOS/iPadOS",
    ProfilePlatform.ANDROID_DEVICE_ADMIN: "Android device administrator",
}
#: data. The platform for which an administrator makes profiles of devices of a variant.
_PLATFORMS_OF: dict[Variant, ProfilePlatform] = {
    Variant.ANDROID_WORK_PROFILE: ProfilePlatform.ANDROID,
    Variant.ANDROID_FULLY_MANAGED: ProfilePlatform.ANDROID_FULLY_MANAGED,
    Variant.ANDROID_DEDICATED: ProfilePlatform.ANDROID_FULLY_MANAGED,
    Variant.ANDROID_CORPORATE_WORK_PROFILE: ProfilePlatform.ANDROID_FULLY_MANAGED,
    Variant.ANDROID_DEVICE_ADMIN: ProfilePlatform.ANDROID_DEVICE_ADMIN,
    Variant.ANDROID_KNOX: ProfilePlatform.ANDROID_DEVICE_ADMIN,
    Variant.ANDROID_AOSP: ProfilePlatform.AOSP,
    Variant.IOS: ProfilePlatform.IOS,
    Variant.IPADOS: ProfilePlatform.IOS,
    Variant.MACOS: ProfilePlatform.MACOS,
    Variant.WINDOWS: ProfilePlatform.WINDOWS,
    Variant.WINDOWS_10_MOBILE: ProfilePlatform.WINDOWS,
    Variant.WINDOWS_PHONE_81: ProfilePlatform.WINDOWS_PHONE,
}
#: data. A status -> its word, and the class of its symbol.
STATUSES: dict[ProfileStatus, tuple[str, str]] = {
    ProfileStatus.COMPLIANT: ("installed", "good"),
    ProfileStatus.PENDING: ("pending", "wait"),
    ProfileStatus.ERROR: ("error", "bad"),
    ProfileStatus.CONFLICT: ("conflict", "bad"),
    ProfileStatus.NOT_APPLICABLE: ("not applicable", "off"),
}
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Assigned:
    """One assignment. `words`: such as "All Staff" or "all users"; `leaves_out`: a group that does not get the profile;
    `group_id`: the group that is meant; `filtered`: the filter in words, or "".
    """

    words: str
    leaves_out: bool
    group_id: str | None
    filtered: str


def kind_words(name: str) -> str:
    """Return the kind of a profile in words, such as "PKCS certificate for iOS/iPadOS"."""
    known = kind(name)
    if known is None or known.family.source is None:
        words = _CAPITAL.sub(" ", name.removesuffix("Configuration"))
        return f"{words} (stored only, devices do not get it)"
    return f"{FAMILIES[known.family.source]} for {platform_words(known.variants)}"


def platform_words(variants: Iterable[Variant]) -> str:
    """Return the platforms of these variants in words."""
    chosen = set(variants)
    if chosen == {Variant.ANDROID_KNOX}:
        return "Samsung Knox"
    return " and ".join(dict.fromkeys(PLATFORMS[_PLATFORMS_OF[variant]] for variant in Variant if variant in chosen))


def property_words(name: str) -> str:
    """Return a property's name in words, such as "certificate template name"."""
    words = (word if word.isupper() else word.lower() for word in _CAPITAL.sub(" ", name).split())
    return " ".join(words)


def assigned(
    rows: Sequence[AssignmentRow], *, groups: Mapping[str, str], filters: Mapping[str, str] | None = None
) -> list[Assigned]:
    """Return assignments in words: those that bring the profile first. `groups` and `filters`: names by id."""
    listed = [_assigned(row, groups=groups, filters=filters or {}) for row in rows]
    return sorted(listed, key=lambda each: each.leaves_out)


def _assigned(row: AssignmentRow, *, groups: Mapping[str, str], filters: Mapping[str, str]) -> Assigned:
    match row.kind:
        case TargetKind.ALL_USERS:
            words = "all users"
        case TargetKind.ALL_DEVICES:
            words = "all devices"
        case TargetKind.COLLECTION:
            words = "a Configuration Manager collection"
        case _:
            words = groups.get(row.group_id or "", "a group that was deleted")
    filtered = ""
    if row.filter_id is not None:
        how = "does not fit" if row.filter_type == "exclude" else "fits"
        filtered = f"where the filter “{filters.get(row.filter_id, 'that was chosen')}” {how}"
    leaves_out = row.kind is TargetKind.EXCLUSION or row.intent == "remove"
    return Assigned(words, leaves_out, row.group_id, filtered)


def assigned_words(listed: Sequence[Assigned]) -> str:
    """Return assignments as one text: "All Staff; not SMIME Pilot"."""
    return "; ".join(f"not {each.words}" if each.leaves_out else each.words for each in listed)
