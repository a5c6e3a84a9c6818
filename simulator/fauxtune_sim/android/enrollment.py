"""The enrolment of an Android device: the credential for its requests, the policy that it applied, and the rights of
the agent in each management mode (Android Management API; Android's documentation of device administrators, profile
owners and device owners).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from fauxtune_sim.device.enrollment import Enrollment, Refusal
from fauxtune_sim.platforms import Mode

_PERSONAL, _COMPANY = "PERSONALLY_OWNED", "COMPANY_OWNED"


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


@dataclass(slots=True, kw_only=True)
class AndroidEnrollment(Enrollment):
    """`name` is the path of this device below the service's base (`enterprises/{e}/devices/{d}`); `reporting` names the
    parts of the status report that the applied policy switches on.
    """

    credential: str
    policy_name: str
    policy_version: str = "0"
    refusals: tuple[Refusal, ...] = ()
    reporting: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The enrolment as JSON, secrets included."""
        # `super()` without arguments does not work in a dataclass with slots.
        return Enrollment.document(self) | {
            "refusals": [asdict(refusal) for refusal in self.refusals],
            "reporting": list(self.reporting),
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`."""
        enrollment = super(AndroidEnrollment, cls).from_document(document)
        enrollment.refusals = tuple(Refusal(**row) for row in document["refusals"])
        enrollment.reporting = tuple(enrollment.reporting)
        return enrollment


def android_enrollment(enrollment: Enrollment | None) -> AndroidEnrollment:
    """The enrolment of an enrolled Android device, narrowed to its type."""
    assert isinstance(enrollment, AndroidEnrollment)
    return enrollment
