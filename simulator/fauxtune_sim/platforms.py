"""What is simulated: platforms, and the ways in which their devices are managed. The words of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fauxtune_sim.errors import NotFoundHere


class Platform(StrEnum):
    """What runs on a device."""

    ANDROID = "android"
    IOS = "ios"
    IPADOS = "ipados"
    MACOS = "macos"
    WINDOWS = "windows"
    WINDOWS_10_MOBILE = "windows10mobile"
    WINDOWS_PHONE_81 = "windowsphone81"


class Mode(StrEnum):
    """The ways an Android device can be managed. Other platforms have no modes."""

    WORK_PROFILE = "work-profile"
    FULLY_MANAGED = "fully-managed"
    DEDICATED = "dedicated"
    CORPORATE_WORK_PROFILE = "corporate-work-profile"
    DEVICE_ADMIN = "device-admin"
    KNOX = "knox"
    AOSP = "aosp"


@dataclass(frozen=True, slots=True)
class Kind:
    """A platform, with the mode where the platform has modes: made by `kind_of` or `read_kind`."""

    platform: Platform
    mode: Mode | None = None

    def __str__(self) -> str:
        return self.platform.value if self.mode is None else f"{self.platform}/{self.mode}"


def kind_of(platform: Platform, mode: Mode | None = None) -> Kind:
    """The kind; Android without a mode is a work profile. NotFoundHere for a mode of any other platform."""
    if platform is Platform.ANDROID:
        return Kind(platform, mode or Mode.WORK_PROFILE)
    if mode is not None:
        raise NotFoundHere(f"{platform} has no modes: only android takes {mode}")
    return Kind(platform)


def read_kind(text: str) -> Kind:
    """`ios`, `android`, `android/fully-managed` as a kind; NotFoundHere for what there is not."""
    name, slash, mode = text.partition("/")
    if name not in {one.value for one in Platform}:
        raise NotFoundHere(f"{name or 'nothing'} is not simulated: {', '.join(Platform)} are")
    platform = Platform(name)
    if not slash:
        return kind_of(platform)
    if platform is not Platform.ANDROID:
        raise NotFoundHere(f"{platform} has no modes: write {platform} instead of {text}")
    if mode not in {one.value for one in Mode}:
        raise NotFoundHere(f"android/{mode} is not simulated: {', '.join(Mode)} are")
    return kind_of(platform, Mode(mode))
