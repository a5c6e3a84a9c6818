"""Intune's record of a device, its hardware and protection, the results of its actions, and the categories of devices.

Source: Graph reference, managedDevice, hardwareInformation, windowsProtectionState, deviceActionResult. Nearly all
properties are the server's: clients change the name, the owner, the notes and the scope tags. Lists, and devices that
are read without `$select`, show the default of each member of hardwareInformation.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import NO_END, TAGS_HIDE_NOTHING
from fauxtune.core.odata.schema.fidelity import (
    ALWAYS_EMPTY,
    ALWAYS_FALSE,
    ALWAYS_NULL,
    ALWAYS_ZERO,
    NEVER_SHOWN,
    approximated,
)
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.core.odata.schema.types import NEVER

_UNKNOWN = approximated("always unknown")
_NEVER = approximated("always the moment for never")
_NO_EXCHANGE = approximated("always as for a device that is unknown to Exchange")
_ENROLLED = approximated("as it was when the device enrolled: later changes of the user are not shown")
_ABSENT = approximated("always null: its members are not described")
_REGISTERED = approximated("always true: a device registers when it enrols")
_NOT_COUNTED = approximated("every count is 0: there is no Exchange")

DEVICES = (
    Overlay(
        "managedDevice",
        server="*",
        client="managedDeviceOwnerType managedDeviceName notes ownerType roleScopeTagIds",
        nullable="retireAfterDateTime preferMdmOverGroupPolicyAppliedDateTime",
        defaults={
            "jailBroken": "Unknown",
            "managementAgent": "mdm",
            "easDeviceId": "",
            "easActivationDateTime": NEVER,
            "deviceRegistrationState": "registered",
            "deviceCategoryDisplayName": "Unknown",
            "exchangeLastSuccessfulSyncDateTime": NEVER,
            "complianceGracePeriodExpirationDateTime": NO_END,
            "deviceType": "unknown",
            "roleScopeTagIds": ("0",),
            "retireAfterDateTime": NEVER,
            "preferMdmOverGroupPolicyAppliedDateTime": NEVER,
            "skuFamily": "",
        },
        blank_unless_selected="remoteAssistanceSessionUrl iccid udid notes ethernetMacAddress physicalMemoryInBytes "
        "activationLockBypassCode windowsActiveMalwareCount windowsRemediatedMalwareCount hardwareInformation "
        "chromeOSDeviceInfo bootstrapTokenEscrowed",
        variants={
            "deviceActionResults": "locateDeviceActionResult resetPasscodeActionResult remoteLockActionResult "
            "windowsDefenderScanActionResult deleteUserFromSharedAppleDeviceActionResult "
            "rotateBitLockerKeysDeviceActionResult"
        },
        parts="users detectedApps deviceHealthScriptStates",
        linked="deviceCategory",
        different={
            approximated(
                "unhealthy, deletePending, wipeCanceled, retireCanceled and discovered do not occur"
            ): "managementState",
            approximated(
                "the values for the kinds of Android, and for Windows Phone, are not documented"
            ): "operatingSystem",
            approximated("configManager does not occur: no device here is co-managed"): "complianceState",
            approximated(
                "on iOS from the feedback of the Company Portal app: its own way is not documented"
            ): "jailBroken",
            _NO_EXCHANGE: "easActivated easActivationDateTime exchangeLastSuccessfulSyncDateTime exchangeAccessState "
            "exchangeAccessStateReason",
            _REGISTERED: "azureADRegistered aadRegistered",
            approximated("always registered"): "deviceRegistrationState",
            ALWAYS_NULL: "remoteAssistanceSessionUrl remoteAssistanceSessionErrorDetails",
            approximated("of a PC that enrolled by Autopilot; else null"): "enrollmentProfileName",
            _ENROLLED: "userPrincipalName userDisplayName emailAddress",
            approximated("how much of a personal device's number is masked is not documented"): "phoneNumber",
            _ABSENT: "configurationManagerClientEnabledFeatures deviceHealthAttestationState "
            "configurationManagerClientHealthState configurationManagerClientInformation",
            _UNKNOWN: "partnerReportedThreatState",
            TAGS_HIDE_NOTHING: "roleScopeTagIds",
            ALWAYS_ZERO: "windowsActiveMalwareCount windowsRemediatedMalwareCount",
            ALWAYS_FALSE: "deviceFirmwareConfigurationInterfaceManaged",
            approximated("always none"): "managementFeatures",
            approximated(
                "of a Windows computer from its battery: the real service learns it from an agent"
            ): "chassisType",
            ALWAYS_EMPTY: "chromeOSDeviceInfo cloudPcRemoteActionResults",
            approximated(
                "of Windows: who enrolled it, and when the device was last asked with that user logged in"
            ): "usersLoggedOn",
            _NEVER: "retireAfterDateTime preferMdmOverGroupPolicyAppliedDateTime",
            approximated("hybrid joins do not occur"): "joinType",
        },
    ),
    Overlay(
        "managedDeviceOverview",
        server="*",
        different={
            ALWAYS_ZERO: "dualEnrolledDeviceCount",
            _NOT_COUNTED: "deviceExchangeAccessStateSummary",
            approximated("the moment of the answer: counted at each request"): "lastModifiedDateTime",
        },
    ),
    Overlay("deviceExchangeAccessStateSummary", fidelity=_NOT_COUNTED, server="*"),
    Overlay(
        "deviceOperatingSystemSummary",
        server="*",
        # What can neither enrol nor be brought in otherwise.
        different={ALWAYS_ZERO: "unknownCount configMgrDeviceCount aospUserlessCount linuxCount chromeOSCount"},
    ),
    Overlay("managedDeviceModelsAndManufacturers", server="*"),
    Overlay(
        "deviceCategory",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay(
        "windowsProtectionState",
        server="*",
        different={
            approximated(
                "read where the device writes it as ISO 8601: the form of the node is not documented"
            ): "lastQuickScanDateTime lastFullScanDateTime",
            ALWAYS_NULL: "controlledConfigurationEnabled",
        },
    ),
    Overlay(
        "hardwareInformation",
        server="*",
        defaults={"deviceLicensingStatus": "unknown"},
        different={
            approximated("the service's own words for it are not documented"): "cellularTechnology",
            ALWAYS_NULL: "batterySerialNumber deviceFullQualifiedDomainName subnetAddress residentUsersCount "
            "deviceLicensingLastErrorDescription",
            ALWAYS_ZERO: "batteryHealthPercentage batteryChargeCycles operatingSystemProductType "
            "deviceLicensingLastErrorCode",
            ALWAYS_FALSE: "isSharedDevice",
            ALWAYS_EMPTY: "wiredIPv4Addresses sharedDeviceCachedUsers",
            _UNKNOWN: "deviceLicensingStatus",
        },
    ),
    Overlay(
        "chromeOSDeviceProperty deleteUserFromSharedAppleDeviceActionResult rotateBitLockerKeysDeviceActionResult "
        "sharedAppleDeviceUser windowsDefenderScanActionResult",
        fidelity=NEVER_SHOWN,
    ),
    # Always null, so that their members do not matter.
    Overlay(
        "cloudPcRemoteActionResult configurationManagerClientEnabledFeatures configurationManagerClientHealthState "
        "configurationManagerClientInformation deviceHealthAttestationState",
        fidelity=NEVER_SHOWN,
        only="",
    ),
    Overlay(
        "deviceActionResult",
        different={
            approximated(
                "`wipe`, `retire` and `syncDevice`: the service's own words for these are not documented"
            ): "actionName"
        },
    ),
    Overlay("remoteLockActionResult", different={approximated("only a Mac has one, once it is locked"): "unlockPin"}),
    Overlay("resetPasscodeActionResult", different={ALWAYS_ZERO: "errorCode"}),
    Overlay("bulkManagedDeviceActionResult"),
    # The bodies of actions that are refused: their content is ignored.
    Overlay(
        "configurationManagerAction deviceAssignmentItem deviceLogCollectionRequest "
        "updateWindowsDeviceAccountActionParameter",
        open=True,
    ),
)
