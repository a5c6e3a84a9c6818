"""What is simulated: platforms, and the ways in which their devices are managed. The words of the command line."""

from __future__ import annotations

from enum import StrEnum


class Platform(StrEnum):
    """The platforms that are simulated."""

    ANDROID = "android"


class Mode(StrEnum):
    """The ways an Android device can be managed that are simulated."""

    WORK_PROFILE = "work-profile"
    FULLY_MANAGED = "fully-managed"
