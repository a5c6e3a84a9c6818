"""Intune's record of a device, what was asked of it, and the categories of devices.

Source: Graph reference, managedDevice and deviceActionResult; nullability from the v1.0 metadata. Nearly all of it is
the server's: clients change the name, the owner, the notes and the scope tags.
"""

from __future__ import annotations

from fauxtune.core.odata.entities import enums
from fauxtune.core.odata.schema import (
    ENTITY,
    NEVER,
    NO_END,
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Navigation,
    Owner,
    Property,
    Shown,
)


def _server(
    name: str, kind: Edm | EnumType | ComplexType = Edm.STRING, *, default: str | None = None, beta_only: bool = False
) -> Property:
    return Property(name, kind, default=default, owner=Owner.SERVER, beta_only=beta_only)


def _fact(name: str, kind: Edm | EnumType, *, default: str | None = None, beta_only: bool = False) -> Property:
    """One that is never null."""
    return Property(name, kind, nullable=False, default=default, owner=Owner.SERVER, beta_only=beta_only)


def _blank(
    name: str, kind: Edm | ComplexType = Edm.STRING, *, nullable: bool = True, beta_only: bool = False
) -> Property:
    """One whose value only `$select` brings to light; lists show its default."""
    return Property(
        name,
        kind,
        nullable=nullable,
        beta_only=beta_only,
        owner=Owner.SERVER,
        shown=Shown.BLANK_UNLESS_SELECTED,
    )


DEVICE_ACTION_RESULT = ComplexType(
    "deviceActionResult",
    (
        Property("actionName"),
        Property("actionState", enums.ACTION_STATE, nullable=False),
        Property("startDateTime", Edm.DATE_TIME, nullable=False),
        Property("lastUpdatedDateTime", Edm.DATE_TIME, nullable=False),
    ),
)
_LOCATION = ComplexType(
    "deviceGeoLocation",
    (
        Property("lastCollectedDateTime", Edm.DATE_TIME, nullable=False),
        *(
            Property(name, Edm.DOUBLE, nullable=False)
            for name in (
                "longitude",
                "latitude",
                "altitude",
                "horizontalAccuracy",
                "verticalAccuracy",
                "heading",
                "speed",
            )
        ),
    ),
)
#: The results that say more, and therefore their type.
ACTION_RESULTS = (
    ComplexType("locateDeviceActionResult", (Property("deviceLocation", _LOCATION),), base=DEVICE_ACTION_RESULT),
    ComplexType(
        "resetPasscodeActionResult",
        (Property("passcode"), Property("errorCode", Edm.INT32, nullable=False, beta_only=True)),
        base=DEVICE_ACTION_RESULT,
    ),
    ComplexType("remoteLockActionResult", (Property("unlockPin"),), base=DEVICE_ACTION_RESULT),
    ComplexType("windowsDefenderScanActionResult", (Property("scanType"),), base=DEVICE_ACTION_RESULT),
    ComplexType(
        "deleteUserFromSharedAppleDeviceActionResult", (Property("userPrincipalName"),), base=DEVICE_ACTION_RESULT
    ),
    ComplexType(
        "rotateBitLockerKeysDeviceActionResult",
        (Property("errorCode", Edm.INT32, nullable=False),),
        base=DEVICE_ACTION_RESULT,
        beta_only=True,
    ),
)

#: Complex properties that this emulator never fills: shown as null, so their members do not matter.
_FEATURES = ComplexType("configurationManagerClientEnabledFeatures")
_ATTESTATION = ComplexType("deviceHealthAttestationState")
_HARDWARE = ComplexType("hardwareInformation")
_CLIENT_HEALTH = ComplexType("configurationManagerClientHealthState")
_CLIENT = ComplexType("configurationManagerClientInformation")
_CLOUD_PC_ACTION = ComplexType("cloudPcRemoteActionResult")

