"""App configurations of managed devices, their assignments, and the two apps that they can be for.

Source: Graph reference and metadata: managedDeviceMobileAppConfiguration and its derived types, mobileApp.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import NEVER_SHOWN, approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_OUTLOOK_ALONE = approximated("of all apps only Outlook can be configured: simulated devices have no others")
_BUILT_IN = approximated("two apps exist in each tenant, Outlook for iOS and for Android; no other can be added")

APP_CONFIGURATIONS = (
    Overlay(
        "managedDeviceMobileAppConfiguration",
        only="targetedMobileApps roleScopeTagIds createdDateTime description lastModifiedDateTime displayName version "
        "assignments",
        polymorphic=True,
        server="createdDateTime lastModifiedDateTime version",
        required="targetedMobileApps displayName",
        defaults={"roleScopeTagIds": ("0",), "version": 1},
        different={_OUTLOOK_ALONE: "targetedMobileApps", TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay(
        "iosMobileAppConfiguration",
        fidelity=_OUTLOOK_ALONE,
        different={approximated("501: the settings have to be sent in settings"): "encodedSettingXml"},
    ),
    Overlay(
        "androidManagedStoreAppConfiguration",
        fidelity=_OUTLOOK_ALONE,
        only="packageId payloadJson appSupportsOemConfig profileApplicability connectedAppsEnabled permissionActions",
        required="packageId payloadJson",
        different={
            _OUTLOOK_ALONE: "packageId",
            stored("it reaches work profiles and company-owned devices whatever is said here"): "profileApplicability",
            stored("simulated devices have no personal side"): "connectedAppsEnabled",
            stored("simulated apps ask for none"): "permissionActions",
        },
    ),
    Overlay("managedDeviceMobileAppConfigurationAssignment", required="target", variants={"target": TARGETS}),
    Overlay(
        "appConfigurationSettingItem",
        fidelity=approximated("a token is sent as it is written: it is not replaced by the user's value"),
        required="appConfigKey appConfigKeyValue",
        nullable="appConfigKey appConfigKeyValue",
    ),
    Overlay("androidPermissionAction", fidelity=stored("simulated apps ask for no permissions")),
    Overlay(
        "mobileApp",
        fidelity=_BUILT_IN,
        only="displayName description publisher createdDateTime lastModifiedDateTime isAssigned",
        polymorphic=True,
        server="*",
        different={approximated("always true: the two apps are on every device"): "isAssigned"},
    ),
    Overlay("iosStoreApp androidStoreApp", fidelity=_BUILT_IN, only="bundleId packageId appStoreUrl", server="*"),
    Overlay("managedApp", fidelity=NEVER_SHOWN, only="appAvailability", server="appAvailability"),
    # Types of apps that public programs ask for. No such app exists here.
    Overlay(
        "androidManagedStoreApp androidLobApp iosLobApp iosVppApp macOSDmgApp macOSLobApp macOSOfficeSuiteApp "
        "managedAndroidLobApp managedAndroidStoreApp managedIOSLobApp managedIOSStoreApp managedMobileLobApp "
        "microsoftStoreForBusinessApp officeSuiteApp webApp win32LobApp windowsAppX windowsMobileMSI "
        "windowsUniversalAppX windowsWebApp mobileLobApp androidForWorkApp macOSPkgApp winGetApp windowsStoreApp",
        fidelity=NEVER_SHOWN,
        only="",
    ),
)
