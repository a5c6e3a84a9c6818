"""App protection and app configuration policies of managed apps, the apps that they are for, and what apps report.

Source: Graph reference and metadata: managedAppPolicy and its derived types, managedAppRegistration, managedAppStatus.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_NO_APPS = stored("it is kept and assigned; no app on a device reads it")

APP_PROTECTION = (
    Overlay(
        "managedAppPolicy",
        fidelity=_NO_APPS,
        polymorphic=True,
        server="createdDateTime lastModifiedDateTime version",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",), "version": '"1"'},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay("managedAppProtection managedAppConfiguration", fidelity=_NO_APPS),
    Overlay("targetedManagedAppProtection", fidelity=_NO_APPS, server="isAssigned"),
    Overlay("targetedManagedAppConfiguration", fidelity=_NO_APPS, server="isAssigned deployedAppCount"),
    Overlay(
        "iosManagedAppProtection androidManagedAppProtection defaultManagedAppProtection",
        fidelity=_NO_APPS,
        server="deployedAppCount",
    ),
    Overlay("windowsManagedAppProtection", fidelity=_NO_APPS, server="isAssigned deployedAppCount"),
    Overlay(
        "windowsInformationProtection mdmWindowsInformationProtectionPolicy windowsInformationProtectionPolicy",
        fidelity=_NO_APPS,
        server="isAssigned",
    ),
    Overlay("windowsInformationProtectionApp mobileAppIdentifier", polymorphic=True),
    Overlay(
        "targetedManagedAppPolicyAssignment", server="source sourceId", required="target", variants={"target": TARGETS}
    ),
    Overlay("managedMobileApp", server="version"),
    Overlay(
        "managedAppRegistration androidManagedAppRegistration iosManagedAppRegistration windowsManagedAppRegistration",
        fidelity=approximated("always empty: no app on a device registers itself"),
        server="*",
    ),
    Overlay("managedAppStatus managedAppStatusRaw", polymorphic=True, server="*"),
)