_V1_PROPERTIES = (
    _server("userId"),
    _server("deviceName"),
    Property("managedDeviceOwnerType", enums.MANAGED_DEVICE_OWNER_TYPE, nullable=False),
    Property(
        "deviceActionResults",
        DEVICE_ACTION_RESULT,
        collection=True,
        owner=Owner.SERVER,
        variants=ACTION_RESULTS,
    ),
    _fact("managementState", enums.MANAGEMENT_STATE),
    _fact("enrolledDateTime", Edm.DATE_TIME),
    _fact("lastSyncDateTime", Edm.DATE_TIME),
    _server("operatingSystem"),
    _server("osVersion"),
    _fact("complianceState", enums.COMPLIANCE_STATE),
    _server("jailBroken", default="Unknown"),
    _fact("managementAgent", enums.MANAGEMENT_AGENT_TYPE, default="mdm"),
    _fact("easActivated", Edm.BOOLEAN),
    _server("easDeviceId", default=""),
    _fact("easActivationDateTime", Edm.DATE_TIME, default=NEVER),
    _server("azureADRegistered", Edm.BOOLEAN),
    _server("azureADDeviceId"),
    _fact("deviceEnrollmentType", enums.DEVICE_ENROLLMENT_TYPE),
    _fact("deviceRegistrationState", enums.DEVICE_REGISTRATION_STATE, default="registered"),
    _server("deviceCategoryDisplayName", default="Unknown"),
    _fact("isSupervised", Edm.BOOLEAN),
    _fact("exchangeLastSuccessfulSyncDateTime", Edm.DATE_TIME, default=NEVER),
    _fact("exchangeAccessState", enums.DEVICE_MANAGEMENT_EXCHANGE_ACCESS_STATE),
    _fact("exchangeAccessStateReason", enums.DEVICE_MANAGEMENT_EXCHANGE_ACCESS_STATE_REASON),
    _blank("remoteAssistanceSessionUrl"),
    _server("remoteAssistanceSessionErrorDetails"),
    _fact("isEncrypted", Edm.BOOLEAN),
    _server("userPrincipalName"),
    _server("model"),
    _server("manufacturer"),
    _server("imei"),
    _fact("complianceGracePeriodExpirationDateTime", Edm.DATE_TIME, default=NO_END),
    _server("serialNumber"),
    _server("phoneNumber"),
    _server("androidSecurityPatchLevel"),
    _server("userDisplayName"),
    _server("configurationManagerClientEnabledFeatures", _FEATURES),
    _server("wiFiMacAddress"),
    _server("deviceHealthAttestationState", _ATTESTATION),
    _server("subscriberCarrier"),
    _server("meid"),
    _fact("totalStorageSpaceInBytes", Edm.INT64),
    _fact("freeStorageSpaceInBytes", Edm.INT64),
    Property("managedDeviceName"),
    _fact("partnerReportedThreatState", enums.MANAGED_DEVICE_PARTNER_REPORTED_HEALTH_STATE),
    _server("requireUserEnrollmentApproval", Edm.BOOLEAN),
    _fact("managementCertificateExpirationDate", Edm.DATE_TIME),
    _server("emailAddress"),
    _blank("iccid"),
    _blank("udid"),
    Property("notes", shown=Shown.BLANK_UNLESS_SELECTED),
    _blank("ethernetMacAddress"),
    _blank("physicalMemoryInBytes", Edm.INT64, nullable=False),
    _server("enrollmentProfileName"),
    _blank("activationLockBypassCode"),
)

_BETA_PROPERTIES = (
    Property("ownerType", enums.OWNER_TYPE, nullable=False, beta_only=True),
    _fact("deviceType", enums.DEVICE_TYPE, default="unknown", beta_only=True),
    _server("aadRegistered", Edm.BOOLEAN, beta_only=True),
    _server("azureActiveDirectoryDeviceId", beta_only=True),
    _fact("lostModeState", enums.LOST_MODE_STATE, beta_only=True),
    Property("roleScopeTagIds", collection=True, default=("0",), beta_only=True),
    _blank("windowsActiveMalwareCount", Edm.INT32, nullable=False, beta_only=True),
    _blank("windowsRemediatedMalwareCount", Edm.INT32, nullable=False, beta_only=True),
    _fact("autopilotEnrolled", Edm.BOOLEAN, beta_only=True),
    _blank("hardwareInformation", _HARDWARE, beta_only=True),
    _fact("managementFeatures", enums.MANAGED_DEVICE_MANAGEMENT_FEATURES, beta_only=True),
    _fact("chassisType", enums.CHASSIS_TYPE, beta_only=True),
    Property(
        "chromeOSDeviceInfo",
        ComplexType(
            "chromeOSDeviceProperty",
            (
                Property("name"),
                Property("value"),
                Property("valueType"),
                Property("updatable", Edm.BOOLEAN, nullable=False),
            ),
        ),
        collection=True,
        owner=Owner.SERVER,
        beta_only=True,
        shown=Shown.BLANK_UNLESS_SELECTED,
    ),
    Property(
        "usersLoggedOn",
        ComplexType("loggedOnUser", (Property("userId"), Property("lastLogOnDateTime", Edm.DATE_TIME, nullable=False))),
        collection=True,
        owner=Owner.SERVER,
        beta_only=True,
    ),
    _server("retireAfterDateTime", Edm.DATE_TIME, default=NEVER, beta_only=True),
    _server("preferMdmOverGroupPolicyAppliedDateTime", Edm.DATE_TIME, default=NEVER, beta_only=True),
    _fact("joinType", enums.JOIN_TYPE, beta_only=True),
    _server("skuFamily", default="", beta_only=True),
    _fact("skuNumber", Edm.INT32, beta_only=True),
    _fact("processorArchitecture", enums.MANAGED_DEVICE_ARCHITECTURE, beta_only=True),
    _server("specificationVersion", beta_only=True),
    _server("securityPatchLevel", beta_only=True),
    _server("enrolledByUserPrincipalName", beta_only=True),
    _blank("bootstrapTokenEscrowed", Edm.BOOLEAN, nullable=False, beta_only=True),
    _fact("deviceFirmwareConfigurationInterfaceManaged", Edm.BOOLEAN, beta_only=True),
    _server("configurationManagerClientHealthState", _CLIENT_HEALTH, beta_only=True),
    _server("configurationManagerClientInformation", _CLIENT, beta_only=True),
    Property("cloudPcRemoteActionResults", _CLOUD_PC_ACTION, collection=True, owner=Owner.SERVER, beta_only=True),
)

