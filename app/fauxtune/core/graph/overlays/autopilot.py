"""Windows Autopilot: deployment profiles, device identities, their import.

Source: Graph reference and beta metadata, windowsAutopilotDeploymentProfile, windowsAutopilotDeviceIdentity,
importedWindowsAutopilotDeviceIdentity.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.odata.schema.overlay import Overlay

_NOT_USED = stored("it is kept, and no device is set up by it")
_NEVER = "0001-01-01T00:00:00Z"

AUTOPILOT = (
    Overlay(
        "windowsAutopilotDeploymentProfile",
        fidelity=_NOT_USED,
        polymorphic=True,
        server="createdDateTime lastModifiedDateTime managementServiceAppId",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
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
        fidelity=_NOT_USED,
        server="*",
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
        fidelity=_NOT_USED,
        server="importId",
        required="serialNumber hardwareIdentifier",
        secret={"hardwareIdentifier": ""},
    ),
)
