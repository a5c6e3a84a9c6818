"""The built-in compliance policy, which every device has, and the switches of the tenant that it depends on.

Intune, "Device compliance policies": the contact within the validity period, an assigned policy (where the tenant wants
one), a user who exists. Differs from Intune: a device that was enrolled without a user passes the last one and is
judged as others are; "Monitor compliance policy" (2026-04-16) shows such devices as not evaluated, and the page of
enrolment for macOS (2025-09-05) has no compliance of Macs without a user.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fauxtune.core.engine.compliance.judging import Verdict
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.states import Status, worst

#: Unverified: the id of the built-in policy. It is the same in each tenant here.
BUILT_IN_ID = "d1000000-0000-4000-8000-00000000dcdc"
BUILT_IN_NAME = "Default Device Compliance Policy"
CONTACT = "DefaultDeviceCompliancePolicy.RequireRemainContact"
ASSIGNED = "DefaultDeviceCompliancePolicy.RequireDeviceCompliancePolicyAssigned"
USER = "DefaultDeviceCompliancePolicy.RequireUserExistence"
#: data. What each requires, for people.
WORDS = {
    CONTACT: "the device was in contact within the validity period",
    ASSIGNED: "a compliance policy is assigned to the device",
    USER: "the user who enrolled the device exists and has a licence",
}
#: data. What an administrator does where only this is not met, for people.
FIXES = {
    CONTACT: "Let the device check in.",
    ASSIGNED: "Assign a compliance policy to the device, or switch secureByDefault off (deviceManagement.settings).",
    USER: "Create the user again, and give the user a licence.",
}


@dataclass(frozen=True, slots=True)
class Switches:
    """What the tenant has set (Graph: deviceManagementSettings). `secure_by_default`: a device that no policy reaches
    is not compliant.
    """

    secure_by_default: bool = False
    contact_days: int = 30
    has_scheduled_actions: bool = True

    @property
    def contact(self) -> timedelta:
        """The longest time without contact."""
        return timedelta(days=self.contact_days)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the built-in policy looks at: the last contact, whether an applicable policy is assigned, and whether the
    device's user, if it has one, exists and has a licence.
    """

    contact_at: datetime
    has_policy: bool
    has_entitled_user: bool = True


def judge_built_in(standing: Standing, *, switches: Switches, now: datetime) -> Verdict:
    """Judge the three settings of the built-in policy."""
    met = {
        CONTACT: now - standing.contact_at <= switches.contact,
        ASSIGNED: standing.has_policy or not switches.secure_by_default,
        USER: standing.has_entitled_user,
    }
    states = tuple(
        SettingState(name, Status.COMPLIANT if is_met else Status.NON_COMPLIANT) for name, is_met in met.items()
    )
    return Verdict(worst(state.status for state in states), states)
