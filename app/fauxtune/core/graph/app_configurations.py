"""App configurations of managed devices, their assignments, and the two apps that they can be for.

Source: Graph reference and metadata: managedDeviceMobileAppConfiguration and its derived types, mobileApp.
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.base import ENTITY, TAGS_HIDE_NOTHING
from fauxtune.core.graph.configuration import (
    ALL_DEVICES_TARGET,
    ALL_LICENSED_USERS_TARGET,
    ASSIGNMENT_TARGET,
    EXCLUSION_TARGET,
    GROUP_TARGET,
)
from fauxtune.core.odata.schema.fidelity import NEVER_SHOWN, approximated, stored
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, Navigation, Owner, Property

_OUTLOOK_ALONE = approximated("of all apps only Outlook can be configured: simulated devices have no others")

APP_CONFIGURATION = Entity(
    "managedDeviceMobileAppConfiguration",
    (
        Property("targetedMobileApps", collection=True, required=True, fidelity=_OUTLOOK_ALONE),
        Property("roleScopeTagIds", collection=True, default=("0",), beta_only=True, fidelity=TAGS_HIDE_NOTHING),
        Property("createdDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
        Property("description"),
        Property("lastModifiedDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
        Property("displayName", nullable=False, required=True),
        Property("version", Edm.INT32, nullable=False, default=1, owner=Owner.SERVER),
    ),
    base=ENTITY,
    abstract=True,
    polymorphic=True,
    navigations=(
        Navigation("assignments", "managedDeviceMobileAppConfigurationAssignment", collection=True, contained=True),
    ),
    source="Graph: managedDeviceMobileAppConfiguration",
)
_SETTING = ComplexType(
    "appConfigurationSettingItem",
    (
        Property("appConfigKey", required=True),
        Property("appConfigKeyType", enums.MDM_APP_CONFIG_KEY_TYPE, nullable=False),
        Property("appConfigKeyValue", required=True),
    ),
    source="Graph: appConfigurationSettingItem",
    fidelity=approximated("a token is sent as it is written: it is not replaced by the user's value"),
)
IOS_APP_CONFIGURATION = Entity(
    "iosMobileAppConfiguration",
    (
        Property(
            "encodedSettingXml", Edm.BINARY, fidelity=approximated("501: the settings have to be sent in settings")
        ),
        Property("settings", _SETTING, collection=True),
    ),
    base=APP_CONFIGURATION,
    polymorphic=True,
    source="Graph: iosMobileAppConfiguration",
    fidelity=_OUTLOOK_ALONE,
)
_PERMISSION = ComplexType(
    "androidPermissionAction",
    (Property("permission"), Property("action", enums.ANDROID_PERMISSION_ACTION_TYPE, nullable=False)),
    beta_only=True,
    source="Graph: androidPermissionAction (beta)",
    fidelity=stored("simulated apps ask for no permissions"),
)
ANDROID_APP_CONFIGURATION = Entity(
    "androidManagedStoreAppConfiguration",
    (
        Property("packageId", required=True, fidelity=_OUTLOOK_ALONE),
        Property("payloadJson", required=True),
        Property("appSupportsOemConfig", Edm.BOOLEAN, nullable=False, owner=Owner.SERVER),
        Property(
            "profileApplicability",
            enums.ANDROID_PROFILE_APPLICABILITY,
            nullable=False,
            fidelity=stored("it reaches work profiles and company-owned devices whatever is said here"),
        ),
        Property(
            "connectedAppsEnabled",
            Edm.BOOLEAN,
            nullable=False,
            fidelity=stored("simulated devices have no personal side"),
        ),
        Property("permissionActions", _PERMISSION, collection=True, fidelity=stored("simulated apps ask for none")),
    ),
    base=APP_CONFIGURATION,
    beta_only=True,
    polymorphic=True,
    source="Graph: androidManagedStoreAppConfiguration (beta)",
    fidelity=_OUTLOOK_ALONE,
)
APP_CONFIGURATION_ASSIGNMENT = Entity(
    "managedDeviceMobileAppConfigurationAssignment",
    (
        Property(
            "target",
            ASSIGNMENT_TARGET,
            required=True,
            variants=(GROUP_TARGET, EXCLUSION_TARGET, ALL_DEVICES_TARGET, ALL_LICENSED_USERS_TARGET),
        ),
    ),
    base=ENTITY,
    source="Graph: managedDeviceMobileAppConfigurationAssignment",
)

_BUILT_IN = approximated("two apps exist in each tenant, Outlook for iOS and for Android; no other can be added")
MOBILE_APP = Entity(
    "mobileApp",
    (
        Property("displayName", owner=Owner.SERVER),
        Property("description", owner=Owner.SERVER),
        Property("publisher", owner=Owner.SERVER),
        Property("createdDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
        Property("lastModifiedDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
        Property(
            "isAssigned",
            Edm.BOOLEAN,
            nullable=False,
            beta_only=True,
            owner=Owner.SERVER,
            fidelity=approximated("always true: the two apps are on every device"),
        ),
    ),
    base=ENTITY,
    abstract=True,
    polymorphic=True,
    source="Graph: mobileApp",
    fidelity=_BUILT_IN,
)
IOS_STORE_APP = Entity(
    "iosStoreApp",
    (Property("bundleId", owner=Owner.SERVER), Property("appStoreUrl", owner=Owner.SERVER)),
    base=MOBILE_APP,
    polymorphic=True,
    source="Graph: iosStoreApp",
    fidelity=_BUILT_IN,
)
ANDROID_STORE_APP = Entity(
    "androidStoreApp",
    (Property("packageId", owner=Owner.SERVER), Property("appStoreUrl", owner=Owner.SERVER)),
    base=MOBILE_APP,
    polymorphic=True,
    source="Graph: androidStoreApp",
    fidelity=_BUILT_IN,
)

_MANAGED_APP = Entity(
    "managedApp",
    (Property("appAvailability", enums.MANAGED_APP_AVAILABILITY, nullable=False, owner=Owner.SERVER),),
    base=MOBILE_APP,
    abstract=True,
    polymorphic=True,
    source="Graph: managedApp",
    fidelity=NEVER_SHOWN,
)
#: Types of apps that public programs ask for, by their bases. No such app exists here.
_ABSENT = {
    "mobileApp": "iosVppApp macOSOfficeSuiteApp microsoftStoreForBusinessApp webApp windowsWebApp mobileLobApp",
    "mobileLobApp": "androidLobApp iosLobApp macOSDmgApp macOSLobApp win32LobApp windowsAppX windowsMobileMSI "
    "windowsUniversalAppX",
    "managedApp": "managedAndroidStoreApp managedIOSStoreApp managedMobileLobApp",
    "managedMobileLobApp": "managedAndroidLobApp managedIOSLobApp",
}
_ABSENT_IN_V1 = {
    "mobileApp": "androidManagedStoreApp officeSuiteApp androidForWorkApp winGetApp windowsStoreApp",
    "mobileLobApp": "macOSPkgApp",
}


def _absent() -> tuple[Entity, ...]:
    kinds = {"mobileApp": MOBILE_APP, "managedApp": _MANAGED_APP}
    for table, beta_only in ((_ABSENT, False), (_ABSENT_IN_V1, True)):
        for base, names in table.items():
            for name in names.split():
                if name not in kinds:
                    kinds[name] = Entity(
                        name,
                        base=kinds[base],
                        abstract=name in {"mobileLobApp", "managedMobileLobApp"},
                        beta_only=beta_only,
                        polymorphic=True,
                        source=f"Graph: {name}{' (beta)' if beta_only else ''}",
                        fidelity=NEVER_SHOWN,
                    )
    return tuple(kind for kind in kinds.values() if kind is not MOBILE_APP)


ENTITIES = (
    APP_CONFIGURATION,
    IOS_APP_CONFIGURATION,
    ANDROID_APP_CONFIGURATION,
    APP_CONFIGURATION_ASSIGNMENT,
    MOBILE_APP,
    IOS_STORE_APP,
    ANDROID_STORE_APP,
    *_absent(),
)
