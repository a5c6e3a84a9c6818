"""Windows 365: provisioning policies, user settings, and the list of Cloud PCs, which stays empty.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.types import stored
from fauxtune.core.policies.rules import Rules
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Assigned, Family

_AUDIT = ("CloudPC", "Device")
_NO_CLOUD_PC = stored("kept and assigned; no Cloud PC is made by it")

HEADING = "Windows 365"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/virtualEndpoint/provisioningPolicies",
        "cloudPcProvisioningPolicy",
        "a provisioning policy of Cloud PCs",
        Rules("provisioningPolicies"),
        read=needs.READ_CLOUD_PC,
        write=needs.WRITE_CLOUD_PC,
        audit=_AUDIT,
        without=reasons.CLOUD_PC,
        assigned=Assigned("cloudPcProvisioningPolicyAssignment"),
        beta_only=False,
        fidelity=_NO_CLOUD_PC,
    ),
    Family(
        "deviceManagement/virtualEndpoint/userSettings",
        "cloudPcUserSetting",
        "a user setting of Cloud PCs",
        Rules("userSettings"),
        read=needs.READ_CLOUD_PC,
        write=needs.WRITE_CLOUD_PC,
        audit=_AUDIT,
        without=reasons.CLOUD_PC,
        assigned=Assigned("cloudPcUserSettingAssignment"),
        beta_only=False,
        fidelity=_NO_CLOUD_PC,
    ),
    Family(
        "deviceManagement/virtualEndpoint/cloudPCs",
        "cloudPC",
        "a Cloud PC",
        Rules("cloudPCs"),
        read=needs.READ_CLOUD_PC,
        write=needs.WRITE_CLOUD_PC,
        audit=_AUDIT,
        without=reasons.CLOUD_PC,
        verbs="list get",
        beta_only=False,
        fidelity=stored("the list is empty: no Cloud PC exists here"),
    ),
)
