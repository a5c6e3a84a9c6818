"""Windows 365: provisioning policies, user settings, Cloud PCs.

Source: Graph reference, cloudPcProvisioningPolicy, cloudPcUserSetting, cloudPC.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.odata.schema.overlay import Overlay

_NO_CLOUD_PC = stored("it is kept and assigned, and no Cloud PC is made by it")
_GROUP = "cloudPcManagementGroupAssignmentTarget"

CLOUD_PC = (
    Overlay(
        "cloudPcProvisioningPolicy",
        fidelity=_NO_CLOUD_PC,
        server="createdBy createdDateTime lastModifiedBy lastModifiedDateTime",
        required="displayName imageId",
    ),
    Overlay(
        "cloudPcUserSetting",
        fidelity=_NO_CLOUD_PC,
        server="createdDateTime lastModifiedDateTime",
        required="displayName",
    ),
    Overlay("cloudPcManagementAssignmentTarget", polymorphic=True),
    Overlay(_GROUP, required="groupId"),
    Overlay("cloudPcProvisioningPolicyAssignment", required="target", variants={"target": _GROUP}),
    Overlay("cloudPcUserSettingAssignment", server="createdDateTime", required="target", variants={"target": _GROUP}),
    Overlay("cloudPC", fidelity=stored("no Cloud PC exists here"), server="*"),
)
