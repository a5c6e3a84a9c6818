"""The hardware of a device: plausible facts that are generated once and stored (they survive a wipe)."""

from __future__ import annotations

from random import Random, SystemRandom
from typing import Any

from fauxtune_sim.facts.android import AndroidHardware
from fauxtune_sim.facts.apple import AppleHardware
from fauxtune_sim.facts.values import Hardware
from fauxtune_sim.facts.windows import WindowsHardware
from fauxtune_sim.platforms import Mode, Platform

_CLASSES: dict[Platform, type[Hardware]] = {
    Platform.ANDROID: AndroidHardware,
    Platform.IOS: AppleHardware,
    Platform.IPADOS: AppleHardware,
    Platform.MACOS: AppleHardware,
    Platform.WINDOWS: WindowsHardware,
    Platform.WINDOWS_10_MOBILE: WindowsHardware,
    Platform.WINDOWS_PHONE_81: WindowsHardware,
}


def new_hardware(
    platform: Platform, os_version: str | None = None, *, mode: Mode | None = None, random: Random | None = None
) -> Hardware:
    """Generate the hardware of a common product, with this system version or the usual one.

    A seeded `random` generates the same hardware again. Raises NotFoundHere for a version that is not simulated.
    """
    return _CLASSES[platform].new(platform, os_version, mode=mode, random=SystemRandom() if random is None else random)


def read_hardware(platform: Platform, document: dict[str, Any]) -> Hardware:
    """Read the JSON of `Hardware.document`. Raises TypeError if it has another form."""
    return _CLASSES[platform](**document)
