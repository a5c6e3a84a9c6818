"""The ways in which an Android device is managed: what sets its agent's rights apart. Android Management API, and
Android's own documentation of device administrators, profile owners and device owners.

#: data
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune_sim.platforms import Mode


@dataclass(frozen=True, slots=True)
class Ways:
    """What one mode is. `management` is the word of the Android Management API, which has none for a device
    administrator. `owns`: the agent may restart the device, find it and set its name. `leaves`: its user may end
    management. `removes`: the agent can take back certificates that it has installed.
    """

    management: str | None
    ownership: str
    owns: bool
    leaves: bool
    removes: bool = True
    left: str = "the user removed the device administrator"


_PERSONAL, _COMPANY = "PERSONALLY_OWNED", "COMPANY_OWNED"

MODES: dict[Mode, Ways] = {
    Mode.WORK_PROFILE: Ways(
        "PROFILE_OWNER", _PERSONAL, owns=False, leaves=True, left="the user removed the work profile"
    ),
    Mode.FULLY_MANAGED: Ways("DEVICE_OWNER", _COMPANY, owns=True, leaves=False),
    Mode.DEDICATED: Ways("DEVICE_OWNER", _COMPANY, owns=True, leaves=False),
    Mode.CORPORATE_WORK_PROFILE: Ways("PROFILE_OWNER", _COMPANY, owns=True, leaves=False),
    # Intune: "Android legacy devices are not enabled for certificate removal"; Samsung's are, by the Knox SDK.
    Mode.DEVICE_ADMIN: Ways(None, _PERSONAL, owns=False, leaves=True, removes=False),
    Mode.KNOX: Ways(None, _PERSONAL, owns=False, leaves=True),
    Mode.AOSP: Ways("DEVICE_OWNER", _COMPANY, owns=True, leaves=False),
}


def ways_of(mode: Mode | None) -> Ways:
    """What an Android device's mode is."""
    assert mode is not None
    return MODES[mode]
