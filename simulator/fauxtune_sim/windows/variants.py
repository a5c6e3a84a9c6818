"""The protocol differences between a PC, Windows 10 Mobile and Windows Phone 8.1."""

from __future__ import annotations

from fauxtune_sim.platforms import Platform


def is_phone(platform: Platform) -> bool:
    """Whether it is a phone: phones write SessionIDs in hex, have RemoteLock, and enrol as another DeviceType."""
    return platform is not Platform.WINDOWS


def has_scopes(platform: Platform) -> bool:
    """Whether `./User` and `./Device` exist; Windows Phone 8.1 has one scope and neither prefix."""
    return platform is not Platform.WINDOWS_PHONE_81
