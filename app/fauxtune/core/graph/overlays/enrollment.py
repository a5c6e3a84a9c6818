"""How devices are enrolled: enrolment configurations, corporate identifiers, Apple's and Google's programmes.

Source: Graph reference and beta metadata, deviceEnrollmentConfiguration, importedDeviceIdentity, depOnboardingSetting,
enrollmentProfile, vppToken, applePushNotificationCertificate, androidManagedStoreAccountEnterpriseSettings,
androidDeviceOwnerEnrollmentProfile, appleUserInitiatedEnrollmentProfile.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import ALWAYS_EMPTY, ALWAYS_NULL, approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_RESTRICTS = approximated(
    "compared when a device enrols, once it is stored: a default that nobody changed refuses nothing"
)
_NO_EFFECT = stored("it is kept, and no enrolment asks it")
_NOT_CONNECTED = stored("it is kept: no service of Apple's or Google's is called")

ENROLLMENT = (
    Overlay(
        "deviceEnrollmentConfiguration",
        fidelity=_NO_EFFECT,
        polymorphic=True,
        server="createdDateTime lastModifiedDateTime version priority deviceEnrollmentConfigurationType",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",), "version": 1},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay("deviceEnrollmentLimitConfiguration", fidelity=_RESTRICTS, defaults={"limit": 5}),
    Overlay(
        "deviceEnrollmentPlatformRestrictionsConfiguration",
        fidelity=_RESTRICTS,
        different={_NO_EFFECT: "macRestriction tvosRestriction visionOSRestriction windowsHomeSkuRestriction"},
    ),
    Overlay(
        "deviceEnrollmentWindowsHelloForBusinessConfiguration",
        fidelity=approximated("given to Windows PCs as nodes (docs/settings.md), whose users set no PIN"),
    ),
    Overlay(
        "windows10EnrollmentCompletionPageConfiguration",
        fidelity=approximated("given to Windows PCs as nodes (docs/settings.md), which show no page"),
        different={
            _NO_EFFECT: "allowNonBlockingAppInstallation disableUserStatusTrackingAfterFirstUser "
            "installQualityUpdates selectedMobileAppIds trackInstallProgressForAutopilotOnly"
        },
    ),
    Overlay("deviceComanagementAuthorityConfiguration windowsRestoreDeviceEnrollmentConfiguration"),
    Overlay("deviceEnrollmentPlatformRestrictionConfiguration", fidelity=_RESTRICTS),
    Overlay("deviceEnrollmentPlatformRestriction", different={_NO_EFFECT: "blockedSkus"}),
    Overlay(
        "deviceManagementTroubleshootingEvent",
        fidelity=approximated("of failed enrolments there are those that a restriction refused"),
        polymorphic=True,
        server="*",
        different={ALWAYS_EMPTY: "additionalInformation", ALWAYS_NULL: "eventName"},
    ),
    Overlay("enrollmentTroubleshootingEvent", server="*"),
    Overlay("deviceManagementTroubleshootingErrorDetails", server="*"),
    Overlay(
        "deviceEnrollmentNotificationConfiguration",
        server="notificationTemplates defaultLocale notificationMessageTemplateId",
        defaults={"notificationMessageTemplateId": "00000000-0000-0000-0000-000000000000"},
    ),
    Overlay(
        "enrollmentConfigurationAssignment",
        server="source sourceId",
        required="target",
        variants={"target": TARGETS},
    ),
    Overlay(
        "importedDeviceIdentity",
        fidelity=approximated("compared when a device enrols"),
        server="createdDateTime lastModifiedDateTime lastContactedDateTime enrollmentState",
    ),
    Overlay("importedDeviceIdentityResult"),
    Overlay(
        "depOnboardingSetting",
        fidelity=_NOT_CONNECTED,
        server="lastModifiedDateTime lastSuccessfulSyncDateTime lastSyncErrorCode lastSyncTriggeredDateTime "
        "syncedDeviceCount",
        defaults={"roleScopeTagIds": ("0",)},
    ),
    Overlay("enrollmentProfile", fidelity=_NOT_CONNECTED, polymorphic=True, server="configurationEndpointUrl"),
    Overlay("depEnrollmentBaseProfile depEnrollmentProfile", server="isDefault"),
    Overlay("depIOSEnrollmentProfile depTvOSEnrollmentProfile depVisionOSEnrollmentProfile"),
    Overlay("depMacOSEnrollmentProfile", secret={"adminAccountPassword": None}),
    Overlay(
        "vppToken",
        fidelity=_NOT_CONNECTED,
        server="state lastSyncStatus lastSyncDateTime lastModifiedDateTime expirationDateTime tokenActionResults "
        "organizationName",
        required="token",
        secret={"token": None},
        defaults={"roleScopeTagIds": ("0",)},
    ),
    Overlay(
        "applePushNotificationCertificate",
        fidelity=_NOT_CONNECTED,
        server="certificateUploadStatus certificateUploadFailureReason expirationDateTime lastModifiedDateTime "
        "topicIdentifier certificateSerialNumber",
    ),
    Overlay(
        "androidManagedStoreAccountEnterpriseSettings",
        fidelity=_NOT_CONNECTED,
        server="bindStatus lastAppSyncDateTime lastAppSyncStatus lastModifiedDateTime ownerOrganizationName "
        "ownerUserPrincipalName managedGooglePlayEnterpriseType",
    ),
    Overlay(
        "androidDeviceOwnerEnrollmentProfile",
        fidelity=_NOT_CONNECTED,
        server="createdDateTime lastModifiedDateTime enrolledDeviceCount enrollmentTokenUsageCount "
        "tokenCreationDateTime tokenValue qrCodeContent qrCodeImage accountId",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",)},
        secret={"wifiPassword": None},
    ),
    Overlay(
        "appleUserInitiatedEnrollmentProfile",
        fidelity=_NO_EFFECT,
        server="createdDateTime lastModifiedDateTime priority",
        required="displayName platform",
    ),
    Overlay("appleEnrollmentProfileAssignment", required="target", variants={"target": TARGETS}),
)
