"""Devices in words, for people: kinds of device, platforms of profiles, and what a device reports of itself.

Intune's portal offers the same choice of platforms for a new profile ("Platform").
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from fauxtune.core.model.platforms import Variant


class ProfilePlatform(StrEnum):
    """A platform as Intune's portal offers it for a new profile, by the word that commands take."""

    ANDROID = "android"
    ANDROID_FULLY_MANAGED = "android-fully-managed"
    ANDROID_DEVICE_ADMIN = "android-device-admin"
    AOSP = "aosp"
    IOS = "ios"
    MACOS = "macos"
    WINDOWS = "windows"
    WINDOWS_PHONE = "windows-phone"


#: The names of the platforms in the names of profiles and in texts.
TITLES: Mapping[ProfilePlatform, str] = MappingProxyType(
    {
        ProfilePlatform.ANDROID: "Android work profile",
        ProfilePlatform.ANDROID_FULLY_MANAGED: "Android fully managed",
        ProfilePlatform.ANDROID_DEVICE_ADMIN: "Android device admin",
        ProfilePlatform.AOSP: "Android AOSP",
        ProfilePlatform.IOS: "iOS",
        ProfilePlatform.MACOS: "macOS",
        ProfilePlatform.WINDOWS: "Windows",
        ProfilePlatform.WINDOWS_PHONE: "Windows Phone 8.1",
    }
)
#: The platforms in words, where they differ from what profiles are named after.
PLATFORMS: Mapping[ProfilePlatform, str] = MappingProxyType(
    {
        **TITLES,
        ProfilePlatform.IOS: "iOS/iPadOS",
        ProfilePlatform.ANDROID_DEVICE_ADMIN: "Android device administrator",
    }
)
#: A variant -> the platform for which an administrator makes profiles of such devices.
_PLATFORMS_OF: Mapping[Variant, ProfilePlatform] = MappingProxyType(
    {
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
)
#: A variant -> its words.
VARIANTS: Mapping[Variant, str] = MappingProxyType(
    {
        Variant.ANDROID_WORK_PROFILE: "Android, work profile",
        Variant.ANDROID_FULLY_MANAGED: "Android, fully managed",
        Variant.ANDROID_DEDICATED: "Android, dedicated",
        Variant.ANDROID_CORPORATE_WORK_PROFILE: "Android, corporate work profile",
        Variant.ANDROID_DEVICE_ADMIN: "Android, device administrator",
        Variant.ANDROID_KNOX: "Android, Samsung Knox",
        Variant.ANDROID_AOSP: "Android, AOSP",
        Variant.IOS: "iPhone",
        Variant.IPADOS: "iPad",
        Variant.MACOS: "Mac",
        Variant.WINDOWS: "Windows",
        Variant.WINDOWS_10_MOBILE: "Windows 10 Mobile",
        Variant.WINDOWS_PHONE_81: "Windows Phone 8.1",
    }
)


#: data. What people call a kind of device, in small letters with hyphens -> the kind.
_SPELLINGS: Mapping[str, Variant] = MappingProxyType(
    {
        **{each.value: each for each in Variant},
        **{each.value.replace("/", "-"): each for each in Variant},
        "android": Variant.ANDROID_WORK_PROFILE,
        "aosp": Variant.ANDROID_AOSP,
        "knox": Variant.ANDROID_KNOX,
        "iphone": Variant.IOS,
        "ipad": Variant.IPADOS,
        "mac": Variant.MACOS,
        "pc": Variant.WINDOWS,
        "windows10": Variant.WINDOWS,
        "windows-10": Variant.WINDOWS,
        "windows11": Variant.WINDOWS,
        "windows-11": Variant.WINDOWS,
        "windows-10-mobile": Variant.WINDOWS_10_MOBILE,
        "windows-phone": Variant.WINDOWS_PHONE_81,
        "windowsphone": Variant.WINDOWS_PHONE_81,
        "windows-phone-8.1": Variant.WINDOWS_PHONE_81,
        "windows-phone-81": Variant.WINDOWS_PHONE_81,
    }
)

#: The operating systems of Graph whose names are one word -> their words. All others are words already.
_SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "AndroidForWork": "Android Enterprise (work profile)",
        "AndroidEnterprise": "Android Enterprise (owned by the company)",
        "AndroidAOSP": "Android (AOSP)",
    }
)


def system_words(operating_system: str) -> str:
    """Return a device's operatingSystem in words."""
    return _SYSTEMS.get(operating_system, operating_system)


def platform_of(variant: Variant) -> ProfilePlatform:
    """Return the platform for which an administrator makes profiles of such devices."""
    return _PLATFORMS_OF[variant]


