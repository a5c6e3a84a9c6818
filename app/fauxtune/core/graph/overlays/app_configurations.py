"""App configurations of managed devices, and their assignments.

Source: Graph reference and metadata: managedDeviceMobileAppConfiguration and its derived types, mobileApp.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_OUTLOOK_ALONE = approximated("that of Outlook reaches devices; that of another app is kept")

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
        different={
            approximated(
                "501 for Outlook, whose settings have to be sent in settings; kept for other apps"
            ): "encodedSettingXml"
        },
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
)
