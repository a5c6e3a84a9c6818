"""The enrolment of an Apple device: the settings of the MDM payload, and the tokens that the device sent.

Apple: payload com.apple.mdm; check-in message TokenUpdate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from fauxtune_sim.device.enrollment import Enrollment


class Right(IntFlag):
    """AccessRights of the MDM payload."""

    INSPECT_PROFILES = 1
    CHANGE_PROFILES = 2
    LOCK = 4
    ERASE = 8
    DEVICE_INFORMATION = 16
    NETWORK_INFORMATION = 32
    INSPECT_PROVISIONING = 64
    CHANGE_PROVISIONING = 128
    INSPECT_APPLICATIONS = 256
    RESTRICTIONS = 512
    SECURITY = 1024
    SETTINGS = 2048
    CHANGE_APPLICATIONS = 4096


EVERY_RIGHT = 8191


@dataclass(slots=True, kw_only=True)
class AppleEnrollment(Enrollment):
    """`name` is the UDID, of a User Enrollment (`by_user`) the EnrollmentID; `push_token` is the token in hex if the
    server has a push service for simulated devices.

    `profile` is the PayloadIdentifier of the profile with the MDM payload. `token_due`: the server has not accepted the
    last TokenUpdate yet. `unlock_token` is for iOS and iPadOS only, `bootstrap_token` for macOS only.
    """

    profile: str
    server_url: str
    check_in_url: str
    topic: str
    push_magic: str
    token: bytes
    access_rights: int = EVERY_RIGHT
    sign_message: bool = False
    check_out_when_removed: bool = False
    takes_bootstrap_token: bool = False
    unlock_token: bytes | None = None
    bootstrap_token: bytes | None = None
    token_due: bool = True
    by_user: bool = False

    def may(self, right: Right) -> bool:
        """Whether the server has this right."""
        return right in Right(self.access_rights)
