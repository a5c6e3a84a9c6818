"""What a device is, apart from what it is enrolled in: plausible facts, made once and kept (they survive a wipe)."""

from __future__ import annotations

from typing import Any

from fauxtune_sim.hardware.android import AndroidHardware
from fauxtune_sim.hardware.apple import AppleHardware
from fauxtune_sim.hardware.facts import Hardware
from fauxtune_sim.hardware.windows import WindowsHardware
from fauxtune_sim.platforms import Mode, Platform

__all__ = ["AndroidHardware", "AppleHardware", "Hardware", "WindowsHardware", "new_hardware", "read_hardware"]

_CLASSES: dict[Platform, type[Hardware]] = {
    Platform.ANDROID: AndroidHardware,
    Platform.IOS: AppleHardware,
    Platform.IPADOS: AppleHardware,
    Platform.MACOS: AppleHardware,
    Platform.WINDOWS: WindowsHardware,
    Platform.WINDOWS_10_MOBILE: WindowsHardware,
    Platform.WINDOWS_PHONE_81: WindowsHardware,
}


def new_hardware(platform: Platform, os_version: str | None = None, *, mode: Mode | None = None) -> Hardware:
    """A new device of a make that is common for it; NotFoundHere for a version that is not simulated (default: a usual
    one).
    """
    if platform is Platform.ANDROID:
        return AndroidHardware.new(platform, os_version, mode=mode)
    return _CLASSES[platform].new(platform, os_version)


def read_hardware(platform: Platform, document: dict[str, Any]) -> Hardware:
    """The reverse of `Hardware.document`; TypeError if it is none."""
    return _CLASSES[platform](**document)
