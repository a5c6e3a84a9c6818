"""The tenant as a whole: the service itself, its scope tags, and the audit log of administrators.

Source: Graph reference and metadata of both versions: deviceManagement, roleScopeTag, auditEvent.
"""

from __future__ import annotations

from fauxtune.core.graph.base import ENTITY
from fauxtune.core.graph.configuration import DEVICE_CONFIGURATION_ASSIGNMENT
from fauxtune.core.odata.schema.fidelity import (
    ALWAYS_EMPTY,
    ALWAYS_FALSE,
    ALWAYS_NULL,
    ALWAYS_ZERO,
    approximated,
    stored,
)
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, EnumType, Navigation, Owner, Property

_SERVER = Owner.SERVER

_PATTERN = approximated("made like the events of live tenants; those of other kinds are not documented")
_NEVER = approximated("always the moment for never")

ROLE_SCOPE_TAG_INFO = ComplexType(
    "roleScopeTagInfo",
    (Property("displayName"), Property("roleScopeTagId")),
    beta_only=True,
    source="Graph: roleScopeTagInfo (beta)",
)
_ACTOR = approximated("ItPro for a user, Application for an application that acts on its own")
AUDIT_ACTOR = ComplexType(
    "auditActor",
    (
        Property("type", beta_only=True, fidelity=_ACTOR),
        Property("auditActorType", fidelity=_ACTOR),
        Property("userPermissions", collection=True),
        Property("applicationId"),
        Property("applicationDisplayName"),
        Property("userPrincipalName"),
        Property("servicePrincipalName", fidelity=ALWAYS_NULL),
        Property("ipAddress"),
        Property("userId"),
        Property("remoteTenantId", beta_only=True, fidelity=ALWAYS_NULL),
        Property("remoteUserId", beta_only=True, fidelity=ALWAYS_NULL),
        Property("userRoleScopeTags", ROLE_SCOPE_TAG_INFO, collection=True, beta_only=True, fidelity=ALWAYS_EMPTY),
    ),
    source="Graph: auditActor",
)
AUDIT_PROPERTY = ComplexType(
    "auditProperty",
    (Property("displayName"), Property("oldValue"), Property("newValue")),
    source="Graph: auditProperty",
    fidelity=approximated("files, lists of objects and secrets are named, and their content is left out"),
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
        Property("displayName", owner=_SERVER, fidelity=_PATTERN),
        Property("componentName", owner=_SERVER, fidelity=_PATTERN),
        Property("actor", AUDIT_ACTOR, owner=_SERVER),
        Property("activity", owner=_SERVER, fidelity=ALWAYS_NULL),
        Property("activityDateTime", Edm.DATE_TIME, nullable=False, owner=_SERVER),
        Property("activityType", owner=_SERVER, fidelity=_PATTERN),
        Property("activityOperationType", owner=_SERVER),
        Property(
            "activityResult", owner=_SERVER, fidelity=approximated("always Success: a failed request leaves no event")
        ),
        Property("correlationId", Edm.GUID, nullable=False, owner=_SERVER),
        Property("resources", AUDIT_RESOURCE, collection=True, owner=_SERVER),
        Property("category", owner=_SERVER, fidelity=_PATTERN),
    ),
    base=ENTITY,
    source="Graph: auditEvent",
    fidelity=approximated("for a set of assignments, one for each that is added, changed or removed"),
)

ROLE_SCOPE_TAG_AUTO_ASSIGNMENT = Entity(
    "roleScopeTagAutoAssignment",
    (next(prop for prop in DEVICE_CONFIGURATION_ASSIGNMENT.properties if prop.name == "target"),),
    base=ENTITY,
    beta_only=True,
    source="Graph: roleScopeTagAutoAssignment (beta)",
    fidelity=stored("the devices of the group are not given the tag; the form of the id is the emulator's"),
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
    fidelity=stored("an administrator sees everything, whatever the tags are"),
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
    fidelity=approximated("always the same: 30 days for deviceComplianceCheckinThresholdDays, everything else off"),
)
_SUBSCRIPTION_STATE = EnumType(
    "deviceManagementSubscriptionState",
    ("pending", "active", "warning", "disabled", "deleted", "blocked", "lockedOut"),
    values=(0, 1, 2, 3, 4, 5, 8),
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
        Property("intuneAccountId", Edm.GUID, nullable=False, owner=_SERVER, fidelity=approximated("the tenant's id")),
        Property("settings", DEVICE_MANAGEMENT_SETTINGS, owner=_SERVER, fidelity=approximated("always the same")),
        Property(
            "subscriptionState",
            _SUBSCRIPTION_STATE,
            nullable=False,
            owner=_SERVER,
            fidelity=approximated("always active"),
        ),
        Property(
            "subscriptions",
            _SUBSCRIPTIONS,
            nullable=False,
            beta_only=True,
            owner=_SERVER,
            fidelity=approximated("always intune"),
        ),
        Property(
            "legacyPcManangementEnabled",
            Edm.BOOLEAN,
            nullable=False,
            beta_only=True,
            owner=_SERVER,
            fidelity=ALWAYS_FALSE,
        ),
        Property(
            "unlicensedAdminstratorsEnabled",
            Edm.BOOLEAN,
            nullable=False,
            beta_only=True,
            owner=_SERVER,
            fidelity=approximated("always true"),
        ),
        Property(
            "accountMoveCompletionDateTime",
            Edm.DATE_TIME,
            nullable=False,
            beta_only=True,
            owner=_SERVER,
            fidelity=_NEVER,
        ),
        Property(
            "deviceComplianceReportSummarizationDateTime",
            Edm.DATE_TIME,
            nullable=False,
            beta_only=True,
            owner=_SERVER,
            fidelity=_NEVER,
        ),
        Property("maximumDepTokens", Edm.INT32, nullable=False, beta_only=True, owner=_SERVER, fidelity=ALWAYS_ZERO),
    ),
    base=ENTITY,
    source="Graph: deviceManagement",
    fidelity=approximated("the id is the tenant's: how the service makes it is not known"),
)
