"""Terms and conditions, branding, cleanup rules, approvals, partners for threat defence, policy sets.

Source: Graph reference and beta metadata.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_ITEMS = (
    "deviceCompliancePolicyPolicySetItem deviceConfigurationPolicySetItem "
    "deviceManagementConfigurationPolicyPolicySetItem deviceManagementScriptPolicySetItem "
    "enrollmentRestrictionsConfigurationPolicySetItem iosLobAppProvisioningConfigurationPolicySetItem "
    "managedAppProtectionPolicySetItem managedDeviceMobileAppConfigurationPolicySetItem "
    "mdmWindowsInformationProtectionPolicyPolicySetItem mobileAppPolicySetItem "
    "targetedManagedAppConfigurationPolicySetItem windows10EnrollmentCompletionPageConfigurationPolicySetItem "
    "windowsAutopilotDeploymentProfilePolicySetItem"
)
_NOT_ASSIGNED = stored("what is in a set is not assigned by it")
_POLICY = approximated("in force at once, without an approval of its own; no application is excluded")
_REQUEST = approximated(
    "made by requests with x-msft-approval-justification; who approves what follows from groups alone"
)

TENANT_ADMINISTRATION = (
    Overlay(
        "termsAndConditions",
        fidelity=stored("nobody is asked to accept them"),
        server="createdDateTime lastModifiedDateTime modifiedDateTime",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",), "version": 1},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay("termsAndConditionsAssignment", required="target", variants={"target": TARGETS}),
    Overlay(
        "intuneBrandingProfile",
        fidelity=stored("no page and no mail shows it"),
        server="createdDateTime lastModifiedDateTime isDefaultProfile",
        required="profileName",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay("intuneBrandingProfileAssignment", required="target", variants={"target": TARGETS}),
    Overlay(
        "managedDeviceCleanupRule",
        fidelity=stored("no device is retired by it"),
        required="displayName deviceInactivityBeforeRetirementInDays",
    ),
    Overlay(
        "operationApprovalPolicy",
        fidelity=_POLICY,
        required="displayName policyType approverGroupIds",
        defaults={"policyPlatform": "notApplicable"},
        different={stored("a policy guards all platforms"): "policyPlatform policySet"},
    ),
    # "Use Multi Admin Approval with the Microsoft Graph API" (2026-05-19) polls by `$filter=requestId eq '...'`, though
    # the metadata knows only the id.
    Overlay("operationApprovalRequest", fidelity=_REQUEST, aliases={"requestId": "id"}),
    Overlay("operationApprovalPolicySet operationApprovalRequestEntityStatus identitySet identity"),
    Overlay(
        "mobileThreatDefenseConnector",
        fidelity=stored("no partner is connected"),
        server="lastHeartbeatDateTime partnerState",
        different={approximated("always unavailable"): "partnerState"},
    ),
    Overlay(
        "policySet",
        fidelity=_NOT_ASSIGNED,
        server="createdDateTime lastModifiedDateTime status errorCode",
        required="displayName",
        defaults={"roleScopeTags": ("0",)},
        different={approximated("always unknown"): "status"},
    ),
    Overlay(
        "policySetItem",
        fidelity=_NOT_ASSIGNED,
        polymorphic=True,
        server="createdDateTime lastModifiedDateTime status errorCode itemType displayName",
        required="payloadId",
        different={approximated("always null"): "displayName itemType"},
    ),
    Overlay(_ITEMS, fidelity=_NOT_ASSIGNED),
    Overlay(
        "policySetAssignment",
        server="lastModifiedDateTime",
        required="target",
        variants={"target": TARGETS},
    ),
)