def platform_words(variants: Iterable[Variant]) -> str:
    """Return the platforms of these variants in words."""
    chosen = set(variants)
    if chosen == {Variant.ANDROID_KNOX}:
        return "Samsung Knox"
    return " and ".join(dict.fromkeys(PLATFORMS[_PLATFORMS_OF[variant]] for variant in Variant if variant in chosen))


def spelled(text: str) -> Variant | None:
    """Return the kind of device that people mean by a text, such as `Android_Fully_Managed`, `iPhone` or
    `windows-phone`; None if they may mean several, or none.
    """
    return _SPELLINGS.get(_folded(text))


def nearest_spellings(text: str) -> list[str]:
    """Return the spellings that a text comes near to, the nearest first."""
    return get_close_matches(_folded(text), _SPELLINGS, n=2)


def _folded(text: str) -> str:
    return "-".join(text.lower().replace("_", " ").replace("-", " ").split())


_GIGABYTE, _GIBIBYTE = 10**9, 2**30
_TOTAL, _FREE = "totalStorageSpaceInBytes", "freeStorageSpaceInBytes"
#: data. Facts that are as they should be, or are not: label, words if true, words if false.
_SWITCHES: dict[str, tuple[str, str, str]] = {
    "isEncrypted": ("Storage", "encrypted", "not encrypted"),
    "isPasscodePresent": ("Passcode", "set", "none"),
    "isSecureBootEnabled": ("Secure Boot", "switched on", "switched off"),
    "isFirewallEnabled": ("Firewall", "switched on", "switched off"),
    "isAntivirusEnabled": ("Antivirus", "switched on", "switched off"),
    "realTimeProtectionEnabled": ("Real-time protection", "switched on", "switched off"),
    "isSystemIntegrityProtectionEnabled": ("System Integrity Protection", "switched on", "switched off"),
}
_JAIL_BROKEN = {"True": ("bad", "yes"), "False": ("good", "no"), "Unknown": ("", "not known")}
#: data. Facts that are shown as they are.
_TEXTS = {
    "androidSecurityPatchLevel": "Security patch",
    "tpmSpecificationVersion": "TPM",
    "phoneNumber": "Phone number",
    "subscriberCarrier": "Carrier",
    "imei": "IMEI",
    "wiFiMacAddress": "Wi-Fi address",
}

#: Facts that people change to see what follows, by the names of Graph's managedDevice.
REPORTED: tuple[str, ...] = (*_SWITCHES, "jailBroken", "osVersion", "model", _TOTAL, _FREE, *_TEXTS)


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact. `state`: `good`, `bad`, or empty for one that is neither."""

    label: str
    words: str
    state: str = ""


def fact_lines(facts: Mapping[str, Any]) -> list[FactLine]:
    """Return the facts that are known, by the names of Graph's managedDevice."""
    lines = [
        FactLine(label, yes if facts[name] else no, "good" if facts[name] else "bad")
        for name, (label, yes, no) in _SWITCHES.items()
        if isinstance(facts.get(name), bool)
    ]
    if (jail_broken := _JAIL_BROKEN.get(str(facts.get("jailBroken")))) is not None:
        lines.append(FactLine("Jailbreak, root", jail_broken[1], jail_broken[0]))
    if facts.get(_TOTAL):
        lines.append(FactLine("Free storage", storage_words(facts[_TOTAL], free=facts.get(_FREE) or 0)))
    if facts.get("physicalMemoryInBytes"):
        lines.append(FactLine("Memory", f"{facts['physicalMemoryInBytes'] / _GIBIBYTE:g} GiB"))
    if facts.get("batteryLevelPercentage") is not None:
        lines.append(FactLine("Battery", f"{facts['batteryLevelPercentage']:g} %"))
    if facts.get("isSupervised"):
        lines.append(FactLine("Supervised", "yes"))
    return lines + [FactLine(label, _text(name, facts[name])) for name, label in _TEXTS.items() if facts.get(name)]


def _text(name: str, value: Any) -> str:
    """Return a fact as people read it: a MAC address in pairs, an IMEI in its parts; Graph has them without."""
    text = str(value)
    if name == "wiFiMacAddress" and text.isalnum():
        return ":".join(textwrap.wrap(text, 2))
    return f"{text[:2]} {text[2:8]} {text[8:14]} {text[14:]}" if name == "imei" and text.isdigit() else text


def storage_words(total: int, *, free: int) -> str:
    """Return how much of a device's storage is free: `70.4 of 128 GB, 55 %`."""
    return f"{free / _GIGABYTE:.1f} of {total / _GIGABYTE:.0f} GB, {100 * free // total} %"
