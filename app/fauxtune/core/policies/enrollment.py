"""Enrolment configurations: their ids, the defaults that every tenant has, and what cannot be changed. The collections
beside them: corporate identifiers, Apple's and Google's programmes.

Whether a device may enrol is decided in `core/engine/enrollment_restrictions.py`.

Graph: deviceEnrollmentConfiguration. 0 is the priority of the defaults, the weakest; 1 is the strongest.
"""

from __future__ import annotations

from collections.abc import Callable

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import BuiltIn, Rules, Versions

#: The last part of an id, by the type. The first part is a GUID: of the defaults, the tenant's.
_SUFFIXES = {
    "deviceEnrollmentLimitConfiguration": "Limit",
    "deviceEnrollmentPlatformRestrictionsConfiguration": "PlatformRestrictions",
    "deviceEnrollmentPlatformRestrictionConfiguration": "SinglePlatformRestriction",
    "deviceEnrollmentWindowsHelloForBusinessConfiguration": "WindowsHelloForBusiness",
    "windows10EnrollmentCompletionPageConfiguration": "Windows10EnrollmentCompletionPageConfiguration",
    "deviceComanagementAuthorityConfiguration": "DeviceComanagementAuthorityConfiguration",
    "deviceEnrollmentNotificationConfiguration": "EnrollmentNotificationsConfiguration",
    # Unverified: the suffix of restore configurations.
    "windowsRestoreDeviceEnrollmentConfiguration": "WindowsRestore",
}
#: Devices that a limit can allow a user.
_MOST_DEVICES = 15
_ALLOWED: JsonObject = {
    "@odata.type": "#microsoft.graph.deviceEnrollmentPlatformRestriction",
    "platformBlocked": False,
    "personalDeviceEnrollmentBlocked": False,
    "osMinimumVersion": None,
    "osMaximumVersion": None,
    "blockedManufacturers": [],
    "blockedSkus": [],
}
_RESTRICTED = (
    "androidForWorkRestriction androidRestriction iosRestriction macOSRestriction macRestriction tvosRestriction "
    "visionOSRestriction windowsHomeSkuRestriction windowsMobileRestriction windowsRestriction"
)


def _new_id(guid: str, kind: str, _document: JsonObject) -> str:
    return f"{guid}_{_SUFFIXES[kind]}"


def _with_type(document: JsonObject) -> JsonObject:
    """Return the configuration with its type: the end of its id, with a small first letter."""
    suffix = str(document["id"]).partition("_")[2]
    return {**document, "deviceEnrollmentConfigurationType": suffix[:1].lower() + suffix[1:]}


def _default(kind: str, **document: object) -> BuiltIn:
    return BuiltIn(
        f"{{tenant}}_Default{_SUFFIXES[kind]}",
        kind,
        {
            "displayName": "All users and all devices",
            "description": "This is the default configuration. It applies with the lowest priority to all users, "
            "whatever groups they belong to.",
            "version": 0,
            "roleScopeTagIds": ["0"],
            **document,
        },
    )


def without_secrets(*names: str) -> Callable[[JsonObject], JsonObject]:
    """Return what keeps a document without these properties: a token or password that nothing here uses is not kept."""

    def kept(document: JsonObject) -> JsonObject:
        return {name: None if name in names else value for name, value in document.items()}

    return kept


def _check(document: JsonObject, _before: JsonObject | None) -> None:
    """Raise Invalid for a limit of devices that cannot be ("Create device limit restrictions", 2025-05-15)."""
    limit = document.get("limit")
    if limit is not None and not 1 <= limit <= _MOST_DEVICES:
        raise Invalid(f"The limit is 1 to {_MOST_DEVICES} devices, not {limit}.", target="limit")


ENROLLMENT_CONFIGURATIONS = Rules(
    "deviceEnrollmentConfigurations",
    check=_check,
    most={"deviceEnrollmentLimitConfiguration": 25},
    new_id=_new_id,
    versions=Versions.COUNTED,
    fixed="platformType",
    derived=_with_type,
    built_in=(
        _default("deviceEnrollmentLimitConfiguration", limit=5),
        _default(
            "deviceEnrollmentPlatformRestrictionsConfiguration",
            **dict.fromkeys(_RESTRICTED.split(), _ALLOWED),
        ),
        _default("deviceEnrollmentWindowsHelloForBusinessConfiguration", state="notConfigured"),
        _default("windows10EnrollmentCompletionPageConfiguration", showInstallationProgress=False),
    ),
    locked_built_in=False,
    prioritized=True,
)


#: An id of its own for what a tenant has one of.
PUSH_CERTIFICATE_ID, MANAGED_PLAY_ID = (
    "applePushNotificationCertificate",
    "androidManagedStoreAccountEnterpriseSettings",
)
PUSH_CERTIFICATE = Rules("applePushNotificationCertificate", new_id=lambda *_: PUSH_CERTIFICATE_ID)
MANAGED_PLAY = Rules(
    "androidManagedStoreAccountEnterpriseSettings",
    built_in=(BuiltIn(MANAGED_PLAY_ID, MANAGED_PLAY_ID, {"bindStatus": "notBound"}),),
    locked_built_in=False,
)
DEVICE_OWNER_PROFILES = Rules("androidDeviceOwnerEnrollmentProfiles", derived=without_secrets("wifiPassword"))
CORPORATE_IDENTIFIERS = Rules("importedDeviceIdentities")
#: An event's time is the moment of its creation, and no client changes one.
TROUBLESHOOTING = Rules("troubleshootingEvents", created="eventDateTime", modified="eventDateTime")
DEP_TOKENS = Rules("depOnboardingSettings")
DEP_PROFILES = Rules("enrollmentProfiles", derived=without_secrets("adminAccountPassword"))
VPP_TOKENS = Rules("vppTokens", derived=without_secrets("token"))
