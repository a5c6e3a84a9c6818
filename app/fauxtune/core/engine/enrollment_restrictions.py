"""Whether a device may enrol: which restrictions reach its user, and what they refuse.

Rules: Intune, "What are enrollment restrictions?" (12/04/2025), "Create device platform restrictions" (07/01/2024),
"Set enrollment restrictions" (08/17/2018), "Understand Intune and Microsoft Entra device limit restrictions",
"Identify devices as corporate-owned" (04/11/2025). A user is subject to one restriction of each kind: the one with the
lowest number that is assigned to a group of the user, else the default. Where no user drives the enrolment, only the
default counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from fauxtune.core.engine.planning.targeting import Assignment, Matches, Membership, matches_nothing, target
from fauxtune.core.model.ids import GroupId
from fauxtune.core.model.platforms import FACTS, Variant, major_version
from fauxtune.core.model.text import JsonObject

LIMIT = "deviceEnrollmentLimitConfiguration"
ONE_PLATFORM = "deviceEnrollmentPlatformRestrictionConfiguration"
ALL_PLATFORMS = "deviceEnrollmentPlatformRestrictionsConfiguration"
#: The kinds of enrolment configurations that can refuse a device.
JUDGED = frozenset({LIMIT, ONE_PLATFORM, ALL_PLATFORMS})


class Ground(StrEnum):
    """Why a restriction refuses a device."""

    LIMIT = "deviceLimitReached"
    PLATFORM = "platformBlocked"
    PERSONAL = "personalDeviceBlocked"
    TOO_OLD = "osVersionTooLow"
    TOO_NEW = "osVersionTooHigh"
    MANUFACTURER = "manufacturerBlocked"


@dataclass(frozen=True, slots=True)
class _Restricted:
    """What restricts a variant: its platformType, its property where one restriction has all platforms, and what counts
    beside the platform itself.
    """

    platform: str
    property: str
    by_version: bool = True
    by_manufacturer: bool = False


_ANDROID = _Restricted("android", "androidRestriction", by_manufacturer=True)
_IOS = _Restricted("ios", "iosRestriction")
_PHONE = _Restricted("windowsPhone", "windowsMobileRestriction")
#: data. Nothing of a platform's restriction counts for company-owned Android ("Enrollment restrictions", 2025-12-04).
#: Differs from Intune: versions are compared at every enrolment, there only at those by the Company Portal app.
_RESTRICTED: Mapping[Variant, _Restricted] = {
    Variant.ANDROID_WORK_PROFILE: _Restricted("androidForWork", "androidForWorkRestriction", by_manufacturer=True),
    Variant.ANDROID_DEVICE_ADMIN: _ANDROID,
    Variant.ANDROID_KNOX: _ANDROID,
    Variant.IOS: _IOS,
    Variant.IPADOS: _IOS,
    Variant.MACOS: _Restricted("mac", "macOSRestriction", by_version=False),
    Variant.WINDOWS: _Restricted("windows", "windowsRestriction"),
    Variant.WINDOWS_10_MOBILE: _PHONE,
    Variant.WINDOWS_PHONE_81: _PHONE,
}
#: A limit counts devices that were in contact within this time ("Create device limit restrictions", 2025-05-15).
COUNTED_FOR = timedelta(days=90)
#: The devices that a limit counts, and refuses. It does not concern Entra-joined Windows, and devices without a user.
LIMITED = frozenset(Variant) - {Variant.WINDOWS, Variant.ANDROID_DEDICATED, Variant.ANDROID_AOSP}
#: The newest major version of Android that tells its serial number and IMEI, by variant.
_TELLS_NUMBERS = {Variant.ANDROID_WORK_PROFILE: 11, Variant.ANDROID_DEVICE_ADMIN: 9, Variant.ANDROID_KNOX: 9}
_APPLE_MOBILE = (Variant.IOS, Variant.IPADOS)
_WINDOWS_PHONES = (Variant.WINDOWS_10_MOBILE, Variant.WINDOWS_PHONE_81)
_COMPARED = 4


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A device that wants to enrol, as far as it tells. `is_corporate`: a corporate identifier names it, or it enrols
    by a way that is authorised for companies. `has_driver`: a user drives the enrolment.
    """

    variant: Variant
    os_version: str = ""
    manufacturer: str = ""
    is_corporate: bool = False
    has_driver: bool = True


