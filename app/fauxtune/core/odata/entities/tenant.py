"""What belongs to the tenant as a whole: the service itself, its scope tags, and the log of what administrators did.

Source: Graph reference and metadata of both versions: deviceManagement, roleScopeTag, auditEvent.
"""

from __future__ import annotations

from fauxtune.core.odata.entities.configuration import DEVICE_CONFIGURATION_ASSIGNMENT
from fauxtune.core.odata.fidelity import stored
from fauxtune.core.odata.schema import ENTITY, ComplexType, Edm, Entity, EnumType, Navigation, Owner, Property

_SERVER = Owner.SERVER

ROLE_SCOPE_TAG_INFO = ComplexType(
    "roleScopeTagInfo", (Property("displayName"), Property("roleScopeTagId")), beta_only=True
)
AUDIT_ACTOR = ComplexType(
    "auditActor",
    (
        Property("type", beta_only=True),
        Property("auditActorType"),
        Property("userPermissions", collection=True),
        Property("applicationId"),
        Property("applicationDisplayName"),
        Property("userPrincipalName"),
        Property("servicePrincipalName"),
        Property("ipAddress"),
        Property("userId"),
        Property("remoteTenantId", beta_only=True),
        Property("remoteUserId", beta_only=True),
        Property("userRoleScopeTags", ROLE_SCOPE_TAG_INFO, collection=True, beta_only=True),
    ),
    source="Graph: auditActor",
)
AUDIT_PROPERTY = ComplexType(
    "auditProperty",
    (Property("displayName"), Property("oldValue"), Property("newValue")),
    source="Graph: auditProperty",
)
AUDIT_RESOURCE = ComplexType(
    "auditResource",
    (
        Property("displayName"),
        Property("modifiedProperties", AUDIT_PROPERTY, collection=True),
        Property("type", beta_only=True),
        Property("auditResourceType"),
        Property("resourceId"),
    ),
    source="Graph: auditResource",
)
AUDIT_EVENT = Entity(
    "auditEvent",
    (
        Property("displayName", owner=_SERVER),
        Property("componentName", owner=_SERVER),
        Property("actor", AUDIT_ACTOR, owner=_SERVER),
        Property("activity", owner=_SERVER),
        Property("activityDateTime", Edm.DATE_TIME, nullable=False, owner=_SERVER),
        Property("activityType", owner=_SERVER),
        Property("activityOperationType", owner=_SERVER),
        Property("activityResult", owner=_SERVER),
        Property("correlationId", Edm.GUID, nullable=False, owner=_SERVER),
        Property("resources", AUDIT_RESOURCE, collection=True, owner=_SERVER),
        Property("category", owner=_SERVER),
    ),
    base=ENTITY,
    source="Graph: auditEvent",
)

ROLE_SCOPE_TAG_AUTO_ASSIGNMENT = Entity(
    "roleScopeTagAutoAssignment",
    (next(prop for prop in DEVICE_CONFIGURATION_ASSIGNMENT.properties if prop.name == "target"),),
    base=ENTITY,
    beta_only=True,
    source="Graph: roleScopeTagAutoAssignment (beta)",
    fidelity=stored("the devices of the group are not given the tag"),
)
ROLE_SCOPE_TAG = Entity(
    "roleScopeTag",
    (
        Property("displayName", nullable=False, required=True),
        Property("description"),
        Property("isBuiltIn", Edm.BOOLEAN, nullable=False, owner=_SERVER),
    ),
    base=ENTITY,
    navigations=(Navigation("assignments", "roleScopeTagAutoAssignment", collection=True, contained=True),),
    beta_only=True,
    source="Graph: roleScopeTag (beta)",
    fidelity=stored("an administrator sees everything, whatever its tags"),
)

_DERIVED_CREDENTIALS = EnumType(
    "derivedCredentialProviderType", ("notConfigured", "entrustDataCard", "purebred", "xTec", "intercede")
)
DEVICE_MANAGEMENT_SETTINGS = ComplexType(
    "deviceManagementSettings",
    (
        Property("deviceComplianceCheckinThresholdDays", Edm.INT32, nullable=False),
        Property("isScheduledActionEnabled", Edm.BOOLEAN, nullable=False),
        Property("secureByDefault", Edm.BOOLEAN, nullable=False),
        Property("enhancedJailBreak", Edm.BOOLEAN, nullable=False, beta_only=True),
        Property("deviceInactivityBeforeRetirementInDay", Edm.INT32, nullable=False, beta_only=True),
        Property("derivedCredentialProvider", _DERIVED_CREDENTIALS, nullable=False, beta_only=True),
        Property("derivedCredentialUrl", beta_only=True),
        Property("androidDeviceAdministratorEnrollmentEnabled", Edm.BOOLEAN, nullable=False, beta_only=True),
        Property("ignoreDevicesForUnsupportedSettingsEnabled", Edm.BOOLEAN, nullable=False, beta_only=True),
        Property("enableLogCollection", Edm.BOOLEAN, nullable=False, beta_only=True),
        Property("enableAutopilotDiagnostics", Edm.BOOLEAN, nullable=False, beta_only=True),
        Property("enableEnhancedTroubleshootingExperience", Edm.BOOLEAN, nullable=False, beta_only=True),
        Property("enableDeviceGroupMembershipReport", Edm.BOOLEAN, nullable=False, beta_only=True),
        Property("m365AppDiagnosticsEnabled", Edm.BOOLEAN, nullable=False, beta_only=True),
    ),
    source="Graph: deviceManagementSettings",
)
_SUBSCRIPTION_STATE = EnumType(
    "deviceManagementSubscriptionState", ("pending", "active", "warning", "disabled", "deleted", "blocked", "lockedOut")
)
_SUBSCRIPTIONS = EnumType(
    "deviceManagementSubscriptions",
    ("none", "intune", "office365", "intunePremium", "intune_EDU", "intune_SMB"),
    flags=True,
    values=(0, 1, 2, 4, 8, 16),
)
DEVICE_MANAGEMENT = Entity(
    "deviceManagement",
    (
        Property("intuneAccountId", Edm.GUID, nullable=False, owner=_SERVER),
        Property("settings", DEVICE_MANAGEMENT_SETTINGS, owner=_SERVER),
        Property("subscriptionState", _SUBSCRIPTION_STATE, nullable=False, owner=_SERVER),
        Property("subscriptions", _SUBSCRIPTIONS, nullable=False, beta_only=True, owner=_SERVER),
        Property("legacyPcManangementEnabled", Edm.BOOLEAN, nullable=False, beta_only=True, owner=_SERVER),
        Property("unlicensedAdminstratorsEnabled", Edm.BOOLEAN, nullable=False, beta_only=True, owner=_SERVER),
        Property("accountMoveCompletionDateTime", Edm.DATE_TIME, nullable=False, beta_only=True, owner=_SERVER),
        Property(
            "deviceComplianceReportSummarizationDateTime", Edm.DATE_TIME, nullable=False, beta_only=True, owner=_SERVER
        ),
        Property("maximumDepTokens", Edm.INT32, nullable=False, beta_only=True, owner=_SERVER),
    ),
    base=ENTITY,
    source="Graph: deviceManagement",
)
