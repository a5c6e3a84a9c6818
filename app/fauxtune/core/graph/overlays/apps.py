"""Apps of every kind, their assignments, contents, categories and relationships; apps that devices report.

Source: Graph reference and metadata: mobileApp and its derived types, mobileAppAssignment, mobileAppContentFile,
mobileAppRelationship, detectedApp.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_KINDS = (
    "androidAospReferencedApp androidForWorkApp androidLobApp androidManagedStoreApp androidManagedStoreWebApp "
    "androidStoreApp iosLobApp iosStoreApp iosVppApp iosiPadOSWebClip macOSDmgApp macOSLobApp "
    "macOSMicrosoftDefenderApp macOSMicrosoftEdgeApp macOSOfficeSuiteApp macOSPkgApp macOSWebClip macOsVppApp "
    "managedAndroidLobApp managedAndroidStoreApp managedIOSLobApp managedIOSStoreApp microsoftStoreForBusinessApp "
    "officeSuiteApp webApp win32CatalogApp win32LobApp winGetApp windowsAppX windowsAutoUpdateCatalogApp "
    "windowsMicrosoftEdgeApp windowsMobileMSI windowsPhone81AppX windowsPhone81AppXBundle windowsPhone81StoreApp "
    "windowsPhoneXAP windowsStoreApp windowsUniversalAppX windowsWebApp"
)
_SCRIPT = stored("it is kept: a device has the outcome that is declared of the app")
_STATE = approximated("processing ends after five seconds of the tenant's clock")

APPS = (
    Overlay(
        "mobileApp",
        polymorphic=True,
        server="createdDateTime lastModifiedDateTime isAssigned dependentAppCount supersededAppCount "
        "supersedingAppCount publishingState uploadState",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds", _STATE: "publishingState uploadState"},
    ),
    Overlay(_KINDS),
    Overlay(
        "managedAndroidStoreApp managedIOSStoreApp windowsAppX windowsPhone81AppX windowsPhone81AppXBundle "
        "windowsPhoneXAP windowsUniversalAppX",
        nullable="minimumSupportedOperatingSystem",
    ),
    Overlay("officeSuiteApp", defaults={"officeSuiteAppDefaultFileFormat": "officeOpenXMLFormat"}),
    Overlay("mobileLobApp managedMobileLobApp", server="size"),
    Overlay("managedApp"),
    Overlay(
        "win32LobAppRule win32LobAppDetection win32LobAppRequirement mobileAppAssignmentSettings",
        polymorphic=True,
    ),
    Overlay(
        "mobileAppAssignment",
        server="source sourceId",
        required="intent target",
        variants={"target": TARGETS},
        different={
            approximated("always direct: there are no policy sets"): "source",
            stored("devices install at their next check-in, whatever the settings say"): "settings",
        },
    ),
    Overlay("mobileAppCategory", server="lastModifiedDateTime", required="displayName"),
    Overlay("mobileAppContent"),
    Overlay(
        "mobileAppContentFile",
        server="azureStorageUri azureStorageUriExpirationDateTime createdDateTime isCommitted uploadErrorCode "
        "uploadState",
        required="name size sizeEncrypted",
        different={
            approximated("an address of this server, valid for fifteen minutes of the tenant's clock"): (
                "azureStorageUri azureStorageUriExpirationDateTime"
            ),
        },
    ),
    Overlay("fileEncryptionInfo"),
    Overlay("mobileAppContentScript", polymorphic=True, server="state", required="content", fidelity=_SCRIPT),
    Overlay(
        "win32LobAppScript win32LobAppInstallPowerShellScript win32LobAppUninstallPowerShellScript", fidelity=_SCRIPT
    ),
    Overlay(
        "mobileAppRelationship",
        polymorphic=True,
        server="sourceDisplayName sourceDisplayVersion sourceId sourcePublisherDisplayName targetDisplayName "
        "targetDisplayVersion targetPublisher targetPublisherDisplayName",
        required="targetId",
    ),
    Overlay("mobileAppDependency", server="dependentAppCount dependsOnAppCount"),
    Overlay("mobileAppSupersedence", server="supersededAppCount supersedingAppCount"),
    Overlay("detectedApp", server="*"),
    Overlay(
        "deviceAppManagement",
        fidelity=approximated("always the same: the Microsoft Store for Business has ended"),
        only="isEnabledForMicrosoftStoreForBusiness microsoftStoreForBusinessLanguage "
        "microsoftStoreForBusinessLastCompletedApplicationSyncTime "
        "microsoftStoreForBusinessLastSuccessfulSyncDateTime microsoftStoreForBusinessPortalSelection",
        server="*",
    ),
    Overlay("mobileAppIntentAndState", server="*"),
)
