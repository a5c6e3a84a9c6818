"""Compliance as it was judged: of each device, each policy and each setting, and counted.

Source: Graph reference and metadata, deviceCompliancePolicyState, deviceComplianceDeviceStatus and their siblings
(v1.0 and beta); Intune, "Monitor results of your device compliance policies".

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import NO_END
from fauxtune.core.odata.schema.fidelity import ALWAYS_ZERO, approximated
from fauxtune.core.odata.schema.overlay import Overlay

_AT_ENROLLMENT = approximated("the user's as of the enrolment")
_STATUS = approximated("remediated and notAssigned do not occur: what a device has remedied is compliant")
_ASKED = approximated("the moment of the answer: counted at each request")
_ONE_USER = approximated("one row for a device and a policy: a device here has one user at most")

COMPLIANCE_STATES = (
    Overlay(
        "deviceCompliancePolicyState",
        fidelity=approximated(
            "one row for a device and a policy, as a device has one user at most; the built-in policy has an id of ours"
        ),
        different={_STATUS: "state"},
    ),
    Overlay(
        "deviceCompliancePolicySettingState",
        different={
            _STATUS: "state",
            approximated("one number for every value that cannot be compared"): "errorCode",
            approximated("in the emulator's words"): "errorDescription",
            _AT_ENROLLMENT: "userName userEmail userPrincipalName",
            approximated("null: the real service has texts of its portal there"): "instanceDisplayName settingName",
        },
    ),
    Overlay(
        "deviceComplianceDeviceStatus",
        fidelity=_ONE_USER,
        defaults={"complianceGracePeriodExpirationDateTime": NO_END},
        different={
            _AT_ENROLLMENT: "userName userPrincipalName",
            approximated("always 0: what its numbers mean is not documented"): "platform",
            _STATUS: "status",
        },
    ),
    Overlay(
        "deviceComplianceUserStatus",
        fidelity=approximated("the form of the id, `<policy>_<user>`, is the emulator's"),
        different={approximated("that of the device with the worst status"): "status"},
    ),
    Overlay(
        "retireScheduledManagedDevice",
        different={approximated("the moment at which it came on the list"): "retireAfterDateTime"},
    ),
    Overlay("deviceComplianceDeviceOverview deviceComplianceUserOverview", different={_ASKED: "lastUpdateDateTime"}),
    Overlay(
        "deviceCompliancePolicyDeviceStateSummary",
        different={ALWAYS_ZERO: "configManagerCount notApplicableDeviceCount remediatedDeviceCount"},
    ),
    Overlay(
        "deviceCompliancePolicySettingStateSummary",
        fidelity=approximated("the form of the id, `<setting>_<platform>`, is the emulator's"),
        different={ALWAYS_ZERO: "remediatedDeviceCount"},
    ),
    Overlay(
        "deviceComplianceSettingState",
        fidelity=approximated("the form of the id, `<setting>_<device>`, is the emulator's"),
        different={_AT_ENROLLMENT: "userName userEmail userPrincipalName"},
    ),
)
