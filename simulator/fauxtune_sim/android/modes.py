"""The rights of the agent in each Android management mode (Android Management API; Android's documentation of device
administrators, profile owners and device owners).

#: data
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune_sim.platforms import Mode


@dataclass(frozen=True, slots=True)
class ModeRights:
    """The rights in one mode. `management` is the managementMode of the Android Management API, None for a device
    administrator. `owns_device`: the agent may restart the device, locate it and set its name. `user_can_unenroll`: its
    user may end management. `removes_certificates`: the agent can remove certificates that it has installed.
    `leaves_requested_certificates`: those by SCEP stay when the device is retired.
    """

    management: str | None
    ownership: str
    owns_device: bool
    user_can_unenroll: bool
    removes_certificates: bool = True
    leaves_requested_certificates: bool = False
    unenroll_reason: str = "the user removed the device administrator"


_PERSONAL, _COMPANY = "PERSONALLY_OWNED", "COMPANY_OWNED"

MODES: dict[Mode, ModeRights] = {
    Mode.WORK_PROFILE: ModeRights(
        "PROFILE_OWNER",
        _PERSONAL,
        owns_device=False,
        user_can_unenroll=True,
        unenroll_reason="the user removed the work profile",
    ),
    Mode.FULLY_MANAGED: ModeRights("DEVICE_OWNER", _COMPANY, owns_device=True, user_can_unenroll=False),
    Mode.DEDICATED: ModeRights("DEVICE_OWNER", _COMPANY, owns_device=True, user_can_unenroll=False),
    Mode.CORPORATE_WORK_PROFILE: ModeRights("PROFILE_OWNER", _COMPANY, owns_device=True, user_can_unenroll=False),
    # Intune: "Android legacy devices are not enabled for certificate removal"; Samsung's are, by the Knox SDK.
    Mode.DEVICE_ADMIN: ModeRights(
        None, _PERSONAL, owns_device=False, user_can_unenroll=True, removes_certificates=False
    ),
    # Intune, "Remove SCEP or PKCS certificates": those by SCEP are revoked where Samsung Knox is retired. That they are
    # removed it does not say.
    Mode.KNOX: ModeRights(
        None, _PERSONAL, owns_device=False, user_can_unenroll=True, leaves_requested_certificates=True
    ),
    Mode.AOSP: ModeRights("DEVICE_OWNER", _COMPANY, owns_device=True, user_can_unenroll=False),
}


def rights_of(mode: Mode | None) -> ModeRights:
    """The rights in an Android device's mode."""
    assert mode is not None
    return MODES[mode]
