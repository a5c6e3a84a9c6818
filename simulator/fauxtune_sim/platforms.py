"""The simulated platforms and, for Android, the management modes, by the names that the command line uses."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from fauxtune_sim.errors import NotFoundHere


class Platform(StrEnum):
    """The operating system of a device."""

    ANDROID = "android"
    IOS = "ios"
    IPADOS = "ipados"
    MACOS = "macos"
    WINDOWS = "windows"
    WINDOWS_10_MOBILE = "windows10mobile"
    WINDOWS_PHONE_81 = "windowsphone81"


class Mode(StrEnum):
    """The management modes of Android devices. Other platforms have no modes."""

    WORK_PROFILE = "work-profile"
    FULLY_MANAGED = "fully-managed"
    DEDICATED = "dedicated"
    CORPORATE_WORK_PROFILE = "corporate-work-profile"
    DEVICE_ADMIN = "device-admin"
    KNOX = "knox"
    AOSP = "aosp"


@dataclass(frozen=True, slots=True)
class Kind:
    """A platform with its mode, if the platform has modes. Created by `kind_of` or `read_kind`."""

    platform: Platform
    mode: Mode | None = None

    def __str__(self) -> str:
        return self.platform.value if self.mode is None else f"{self.platform}/{self.mode}"


def kind_of(platform: Platform, mode: Mode | None = None) -> Kind:
    """The kind; Android without a mode is a work profile. Raises NotFoundHere for a mode with any other platform."""
    if platform is Platform.ANDROID:
        return Kind(platform, mode or Mode.WORK_PROFILE)
    if mode is not None:
        raise NotFoundHere(f"{platform} has no modes: only android takes {mode}")
    return Kind(platform)


#: What people call a kind of device, in small letters with hyphens -> the kind as `Kind` is written.
_SPELLINGS = {
    "aosp": "android/aosp",
    "knox": "android/knox",
    "iphone": "ios",
    "ipad": "ipados",
    "mac": "macos",
    "pc": "windows",
    "windows10": "windows",
    "windows-10": "windows",
    "windows11": "windows",
    "windows-11": "windows",
    "windows-10-mobile": "windows10mobile",
    "windows-phone": "windowsphone81",
    "windowsphone": "windowsphone81",
    "windows-phone-8.1": "windowsphone81",
}


def read_kind(text: str) -> Kind:
    """Read a kind such as `ios`, `android`, `android/fully-managed`, or as people write it: `iPhone`,
    `android-fully-managed`. Raises NotFoundHere for an unknown one.
    """
    folded = "-".join(text.lower().replace("_", " ").replace("-", " ").split())
    if folded.startswith("android-"):
        folded = folded.replace("-", "/", 1)
    name, slash, mode = _SPELLINGS.get(folded, folded).partition("/")
    if name not in {platform.value for platform in Platform}:
        raise NotFoundHere(f"{name or 'nothing'} is not simulated: {', '.join(Platform)} are{_meant(name)}")
    platform = Platform(name)
    if not slash:
        return kind_of(platform)
    if platform is not Platform.ANDROID:
        raise NotFoundHere(f"{platform} has no modes: write {platform} instead of {text}")
    if mode not in {known.value for known in Mode}:
        raise NotFoundHere(f"android/{mode} is not simulated: {', '.join(Mode)} are{_meant(mode)}")
    return kind_of(platform, Mode(mode))


def _meant(word: str) -> str:
    near = get_close_matches(word, [*Platform, *_SPELLINGS, *Mode], n=1)
    return f". Did you mean {near[0]}?" if near else ""
