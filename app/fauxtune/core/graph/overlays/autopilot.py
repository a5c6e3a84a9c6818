"""Windows Autopilot: deployment profiles, device identities, their import.

Source: Graph reference and beta metadata, windowsAutopilotDeploymentProfile, windowsAutopilotDeviceIdentity,
importedWindowsAutopilotDeviceIdentity.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import ALWAYS_NULL, approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_NO_EFFECT = stored("it is kept, and has no effect")
_IMPORTED = approximated("an import is done half a minute of the clock after its request")
_NO_PAGE = stored("there is no status page")
_NEVER = "0001-01-01T00:00:00Z"

AUTOPILOT = (
    Overlay(
        "windowsAutopilotDeploymentProfile",
        polymorphic=True,
        server="createdDateTime lastModifiedDateTime managementServiceAppId",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",)},
        different={
            TAGS_HIDE_NOTHING: "roleScopeTagIds",
            _NO_EFFECT: "deviceType enableWhiteGlove enrollmentStatusScreenSettings extractHardwareHash "
            "hardwareHashExtractionEnabled language locale preprovisioningAllowed",
        },
    ),
    Overlay("azureADWindowsAutopilotDeploymentProfile activeDirectoryWindowsAutopilotDeploymentProfile"),
    Overlay(
        "windowsAutopilotDeploymentProfileAssignment",
        server="source sourceId",
        required="target",
        variants={"target": TARGETS},
    ),
    Overlay(
        "windowsAutopilotDeviceIdentity",
        server="*",
        different={
            _NO_EFFECT: "userPrincipalName addressableUserName displayName deviceAccountUpn deviceAccountPassword "
            "deviceFriendlyName productKey",
            ALWAYS_NULL: "resourceName skuNumber systemFamily purchaseOrderIdentifier",
            approximated("when it asked for its profile, or enrolled"): "lastContactedDateTime",
        },
        defaults={
            "enrollmentState": "notContacted",
            "lastContactedDateTime": _NEVER,
            "deploymentProfileAssignmentStatus": "notAssigned",
            "deploymentProfileAssignedDateTime": _NEVER,
            "managedDeviceId": "00000000-0000-0000-0000-000000000000",
        },
    ),
    Overlay(
        "importedWindowsAutopilotDeviceIdentity",
        fidelity=_IMPORTED,
        server="importId",
        required="serialNumber hardwareIdentifier",
        secret={"hardwareIdentifier": ""},
    ),
    Overlay("windowsAutopilotSettings", server="*"),
    Overlay(
        "deviceManagementAutopilotEvent",
        server="*",
        different={
            _NO_PAGE: "accountSetupDuration accountSetupStatus deviceSetupDuration deviceSetupStatus "
            "windows10EnrollmentCompletionPageConfigurationDisplayName "
            "windows10EnrollmentCompletionPageConfigurationId",
            approximated(
                "of failed enrolments those that a restriction refused"
            ): "deploymentState enrollmentFailureDetails",
        },
    ),
)
