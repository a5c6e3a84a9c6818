"""Platforms in words: the kinds of device, and the platforms for which an administrator makes profiles.

Intune's portal offers the same choice of platforms for a new profile ("Platform").

#: data
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType

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
