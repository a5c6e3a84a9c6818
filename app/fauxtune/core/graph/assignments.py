"""Assignments in their old form, assignment filters, and the targets of assignments.

Source: Graph reference and beta metadata, deviceConfigurationGroupAssignment, deviceAndAppManagementAssignmentFilter.
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.base import ENTITY, TAGS_HIDE_NOTHING
from fauxtune.core.odata.schema.fidelity import approximated
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, EnumType, Navigation, Owner, Property

DEVICE_PLATFORM_TYPE = EnumType(
    "devicePlatformType",
    (
        "android",
        "androidForWork",
        "iOS",
        "macOS",
        "windowsPhone81",
        "windows81AndLater",
        "windows10AndLater",
        "androidWorkProfile",
        "unknown",
        "androidAOSP",
        "androidMobileApplicationManagement",
        "iOSMobileApplicationManagement",
        "unknownFutureValue",
        "windowsMobileApplicationManagement",
    ),
    beta_only=frozenset({"windowsMobileApplicationManagement"}),
    v1_fallback="unknownFutureValue",
)
_MANAGEMENT_TYPE = EnumType("assignmentFilterManagementType", ("devices", "apps", "unknownFutureValue"))
#: Declared in Microsoft's beta SDK of 2026-10. Unverified: the numbers, which no published metadata has.
_EVALUATION_MODE = EnumType(
    "assignmentFilterEvaluationMode",
    ("checkinTimeEvaluation", "inventoryEvaluation", "mixedEvaluation", "disabled", "unknownFutureValue"),
)
_PAYLOAD_TYPE = EnumType(
    "associatedAssignmentPayloadType",
    (
        "unknown",
        "deviceConfigurationAndCompliance",
        "application",
        "androidEnterpriseApp",
        "enrollmentConfiguration",
        "groupPolicyConfiguration",
        "zeroTouchDeploymentDeviceConfigProfile",
        "androidEnterpriseConfiguration",
        "deviceFirmwareConfigurationInterfacePolicy",
        "resourceAccessPolicy",
        "win32app",
        "deviceManagmentConfigurationAndCompliancePolicy",
    ),
    values=(0, 1, 2, 8, 9, 12, 15, 16, 20, 23, 24, 29),
)

DEVICE_CONFIGURATION_GROUP_ASSIGNMENT = Entity(
    "deviceConfigurationGroupAssignment",
    (
        Property("targetGroupId", required=True),
        Property("excludeGroup", Edm.BOOLEAN, nullable=False),
    ),
    base=ENTITY,
    beta_only=True,
    navigations=(Navigation("deviceConfiguration", "deviceConfiguration"),),
    source="Graph: deviceConfigurationGroupAssignment (beta)",
)

PAYLOAD_BY_FILTER = ComplexType(
    "payloadByFilter",
    (
        Property("payloadId"),
        Property(
            "payloadType",
            _PAYLOAD_TYPE,
            nullable=False,
            fidelity=approximated(
                "resourceAccessPolicy for certificate profiles, deviceConfigurationAndCompliance for all others"
            ),
        ),
        Property("groupId"),
        Property("assignmentFilterType", enums.DEVICE_AND_APP_MANAGEMENT_ASSIGNMENT_FILTER_TYPE, nullable=False),
    ),
    beta_only=True,
    source="Graph: payloadByFilter (beta)",
)
ASSIGNMENT_FILTER = Entity(
    "deviceAndAppManagementAssignmentFilter",
    (
        Property("createdDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
        Property("lastModifiedDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
        Property("displayName", nullable=False, required=True),
        Property("description"),
        Property("platform", DEVICE_PLATFORM_TYPE, nullable=False, required=True),
        Property(
            "rule",
            nullable=False,
            required=True,
            fidelity=approximated(
                "devices say nothing of enrolment profile, processor, trust type and edition, and are not "
                "rooted; parentheses go 50 deep"
            ),
        ),
        Property("roleScopeTags", collection=True, default=("0",), fidelity=TAGS_HIDE_NOTHING),
        Property("payloads", PAYLOAD_BY_FILTER, collection=True, owner=Owner.SERVER),
        Property(
            "assignmentFilterManagementType",
            _MANAGEMENT_TYPE,
            nullable=False,
            default="devices",
            fidelity=approximated("filters for apps are checked and stored: nothing can be assigned with them"),
        ),
        Property(
            "evaluationMode",
            _EVALUATION_MODE,
            nullable=False,
            default="checkinTimeEvaluation",
            owner=Owner.SERVER,
            fidelity=approximated("always checkinTimeEvaluation"),
        ),
    ),
    base=ENTITY,
    beta_only=True,
    source="Graph: deviceAndAppManagementAssignmentFilter (beta)",
)
EVALUATION_STATUS_DETAILS = Entity(
    "assignmentFilterEvaluationStatusDetails",
    (Property("payloadId", owner=Owner.SERVER),),
    base=ENTITY,
    beta_only=True,
    source="Graph: assignmentFilterEvaluationStatusDetails (beta)",
    fidelity=approximated("the form of the id, `<profile>_<device>`, is the emulator's"),
)

_EVALUATE_REQUEST = ComplexType(
    "assignmentFilterEvaluateRequest",
    (
        Property("platform", DEVICE_PLATFORM_TYPE, nullable=False, required=True),
        Property("rule", required=True),
        Property("top", Edm.INT32),
        Property("skip", Edm.INT32),
        Property("orderBy", collection=True),
        Property("search"),
    ),
    beta_only=True,
    source="Graph: deviceManagement: evaluateAssignmentFilter",
)
#: The body of an action. It is not an entity, and in no list of types.
EVALUATION_REQUEST = Entity(
    "evaluateAssignmentFilterRequestBody",
    (Property("data", _EVALUATE_REQUEST, required=True),),
    beta_only=True,
    source="Graph: deviceManagement: evaluateAssignmentFilter",
)
