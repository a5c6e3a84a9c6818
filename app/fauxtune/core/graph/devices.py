"""Intune's record of a device, the results of its actions, and the categories of devices.

Source: Graph reference, managedDevice and deviceActionResult; nullability from the v1.0 metadata. Nearly all properties
are the server's: clients change the name, the owner, the notes and the scope tags.
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.base import ENTITY, NO_END, TAGS_HIDE_NOTHING
from fauxtune.core.graph.device_hardware import HARDWARE_INFORMATION
from fauxtune.core.odata.schema.fidelity import (
    ALWAYS_EMPTY,
    ALWAYS_FALSE,
    ALWAYS_NULL,
    ALWAYS_ZERO,
    EXACT,
    NEVER_SHOWN,
    Fidelity,
    approximated,
)
from fauxtune.core.odata.schema.types import (
    NEVER,
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Navigation,
    Owner,
    Property,
    Shown,
)

_UNKNOWN = approximated("always unknown")
_NEVER = approximated("always the moment for never")
_NO_EXCHANGE = approximated("always as for a device that is unknown to Exchange")
_ENROLLED = approximated("as it was when the device enrolled: later changes of the user are not shown")
_ABSENT = approximated("always null: its members are not described")
_REGISTERED = approximated("always true: a device registers when it enrols")


def _server(
    name: str,
    kind: Edm | EnumType | ComplexType = Edm.STRING,
    *,
    default: str | None = None,
    beta_only: bool = False,
    fidelity: Fidelity = EXACT,
) -> Property:
    return Property(name, kind, default=default, owner=Owner.SERVER, beta_only=beta_only, fidelity=fidelity)


def _fact(
    name: str,
    kind: Edm | EnumType,
    *,
    default: str | None = None,
    beta_only: bool = False,
    fidelity: Fidelity = EXACT,
) -> Property:
    """A property that is never null."""
    return Property(
        name, kind, nullable=False, default=default, owner=Owner.SERVER, beta_only=beta_only, fidelity=fidelity
    )


def _blank(
    name: str,
    kind: Edm | ComplexType = Edm.STRING,
    *,
    nullable: bool = True,
    beta_only: bool = False,
    fidelity: Fidelity = EXACT,
) -> Property:
    """A property whose value is shown only with `$select`; lists show its default."""
    return Property(
        name,
        kind,
        nullable=nullable,
        beta_only=beta_only,
        owner=Owner.SERVER,
        visibility=Shown.BLANK_UNLESS_SELECTED,
        fidelity=fidelity,
    )


DEVICE_ACTION_RESULT = ComplexType(
    "deviceActionResult",
    (
        Property(
            "actionName",
            fidelity=approximated(
                "`wipe`, `retire` and `syncDevice`: the service's own words for these are not documented"
            ),
        ),
        Property("actionState", enums.ACTION_STATE, nullable=False),
        Property("startDateTime", Edm.DATE_TIME, nullable=False),
        Property("lastUpdatedDateTime", Edm.DATE_TIME, nullable=False),
    ),
    source="Graph: deviceActionResult",
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
    source="Graph: deviceGeoLocation",
)
#: The results of actions with further properties.
ACTION_RESULTS = (
    ComplexType(
        "locateDeviceActionResult",
        (Property("deviceLocation", _LOCATION),),
        base=DEVICE_ACTION_RESULT,
        source="Graph: locateDeviceActionResult",
    ),
    ComplexType(
        "resetPasscodeActionResult",
        (Property("passcode"), Property("errorCode", Edm.INT32, nullable=False, fidelity=ALWAYS_ZERO)),
        base=DEVICE_ACTION_RESULT,
        source="Graph: resetPasscodeActionResult",
    ),
    ComplexType(
        "remoteLockActionResult",
        (Property("unlockPin", fidelity=approximated("only a Mac has one, once it is locked")),),
        base=DEVICE_ACTION_RESULT,
        source="Graph: remoteLockActionResult",
    ),
    ComplexType(
        "windowsDefenderScanActionResult",
        (Property("scanType"),),
        base=DEVICE_ACTION_RESULT,
        source="Graph: windowsDefenderScanActionResult",
        fidelity=NEVER_SHOWN,
    ),
    ComplexType(
        "deleteUserFromSharedAppleDeviceActionResult",
        (Property("userPrincipalName"),),
        base=DEVICE_ACTION_RESULT,
        source="Graph: deleteUserFromSharedAppleDeviceActionResult",
        fidelity=NEVER_SHOWN,
    ),
    ComplexType(
        "rotateBitLockerKeysDeviceActionResult",
        (Property("errorCode", Edm.INT32, nullable=False),),
        base=DEVICE_ACTION_RESULT,
        source="Graph: rotateBitLockerKeysDeviceActionResult",
        fidelity=NEVER_SHOWN,
    ),
)

#: Complex properties that the emulator never fills: they are null, so their members do not matter.
_FEATURES = ComplexType(
    "configurationManagerClientEnabledFeatures",
    source="Graph: configurationManagerClientEnabledFeatures",
    fidelity=NEVER_SHOWN,
)
_ATTESTATION = ComplexType(
    "deviceHealthAttestationState", source="Graph: deviceHealthAttestationState", fidelity=NEVER_SHOWN
)
_CLIENT_HEALTH = ComplexType(
    "configurationManagerClientHealthState",
    source="Graph: configurationManagerClientHealthState (beta)",
    beta_only=True,
    fidelity=NEVER_SHOWN,
)
_CLIENT = ComplexType(
    "configurationManagerClientInformation",
    source="Graph: configurationManagerClientInformation (beta)",
    beta_only=True,
    fidelity=NEVER_SHOWN,
)
_CLOUD_PC_ACTION = ComplexType(
    "cloudPcRemoteActionResult", source="Graph: cloudPcRemoteActionResult (beta)", beta_only=True, fidelity=NEVER_SHOWN
)

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
    _fact(
        "managementState",
        enums.MANAGEMENT_STATE,
        fidelity=approximated("unhealthy, deletePending, wipeCanceled, retireCanceled and discovered do not occur"),
    ),
    _fact("enrolledDateTime", Edm.DATE_TIME),
    _fact("lastSyncDateTime", Edm.DATE_TIME),
    _server(
        "operatingSystem",
        fidelity=approximated("the values for the kinds of Android, and for Windows Phone, are not documented"),
    ),
    _server("osVersion"),
    _fact(
        "complianceState",
        enums.COMPLIANCE_STATE,
        fidelity=approximated("always compliant: there are no compliance policies"),
    ),
    _server(
        "jailBroken",
        default="Unknown",
        fidelity=approximated("on iOS from the feedback of the Company Portal app: its own way is not documented"),
    ),
    _fact("managementAgent", enums.MANAGEMENT_AGENT_TYPE, default="mdm"),
    _fact("easActivated", Edm.BOOLEAN, fidelity=_NO_EXCHANGE),
    _server("easDeviceId", default=""),
    _fact("easActivationDateTime", Edm.DATE_TIME, default=NEVER, fidelity=_NO_EXCHANGE),
    _server("azureADRegistered", Edm.BOOLEAN, fidelity=_REGISTERED),
    _server("azureADDeviceId"),
    _fact("deviceEnrollmentType", enums.DEVICE_ENROLLMENT_TYPE),
    _fact(
        "deviceRegistrationState",
        enums.DEVICE_REGISTRATION_STATE,
        default="registered",
        fidelity=approximated("always registered"),
    ),
    _server("deviceCategoryDisplayName", default="Unknown"),
    _fact("isSupervised", Edm.BOOLEAN),
    _fact("exchangeLastSuccessfulSyncDateTime", Edm.DATE_TIME, default=NEVER, fidelity=_NO_EXCHANGE),
    _fact("exchangeAccessState", enums.DEVICE_MANAGEMENT_EXCHANGE_ACCESS_STATE, fidelity=_NO_EXCHANGE),
    _fact("exchangeAccessStateReason", enums.DEVICE_MANAGEMENT_EXCHANGE_ACCESS_STATE_REASON, fidelity=_NO_EXCHANGE),
    _blank("remoteAssistanceSessionUrl", fidelity=ALWAYS_NULL),
    _server("remoteAssistanceSessionErrorDetails", fidelity=ALWAYS_NULL),
    _fact("isEncrypted", Edm.BOOLEAN),
    _server("userPrincipalName", fidelity=_ENROLLED),
    _server("model"),
    _server("manufacturer"),
    _server("imei"),
    _fact(
        "complianceGracePeriodExpirationDateTime",
        Edm.DATE_TIME,
        default=NO_END,
        fidelity=approximated("always the moment for no end: there are no compliance policies"),
    ),
    _server("serialNumber"),
    _server("phoneNumber", fidelity=approximated("how much of a personal device's number is masked is not documented")),
    _server("androidSecurityPatchLevel"),
    _server("userDisplayName", fidelity=_ENROLLED),
    _server("configurationManagerClientEnabledFeatures", _FEATURES, fidelity=_ABSENT),
    _server("wiFiMacAddress"),
    _server("deviceHealthAttestationState", _ATTESTATION, fidelity=_ABSENT),
    _server("subscriberCarrier"),
    _server("meid"),
    _fact("totalStorageSpaceInBytes", Edm.INT64),
    _fact("freeStorageSpaceInBytes", Edm.INT64),
    Property("managedDeviceName"),
    _fact("partnerReportedThreatState", enums.MANAGED_DEVICE_PARTNER_REPORTED_HEALTH_STATE, fidelity=_UNKNOWN),
    _server("requireUserEnrollmentApproval", Edm.BOOLEAN),
    _fact("managementCertificateExpirationDate", Edm.DATE_TIME),
    _server("emailAddress", fidelity=_ENROLLED),
    _blank("iccid"),
    _blank("udid"),
    Property("notes", visibility=Shown.BLANK_UNLESS_SELECTED),
    _blank("ethernetMacAddress"),
    _blank("physicalMemoryInBytes", Edm.INT64, nullable=False),
    _server("enrollmentProfileName", fidelity=ALWAYS_NULL),
    _blank("activationLockBypassCode"),
)

_BETA_PROPERTIES = (
    Property("ownerType", enums.OWNER_TYPE, nullable=False, beta_only=True),
    _fact("deviceType", enums.DEVICE_TYPE, default="unknown", beta_only=True),
    _server("aadRegistered", Edm.BOOLEAN, beta_only=True, fidelity=_REGISTERED),
    _server("azureActiveDirectoryDeviceId", beta_only=True),
    _fact("lostModeState", enums.LOST_MODE_STATE, beta_only=True),
    Property("roleScopeTagIds", collection=True, default=("0",), beta_only=True, fidelity=TAGS_HIDE_NOTHING),
    _blank("windowsActiveMalwareCount", Edm.INT32, nullable=False, beta_only=True, fidelity=ALWAYS_ZERO),
    _blank("windowsRemediatedMalwareCount", Edm.INT32, nullable=False, beta_only=True, fidelity=ALWAYS_ZERO),
    _fact("autopilotEnrolled", Edm.BOOLEAN, beta_only=True, fidelity=ALWAYS_FALSE),
    _blank("hardwareInformation", HARDWARE_INFORMATION, beta_only=True),
    _fact(
        "managementFeatures",
        enums.MANAGED_DEVICE_MANAGEMENT_FEATURES,
        beta_only=True,
        fidelity=approximated("always none"),
    ),
    _fact(
        "chassisType",
        enums.CHASSIS_TYPE,
        beta_only=True,
        fidelity=approximated("of a Windows computer from its battery: the real service learns it from an agent"),
    ),
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
            source="Graph: chromeOSDeviceProperty (beta)",
            beta_only=True,
            fidelity=NEVER_SHOWN,
        ),
        collection=True,
        owner=Owner.SERVER,
        beta_only=True,
        visibility=Shown.BLANK_UNLESS_SELECTED,
        fidelity=ALWAYS_EMPTY,
    ),
    Property(
        "usersLoggedOn",
        ComplexType(
            "loggedOnUser",
            (Property("userId"), Property("lastLogOnDateTime", Edm.DATE_TIME, nullable=False)),
            source="Graph: loggedOnUser (beta)",
            beta_only=True,
        ),
        collection=True,
        owner=Owner.SERVER,
        beta_only=True,
        fidelity=approximated(
            "of Windows: who enrolled it, and when the device was last asked with that user logged in"
        ),
    ),
    _server("retireAfterDateTime", Edm.DATE_TIME, default=NEVER, beta_only=True, fidelity=_NEVER),
    _server("preferMdmOverGroupPolicyAppliedDateTime", Edm.DATE_TIME, default=NEVER, beta_only=True, fidelity=_NEVER),
    _fact("joinType", enums.JOIN_TYPE, beta_only=True, fidelity=approximated("hybrid joins do not occur")),
    _server("skuFamily", default="", beta_only=True),
    _fact("skuNumber", Edm.INT32, beta_only=True),
    _fact("processorArchitecture", enums.MANAGED_DEVICE_ARCHITECTURE, beta_only=True),
    _server("specificationVersion", beta_only=True),
    _server("securityPatchLevel", beta_only=True),
    _server("enrolledByUserPrincipalName", beta_only=True),
    _blank("bootstrapTokenEscrowed", Edm.BOOLEAN, nullable=False, beta_only=True),
    _fact("deviceFirmwareConfigurationInterfaceManaged", Edm.BOOLEAN, beta_only=True, fidelity=ALWAYS_FALSE),
    _server("configurationManagerClientHealthState", _CLIENT_HEALTH, beta_only=True, fidelity=_ABSENT),
    _server("configurationManagerClientInformation", _CLIENT, beta_only=True, fidelity=_ABSENT),
    Property(
        "cloudPcRemoteActionResults",
        _CLOUD_PC_ACTION,
        collection=True,
        owner=Owner.SERVER,
        beta_only=True,
        fidelity=ALWAYS_EMPTY,
    ),
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
        Property("roleScopeTagIds", collection=True, default=("0",), beta_only=True, fidelity=TAGS_HIDE_NOTHING),
    ),
    base=ENTITY,
    source="Graph: deviceCategory",
)

#: What can neither enrol nor be brought in otherwise.
_NONE_OF = ("unknownCount", "configMgrDeviceCount", "aospUserlessCount", "linuxCount", "chromeOSCount")
_SYSTEMS = ComplexType(
    "deviceOperatingSystemSummary",
    tuple(
        Property(
            name,
            Edm.INT32,
            nullable=False,
            owner=Owner.SERVER,
            beta_only=beta_only,
            fidelity=ALWAYS_ZERO if name in _NONE_OF else EXACT,
        )
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
    source="Graph: deviceOperatingSystemSummary",
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
    source="Graph: deviceExchangeAccessStateSummary",
    fidelity=approximated("every count is 0: there is no Exchange"),
)
_MAKES = ComplexType(
    "managedDeviceModelsAndManufacturers",
    (
        Property("deviceModels", collection=True, owner=Owner.SERVER),
        Property("deviceManufacturers", collection=True, owner=Owner.SERVER),
    ),
    source="Graph: managedDeviceModelsAndManufacturers (beta)",
    beta_only=True,
)
MANAGED_DEVICE_OVERVIEW = Entity(
    "managedDeviceOverview",
    (
        _fact("enrolledDeviceCount", Edm.INT32),
        _fact("mdmEnrolledCount", Edm.INT32),
        _fact("dualEnrolledDeviceCount", Edm.INT32, fidelity=ALWAYS_ZERO),
        _server("deviceOperatingSystemSummary", _SYSTEMS),
        _server(
            "deviceExchangeAccessStateSummary",
            _EXCHANGE,
            fidelity=approximated("every count is 0: there is no Exchange"),
        ),
        _fact(
            "lastModifiedDateTime",
            Edm.DATE_TIME,
            beta_only=True,
            fidelity=approximated("the moment of the answer: counted at each request"),
        ),
        _server("managedDeviceModelsAndManufacturers", _MAKES, beta_only=True),
    ),
    base=ENTITY,
    source="Graph: managedDeviceOverview",
)

#: The conditions that the real service evaluates, by property: it silently ignores the rest of a `$filter`.
#: Source: Graph reference, managedDevice ("supports $filter"), and live tenants. `graph.faithfulQuery` switches it on.
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
