"""What exists in the real service and is not emulated: the form of its refusals, and single verbs and operations.

What exists in the real service and is not emulated: 501 with the reason, where a 400 would mislead.

Changes of single parts that Graph has, where here an action replaces all of them: 501 with the way that works.

A verb that no document of a collection has is refused as the service words it (400, `NoSuchVerb`): states, reports and
catalogues are only read. Source of these: Microsoft's SDK of beta, 2026-10 (`tests/interop/test_sdk_paths.py`).

Functions, actions and single verbs that exist beside what is emulated, and are not: 501 with the reason.

Without a line here a function's name would be taken for a key (404), or a verb would be unknown (400). Names are
Graph's. Whole branches that are refused stand in absent_parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fauxtune.core.errors import NotEmulated
from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.core.odata.schema.types import refused
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Answer, Call, Handler

_CONNECTOR = "deviceManagement/certificateConnectorDetails/{connector}"
_NOT_EMULATED = "exists in Microsoft Graph but is not emulated"
_METRICS = "which metrics a connector has is not documented"


def absent(method: str, template: str, *, summary: str, why: str, beta_only: bool = False) -> Route[Handler]:
    """Return a route that answers 501 with this reason, whatever is sent. Not every path of a whole branch need exist
    in Graph.
    """
    statement = f"is not emulated, nor is anything of /{template}" if method == EVERY else _NOT_EMULATED

    async def not_emulated(call: Call) -> Answer:
        raise NotEmulated(f"{call.path} {statement}: {why} (see docs/coverage.md).")

    return Route(method, template, not_emulated, summary, status=501, beta_only=beta_only, fidelity=refused(why))


ABSENT: tuple[Route[Handler], ...] = (
    absent("POST", f"{_CONNECTOR}/getHealthMetrics", summary="The health of a connector", why=_METRICS, beta_only=True),
    absent(
        "POST",
        f"{_CONNECTOR}/getHealthMetricTimeSeries",
        summary="The health of a connector over time",
        why=_METRICS,
        beta_only=True,
    ),
    absent(
        "GET",
        "deviceManagement/deviceConfigurations/{profile}/getOmaSettingPlainTextValue/{secret}",
        summary="The value of an encrypted setting",
        why="nothing is encrypted, the value stands in the setting",
    ),
    absent(
        "GET",
        "deviceAppManagement/mobileApps/{resource}/categories/{category}",
        summary="Get a category of an app",
        why="GET .../categories lists them",
    ),
    absent(
        "GET",
        "deviceManagement/intents/{resource}/categories/{part}",
        summary="Get a category of an intent",
        why="GET .../categories lists them",
        beta_only=True,
    ),
    absent(
        "GET",
        "deviceManagement/templates/{resource}/categories/{part}",
        summary="Get a category of a template",
        why="GET .../categories lists them",
        beta_only=True,
    ),
    absent(
        "GET",
        "deviceManagement/virtualEndpoint",
        summary="Get the root of Cloud PCs",
        why="its collections are listed one by one",
    ),
)


_ASSIGN = "an assignment is not changed by itself: POST .../{action} replaces all of them"
#: Why the parts of this name are not made, changed or deleted one by one.
REASONS = {
    "apps": "apps are not added one by one: POST .../targetApps replaces all of them",
    "assignments": _ASSIGN,
    "contentVersions": "a version of an app's content is only added, and goes with its app",
    "files": "a file of an app's content is only added, and goes with its app",
    "groupAssignments": _ASSIGN,
    "items": "items are not changed one by one: POST .../update of the policy set replaces all of them",
    "relationships": "a relationship is not changed by itself: POST .../updateRelationships replaces all of them",
    "roleAssignments": "assignments of roles are made at /deviceManagement/roleAssignments",
    "scripts": "a script of an app's content is added and deleted, and not changed",
}
_SERVICES = ("deviceManagement/", "deviceAppManagement/")


def absent_writes(routes: Iterable[Route[Handler]]) -> Iterator[Route[Handler]]:
    """Yield the refusals of what none of the routes answers, below the lists of such parts that they serve."""
    known = list(routes)
    served = {(route.method, _shape(route.template)) for route in known}
    #: OpenAPI forbids a path that differs from another one only by the names of its keys.
    named = {_shape(route.template): route.template for route in known}
    for route in known:
        name = route.segments[-1] if route.segments else ""
        is_part = route.method == "GET" and route.many and bool(route.key_names) and name in REASONS
        if not is_part or not route.template.startswith(_SERVICES):
            continue
        one = f"{route.template}/{{part_of_it}}"
        one = named.get(_shape(one), one)
        above = route.template.rpartition("/")[0]
        action = "assign" if ("POST", _shape(f"{above}/assign")) in served else "update"
        for method, template in (("POST", route.template), ("PATCH", one), ("DELETE", one)):
            if not {(method, _shape(template)), (EVERY, _shape(template))} & served:
                yield absent(
                    method,
                    template,
                    summary=f"Change single {name}",
                    why=REASONS[name].format(action=action),
                    beta_only=route.beta_only,
                )


def _shape(template: str) -> str:
    """The template with its keys left open: routes name them differently."""
    return "/".join("{}" if segment.startswith("{") else segment.lower() for segment in template.split("/"))


_SERVICE = "deviceManagement"
_PROFILES = f"{_SERVICE}/deviceConfigurations"
_DEVICES = (f"{_SERVICE}/managedDevices", "users/{user}/managedDevices", "me/managedDevices")
_USERS, _ME, _GROUPS, _GROUP = "users/{user}", "me", "groups", "groups/{group}"
_ENTRA, _ENTRA_ONE = "devices", "devices/{device}"
_DIRECTORY = ("directoryObjects", "users", "groups", "devices", "organization")
_BIN = ("directoryObjects/{object}", "users/{user}", "groups/{group}", "devices/{device}")

_SYNC = "whether a device was in touch stands in lastSyncDateTime"
_UNITS = "there are no organisational units"
_ELSEWHERE = "ask for it at deviceManagement/managedDevices"
_LINKS = "what a profile is linked to stands in its assignments"
_TAGS = "scope tags hide nothing here; roleScopeTags/getRoleScopeTagsById finds them by their ids"
_TELLING = "to one device it is sent: managedDevices/{id}/sendCustomNotificationToCompanyPortal"
_WINDOWS = "there are no such settings of Windows here"
_ALWAYS_ON = "assignment filters are always on"
_VALIDATION = "names of groups are not checked, because there is no naming policy"
_KINDS = "users, groups and devices are listed, counted and made each in a collection of their own"
_OWNED = "there are no applications that a user would own"
_MAIL = "there is no Exchange"
_LICENCES = "licences are given to users, not to groups"
_EXPIRY = "groups do not expire"
_DYNAMIC = "the rule of a dynamic group is kept and not evaluated"
_SIGN_ON = "there is no single sign-on to applications"
_GRANTS = "the permissions of applications stand in their tokens"
_PROVISIONING = "nothing is provisioned that could fail"
_REGISTERED = "the owner and user of a device is the user who enrolled it"
_TEAMS = "there is no Teams"
_DOMAIN = "a tenant has the one domain that it was made with"
_ORGANIZATION = "what a tenant is called is said when it is made"
_REVOKED = "revokeSignInSessions does what this did"

#: Verb, path, whether beta alone has it, and why it is not here.
_OPERATIONS: tuple[tuple[str, str, bool, str], ...] = (
    ("POST", f"{_PROFILES}/hasPayloadLinks", True, _LINKS),
    ("GET", f"{_PROFILES}/getIosAvailableUpdateVersions", True, reasons.UPDATES),
    ("POST", f"{_PROFILES}/{{profile}}/assignedAccessMultiModeProfiles", True, _WINDOWS),
    ("POST", f"{_PROFILES}/{{profile}}/windowsPrivacyAccessControls", True, _WINDOWS),
    ("POST", f"{_SERVICE}/assignmentFilters/enable", True, _ALWAYS_ON),
    ("GET", f"{_SERVICE}/getAssignedRoleDetails", True, reasons.ROLES),
    ("GET", f"{_SERVICE}/getEffectivePermissions", True, reasons.ROLES),
    ("GET", f"{_SERVICE}/getEffectivePermissions/{{scope}}", False, reasons.ROLES),
    ("GET", f"{_SERVICE}/retrieveUserRoleDetail/{{userid}}", True, reasons.ROLES),
    ("GET", f"{_SERVICE}/scopedForResource/{{resource}}", True, reasons.ROLES),
    ("GET", f"{_SERVICE}/resourceOperations/{{operation}}/getScopesForUser/{{userid}}", True, reasons.ROLES),
    ("GET", f"{_SERVICE}/getRoleScopeTagsByIds/{{ids}}", True, _TAGS),
    ("GET", f"{_SERVICE}/getRoleScopeTagsByResource/{{resource}}", True, _TAGS),
    ("GET", f"{_SERVICE}/getComanagedDevicesSummary", True, reasons.COMANAGED),
    ("GET", f"{_SERVICE}/getComanagementEligibleDevicesSummary", True, reasons.COMANAGED),
    ("GET", f"{_SERVICE}/getSuggestedEnrollmentLimit/{{enrollmentType}}", True, reasons.ENROLLMENT),
    ("GET", f"{_SERVICE}/verifyWindowsEnrollmentAutoDiscovery/{{domainName}}", False, reasons.ENROLLMENT),
    ("POST", f"{_SERVICE}/enableAndroidDeviceAdministratorEnrollment", True, reasons.AUTHORITY),
    ("POST", f"{_SERVICE}/enableEndpointPrivilegeManagement", True, reasons.AUTHORITY),
    ("POST", f"{_SERVICE}/enableLegacyPcManagement", True, reasons.AUTHORITY),
    ("POST", f"{_SERVICE}/enableUnlicensedAdminstrators", True, reasons.AUTHORITY),
    ("POST", f"{_SERVICE}/sendCustomNotificationToCompanyPortal", True, _TELLING),
    ("GET", f"{_SERVICE}/userExperienceAnalyticsSummarizeWorkFromAnywhereDevices", False, reasons.ANALYTICS),
    ("GET", f"{_SERVICE}/userExperienceAnalyticsSummarizedDeviceScopes", True, reasons.ANALYTICS),
    ("GET", "directoryObjects", False, _KINDS),
    ("POST", "directoryObjects", False, _KINDS),
    ("GET", "directoryObjects/$count", False, _KINDS),
    ("POST", f"{_GROUPS}/evaluateDynamicMembership", True, _DYNAMIC),
    ("POST", f"{_GROUP}/evaluateDynamicMembership", True, _DYNAMIC),
    ("POST", f"{_GROUP}/assignLicense", False, _LICENCES),
    ("POST", f"{_GROUP}/renew", False, _EXPIRY),
    ("POST", f"{_GROUP}/validateProperties", False, _VALIDATION),
    ("POST", f"{_GROUP}/retryServiceProvisioning", False, _PROVISIONING),
    ("POST", f"{_GROUP}/checkGrantedPermissionsForApp", False, _GRANTS),
    ("POST", f"{_GROUP}/getPasswordSingleSignOnCredentials", True, _SIGN_ON),
    ("POST", f"{_GROUP}/deletePasswordSingleSignOnCredentials", True, _SIGN_ON),
    ("POST", f"{_GROUP}/addFavorite", False, _MAIL),
    ("POST", f"{_GROUP}/removeFavorite", False, _MAIL),
    ("POST", f"{_GROUP}/resetUnseenCount", False, _MAIL),
    ("POST", f"{_GROUP}/subscribeByMail", False, _MAIL),
    ("POST", f"{_GROUP}/unsubscribeByMail", False, _MAIL),
    ("POST", f"{_ENTRA}/provision", False, _REGISTERED),
    ("POST", f"{_ENTRA_ONE}/registeredOwners/$ref", False, _REGISTERED),
    ("DELETE", f"{_ENTRA_ONE}/registeredOwners/$ref", False, _REGISTERED),
    ("DELETE", f"{_ENTRA_ONE}/registeredOwners/{{owner}}/$ref", False, _REGISTERED),
    ("POST", f"{_ENTRA_ONE}/registeredUsers/$ref", False, _REGISTERED),
    ("DELETE", f"{_ENTRA_ONE}/registeredUsers/$ref", False, _REGISTERED),
    ("DELETE", f"{_ENTRA_ONE}/registeredUsers/{{owner}}/$ref", False, _REGISTERED),
    ("GET", "directory", False, reasons.DIRECTORY),
    ("GET", "informationProtection", False, reasons.DIRECTORY),
    ("GET", "informationProtection/bitlocker", False, reasons.DIRECTORY),
    ("GET", "identity", False, reasons.DIRECTORY),
    ("PATCH", "deviceAppManagement", False, reasons.APPS),
    ("PATCH", "organization/{organization}", False, _ORGANIZATION),
    ("GET", "servicePrincipals/delta", False, reasons.DIRECTORY),
    ("GET", "applications/delta", False, reasons.DIRECTORY),
    ("GET", "oauth2PermissionGrants/delta", False, reasons.DIRECTORY),
    ("POST", "servicePrincipals/{principal}/endpoints", False, reasons.DIRECTORY),
    ("GET", "servicePrincipals/{principal}/endpoints/$count", False, reasons.DIRECTORY),
    ("GET", "servicePrincipals/{principal}/endpoints/{endpoint}", False, reasons.DIRECTORY),
    ("PATCH", "servicePrincipals/{principal}/endpoints/{endpoint}", False, reasons.DIRECTORY),
    ("DELETE", "servicePrincipals/{principal}/endpoints/{endpoint}", False, reasons.DIRECTORY),
    ("POST", "domains", False, _DOMAIN),
    ("PATCH", "domains/{domain}", False, _DOMAIN),
    ("DELETE", "domains/{domain}", False, _DOMAIN),
)
#: Below a device, wherever devices are reached; the same for all of them.
_OF_A_DEVICE: tuple[tuple[str, str, bool, str], ...] = (
    ("GET", "retrieveDeviceLocalAdminAccountDetail", True, reasons.ESCROW),
    ("GET", "retrieveMacOSManagedDeviceLocalAdminAccountDetail", True, reasons.ESCROW),
    ("GET", "retrieveRecoveryLockPasscode", True, reasons.ESCROW),
    ("GET", "getSyncStatus", True, _SYNC),
    ("GET", "getOemWarranty", True, "nobody sold the devices here"),
    ("GET", "getCloudPcRemoteActionResults", True, reasons.CLOUD_PC),
    ("GET", "getCloudPcReviewStatus", True, reasons.CLOUD_PC),
)
_OF_DEVICES: tuple[tuple[str, str, bool, str], ...] = (
    ("GET", "appDiagnostics/{upn}", True, reasons.APPS),
    ("GET", "retrievePowerliftAppDiagnosticsDetails/{userPrincipalName}", True, reasons.APPS),
    ("POST", "downloadAppDiagnostics", True, reasons.APPS),
    ("POST", "downloadPowerliftAppDiagnostic", True, reasons.APPS),
    ("POST", "moveDevicesToOU", True, _UNITS),
)
_OF_A_USER: tuple[tuple[str, str, bool, str], ...] = (
    ("GET", "licenseDetails/getTeamsLicensingDetails", False, _TEAMS),
    ("POST", "managedDevices/executeAction", True, _ELSEWHERE),
    ("POST", "invalidateAllRefreshTokens", True, _REVOKED),
    ("POST", "removeAllDevicesFromManagement", False, "devices are retired one by one"),
    ("POST", "wipeManagedAppRegistrationsByDeviceTag", False, reasons.APPS),
    ("GET", "getManagedDevicesWithAppFailures", False, reasons.APPS),
    ("GET", "getManagedDevicesWithFailedOrPendingApps", True, reasons.APPS),
    ("GET", "getManagedAppDiagnosticStatuses", False, reasons.APPS),
    ("GET", "getManagedAppPolicies", False, reasons.APPS),
    ("GET", "getEffectiveDeviceEnrollmentConfigurations", True, reasons.ENROLLMENT),
    ("GET", "getLoggedOnManagedDevices", True, "a device has the user who enrolled it"),
    ("POST", "exportPersonalData", False, "nothing is exported"),
    ("POST", "reprocessLicenseAssignment", False, _LICENCES),
    ("POST", "retryServiceProvisioning", False, _PROVISIONING),
)


def _lines() -> Iterator[tuple[str, str, bool, str]]:
    yield from _OPERATIONS
    for root in _DEVICES:
        for method, name, beta_only, why in _OF_A_DEVICE:
            yield method, f"{root}/{{device}}/{name}", beta_only, why
        for method, name, beta_only, why in _OF_DEVICES:
            yield method, f"{root}/{name}", beta_only, why
    for one in (_USERS, _ME):
        for method, name, beta_only, why in _OF_A_USER:
            yield method, f"{one}/{name}", beta_only, why
    yield from _lines_of_objects()


def _lines_of_objects() -> Iterator[tuple[str, str, bool, str]]:
    for collection in _DIRECTORY:
        yield "POST", f"{collection}/validateProperties", False, _VALIDATION
        yield "POST", f"{collection}/getAvailableExtensionProperties", False, reasons.EXTENSIONS
        yield "POST", f"{collection}/getUserOwnedObjects", True, _OWNED
    for one in _BIN:
        yield "POST", f"{one}/restore", False, reasons.GONE


ABSENT_OPERATIONS: tuple[Route[Handler], ...] = tuple(
    absent(method, template, summary=template.rpartition("/")[2], why=why, beta_only=beta_only)
    for method, template, beta_only, why in _lines()
)