MANAGED_DEVICE = Entity(
    "managedDevice",
    (*_V1_PROPERTIES, *_BETA_PROPERTIES),
    base=ENTITY,
    source="Graph: managedDevice",
    navigations=(
        Navigation("deviceCategory", "deviceCategory"),
        Navigation("deviceConfigurationStates", "deviceConfigurationState", collection=True, contained=True),
        Navigation("deviceCompliancePolicyStates", "deviceCompliancePolicyState", collection=True, contained=True),
        Navigation("users", "user", collection=True, contained=True),
        Navigation("windowsProtectionState", "windowsProtectionState", contained=True),
        Navigation("logCollectionRequests", "deviceLogCollectionResponse", collection=True, contained=True),
        Navigation("detectedApps", "detectedApp", collection=True, contained=True, beta_only=True),
        *(
            Navigation(name, target, collection=True, contained=True, beta_only=True)
            for name, target in (
                ("securityBaselineStates", "securityBaselineState"),
                ("deviceHealthScriptStates", "deviceHealthScriptPolicyState"),
                ("managedDeviceMobileAppConfigurationStates", "managedDeviceMobileAppConfigurationState"),
                ("assignmentFilterEvaluationStatusDetails", "assignmentFilterEvaluationStatusDetails"),
            )
        ),
    ),
)

DEVICE_CATEGORY = Entity(
    "deviceCategory",
    (
        Property("displayName", required=True),
        Property("description"),
        Property("roleScopeTagIds", collection=True, default=("0",), beta_only=True),
    ),
    base=ENTITY,
    source="Graph: deviceCategory",
)

_SYSTEMS = ComplexType(
    "deviceOperatingSystemSummary",
    tuple(
        Property(name, Edm.INT32, nullable=False, owner=Owner.SERVER, beta_only=beta_only)
        for name, beta_only in (
            ("androidCount", False),
            ("iosCount", False),
            ("macOSCount", False),
            ("windowsMobileCount", False),
            ("windowsCount", False),
            ("unknownCount", False),
            ("androidDedicatedCount", False),
            ("androidDeviceAdminCount", False),
            ("androidFullyManagedCount", False),
            ("androidWorkProfileCount", False),
            ("androidCorporateWorkProfileCount", False),
            ("configMgrDeviceCount", False),
            ("aospUserlessCount", True),
            ("aospUserAssociatedCount", True),
            ("linuxCount", True),
            ("chromeOSCount", True),
        )
    ),
)
_EXCHANGE = ComplexType(
    "deviceExchangeAccessStateSummary",
    tuple(
        Property(name, Edm.INT32, nullable=False, owner=Owner.SERVER)
        for name in (
            "allowedDeviceCount",
            "blockedDeviceCount",
            "quarantinedDeviceCount",
            "unknownDeviceCount",
            "unavailableDeviceCount",
        )
    ),
)
_MAKES = ComplexType(
    "managedDeviceModelsAndManufacturers",
    (
        Property("deviceModels", collection=True, owner=Owner.SERVER),
        Property("deviceManufacturers", collection=True, owner=Owner.SERVER),
    ),
)
MANAGED_DEVICE_OVERVIEW = Entity(
    "managedDeviceOverview",
    (
        _fact("enrolledDeviceCount", Edm.INT32),
        _fact("mdmEnrolledCount", Edm.INT32),
        _fact("dualEnrolledDeviceCount", Edm.INT32),
        _server("deviceOperatingSystemSummary", _SYSTEMS),
        _server("deviceExchangeAccessStateSummary", _EXCHANGE),
        _fact("lastModifiedDateTime", Edm.DATE_TIME, beta_only=True),
        _server("managedDeviceModelsAndManufacturers", _MAKES, beta_only=True),
    ),
    base=ENTITY,
    source="Graph: managedDeviceOverview",
)

#: The conditions that the real service evaluates, by property: the rest of a `$filter` is ignored there, in silence.
#: Source: Graph reference, managedDevice ("supports $filter"), and live tenants. `graph.faithfulQuery` asks for it.
FILTERED: dict[str, frozenset[str]] = {
    "deviceCategoryDisplayName": frozenset({"eq"}),
    "enrolledDateTime": frozenset({"lt", "gt", "le", "ge"}),
    "jailBroken": frozenset({"eq"}),
    "lastSyncDateTime": frozenset({"lt", "gt", "le", "ge"}),
    "deviceName": frozenset({"eq", "contains", "startswith"}),
    "operatingSystem": frozenset({"eq"}),
    "complianceState": frozenset({"eq"}),
    "userPrincipalName": frozenset({"eq"}),
    "serialNumber": frozenset({"eq"}),
    "azureADDeviceId": frozenset({"eq"}),
    "managementAgent": frozenset({"eq"}),
    "managedDeviceOwnerType": frozenset({"eq"}),
}