@dataclass(frozen=True, slots=True)
class Restriction:
    """An enrolment configuration that can refuse. Priority 0 is the default's, which needs no assignments."""

    id: str
    kind: str
    priority: int
    document: JsonObject
    assignments: tuple[Assignment, ...] = field(default=())

    @property
    def name(self) -> str:
        """Its name for people."""
        return str(self.document.get("displayName") or self.id)

    def restricts(self, variant: Variant) -> JsonObject | None:
        """Return what it says of the platform of a variant (deviceEnrollmentPlatformRestriction)."""
        known = _RESTRICTED.get(variant)
        if known is None or self.kind == LIMIT:
            return None
        if self.kind == ALL_PLATFORMS:
            return self.document.get(known.property)
        return self.document.get("platformRestriction") if self.document.get("platformType") == known.platform else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What refuses a device, why, and a sentence for people."""

    restriction: Restriction
    ground: Ground
    sentence: str


def platform_type(variant: Variant) -> str | None:
    """Return the platformType of restrictions that concern a variant; None if no restriction of platforms does."""
    known = _RESTRICTED.get(variant)
    return None if known is None else known.platform


def platform_restriction(
    restrictions: Iterable[Restriction],
    newcomer: Newcomer,
    *,
    groups: frozenset[GroupId],
    matches: Matches = matches_nothing,
) -> Restriction | None:
    """Return the restriction of platforms that the device is subject to. Unverified: one of a single platform comes
    before one of all platforms.
    """
    concerned = [restriction for restriction in restrictions if restriction.restricts(newcomer.variant) is not None]
    for kind in (ONE_PLATFORM, ALL_PLATFORMS):
        strongest = _strongest(concerned, newcomer, kind=kind, groups=groups, matches=matches)
        if strongest is not None:
            return strongest
    return _default(concerned, kind=ALL_PLATFORMS)


def limit(
    restrictions: Iterable[Restriction],
    newcomer: Newcomer,
    *,
    groups: frozenset[GroupId],
    matches: Matches = matches_nothing,
) -> Restriction | None:
    """Return the limit of devices that the user is subject to; None if no limit concerns such a device."""
    if newcomer.variant not in LIMITED or not newcomer.has_driver:
        return None
    listed = list(restrictions)
    return _strongest(listed, newcomer, kind=LIMIT, groups=groups, matches=matches) or _default(listed, kind=LIMIT)


def judge_platform(restriction: Restriction, newcomer: Newcomer) -> Refusal | None:
    """Return what a restriction of platforms refuses in the device, if anything."""
    rule = restriction.restricts(newcomer.variant)
    if rule is None:
        return None
    known, system = _RESTRICTED[newcomer.variant], FACTS[newcomer.variant].operating_system
    begin = f"The enrolment restriction '{restriction.name}'"
    if rule.get("platformBlocked"):
        return Refusal(restriction, Ground.PLATFORM, f"{begin} blocks the platform {system}.")
    if rule.get("personalDeviceEnrollmentBlocked") and not newcomer.is_corporate:
        text = f"{begin} blocks personal devices of the platform {system}, and no corporate identifier names this one."
        return Refusal(restriction, Ground.PERSONAL, text)
    version = _judge_version(rule, newcomer) if known.by_version else None
    if version is not None:
        ground, wanted = version
        text = f"{begin} allows {system} {wanted}; the device has {newcomer.os_version}."
        return Refusal(restriction, ground, text)
    blocked = {str(manufacturer).strip().casefold() for manufacturer in rule.get("blockedManufacturers") or ()}
    if known.by_manufacturer and newcomer.manufacturer.strip().casefold() in blocked - {""}:
        text = f"{begin} blocks devices made by {newcomer.manufacturer}."
        return Refusal(restriction, Ground.MANUFACTURER, text)
    return None


def judge_limit(restriction: Restriction, *, enrolled: int, user: str) -> Refusal | None:
    """Return the refusal of another device, if its user has as many enrolled as the limit says."""
    most = restriction.document.get("limit")
    if most is None or enrolled < most:
        return None
    number = f"{most} device{'' if most == 1 else 's'}"
    text = f"The enrolment restriction '{restriction.name}' allows {number} for each user; {user} has {enrolled}."
    return Refusal(restriction, Ground.LIMIT, text)


def corporate_identifiers(variant: Variant, facts: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Return the corporate identifiers that can name the device, each with its type (importedDeviceIdentityType), in
    small letters.
    """
    os_version = str(facts.get("osVersion") or "")
    serial, imei = ("serialNumber", _plain(facts.get("serialNumber"))), ("imei", _plain(facts.get("imei")))
    known: Sequence[tuple[str, str]] = ()
    if variant in _APPLE_MOBILE:
        known = (serial, imei)
    elif variant is Variant.MACOS:
        known = (serial,)
    elif variant in _WINDOWS_PHONES:
        known = (imei,)
    elif variant in _TELLS_NUMBERS:
        known = (serial, imei) if (major_version(os_version) or 0) <= _TELLS_NUMBERS[variant] else ()
    elif variant is Variant.WINDOWS:
        parts = [_plain(facts.get(name)) for name in ("manufacturer", "model", "serialNumber")]
        known = (("manufacturerModelSerial", ",".join(parts) if all(parts) else ""),)
    return frozenset(each for each in known if each[1])


def _plain(text: object) -> str:
    return str(text or "").strip().lower()


def _strongest(
    restrictions: Iterable[Restriction],
    newcomer: Newcomer,
    *,
    kind: str,
    groups: frozenset[GroupId],
    matches: Matches,
) -> Restriction | None:
    if not newcomer.has_driver:
        return None
    membership = Membership(has_user=True, user_groups=groups)
    reaching = [
        restriction
        for restriction in restrictions
        if restriction.kind == kind
        and restriction.priority
        and target(restriction.assignments, membership, matches=matches) is not None
    ]
    return min(reaching, key=lambda each: (each.priority, each.id), default=None)


def _default(restrictions: Iterable[Restriction], *, kind: str) -> Restriction | None:
    return next(
        (restriction for restriction in restrictions if restriction.kind == kind and not restriction.priority), None
    )


def _judge_version(rule: JsonObject, newcomer: Newcomer) -> tuple[Ground, str] | None:
    """Unverified: a device that does not tell its version is let in."""
    version = _numbers(newcomer.os_version)
    if version is None:
        return None
    if newcomer.variant is Variant.WINDOWS:
        # Windows does not tell its revision when it enrols: 0 stands for it.
        version = (*version[:3], 0)
    least, most = rule.get("osMinimumVersion"), rule.get("osMaximumVersion")
    oldest, newest = _numbers(least), _numbers(most)
    if oldest is not None and version < oldest:
        return Ground.TOO_OLD, f"from {least} on"
    if newest is not None and version > newest:
        return Ground.TOO_NEW, f"up to {most}"
    return None


def _numbers(text: object) -> tuple[int, ...] | None:
    match = re.match(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})*)", str(text or ""), re.ASCII)
    if match is None:
        return None
    parts = [int(part) for part in match[1].split(".")[:_COMPARED]]
    return (*parts, *(0 for _ in range(_COMPARED - len(parts))))
