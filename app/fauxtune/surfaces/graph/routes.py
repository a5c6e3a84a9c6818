"""THE list of what Graph's surface answers. Whatever is not here is a 400, as the real service answers it."""

from __future__ import annotations

from fauxtune.core.errors import NotEmulated
from fauxtune.core.odata.entities import configuration as types
from fauxtune.core.odata.entities.certificates import USER_PFX_CERTIFICATE
from fauxtune.core.odata.entities.devices import MANAGED_DEVICE
from fauxtune.core.odata.entities.directory import DIRECTORY_OBJECT, GROUP, USER
from fauxtune.core.odata.entities.index import ENTITIES
from fauxtune.core.odata.paths import Route, RouteTable
from fauxtune.core.odata.schema import Entity, Version
from fauxtune.surfaces.graph.call import Answer, Call, Endpoint
from fauxtune.surfaces.graph.resources import (
    device_configurations,
    device_statuses,
    groups,
    managed_devices,
    user_pfx_certificates,
    users,
)

Row = Route[Endpoint]


async def _not_emulated(call: Call) -> Answer:
    raise NotEmulated(f"{call.path} exists in Microsoft Graph but is not emulated (see docs/coverage.md).")


def _absent(method: str, template: str, summary: str, *, beta_only: bool = False) -> Row:
    """What the real service has and this one does not: 501 instead of a misleading 400."""
    return Route(method, template, Endpoint(_not_emulated), summary=summary, status=501, beta_only=beta_only)


_USERS: tuple[Row, ...] = (
    Route("GET", "users", Endpoint(users.list_users, users.READ), "List users", returns=USER, many=True),
    Route("POST", "users", Endpoint(users.create_user, users.WRITE), "Create a user", USER, USER, status=201),
    Route("GET", "users/$count", Endpoint(users.count_users, users.READ), "Count users"),
    Route("GET", "users/{user}", Endpoint(users.get_user, users.READ), "Get a user", returns=USER),
    Route("PATCH", "users/{user}", Endpoint(users.update_user, users.WRITE), "Update a user", USER, status=204),
    Route("DELETE", "users/{user}", Endpoint(users.delete_user, users.WRITE), "Delete a user", status=204),
    Route("POST", "users/{user}/assignLicense", Endpoint(users.assign_license, users.WRITE), "Assign licences"),
    Route("GET", "me", Endpoint(users.get_me), "Get the signed-in user", returns=USER),
)

_GROUPS: tuple[Row, ...] = (
    Route("GET", "groups", Endpoint(groups.list_groups, groups.READ), "List groups", returns=GROUP, many=True),
    Route("POST", "groups", Endpoint(groups.create_group, groups.WRITE), "Create a group", GROUP, GROUP, status=201),
    Route("GET", "groups/$count", Endpoint(groups.count_groups, groups.READ), "Count groups"),
    Route("GET", "groups/{group}", Endpoint(groups.get_group, groups.READ), "Get a group", returns=GROUP),
    Route("PATCH", "groups/{group}", Endpoint(groups.update_group, groups.WRITE), "Update a group", GROUP, status=204),
    Route("DELETE", "groups/{group}", Endpoint(groups.delete_group, groups.WRITE), "Delete a group", status=204),
    Route(
        "GET",
        "groups/{group}/members",
        Endpoint(groups.list_members, groups.READ),
        "List direct members",
        returns=DIRECTORY_OBJECT,
        many=True,
    ),
    Route(
        "GET", "groups/{group}/members/$ref", Endpoint(groups.list_member_references, groups.READ), "List references"
    ),
    Route(
        "POST",
        "groups/{group}/members/$ref",
        Endpoint(groups.add_member, groups.WRITE_MEMBERS),
        "Add a member",
        status=204,
    ),
    Route(
        "DELETE",
        "groups/{group}/members/$ref",
        Endpoint(groups.remove_member, groups.WRITE_MEMBERS),
        "Remove a member named by @id",
        status=204,
    ),
    Route(
        "DELETE",
        "groups/{group}/members/{member}/$ref",
        Endpoint(groups.remove_member, groups.WRITE_MEMBERS),
        "Remove a member",
        status=204,
    ),
)

_DEVICES = "deviceManagement/managedDevices"


def _device(method: str, tail: str, endpoint: Endpoint, *, summary: str, many: bool = False, status: int = 200) -> Row:
    returns: Entity | None = MANAGED_DEVICE if method == "GET" and tail != "/$count" else None
    return Route(method, _DEVICES + tail, endpoint, summary, returns=returns, many=many, status=status)


_MANAGED_DEVICES: tuple[Row, ...] = (
    _device("GET", "", Endpoint(managed_devices.list_devices, managed_devices.READ), summary="List devices", many=True),
    _device("POST", "", Endpoint(managed_devices.refuse_create), summary="Refused: devices enrol", status=400),
    _device("GET", "/$count", Endpoint(managed_devices.count_devices, managed_devices.READ), summary="Count devices"),
    _device("GET", "/{device}", Endpoint(managed_devices.get_device, managed_devices.READ), summary="Get a device"),
    _device(
        "DELETE",
        "/{device}",
        Endpoint(managed_devices.delete, managed_devices.WRITE),
        summary="Drop the record; company data goes at the next check-in",
        status=204,
    ),
    _device("POST", "/{device}/wipe", Endpoint(managed_devices.wipe, managed_devices.ACT), summary="Wipe", status=204),
    _device(
        "POST", "/{device}/retire", Endpoint(managed_devices.retire, managed_devices.ACT), summary="Retire", status=204
    ),
    _device(
        "POST", "/{device}/syncDevice", Endpoint(managed_devices.sync, managed_devices.ACT), summary="Sync", status=204
    ),
)

_PROFILES = "deviceManagement/deviceConfigurations"
_BASE = types.DEVICE_CONFIGURATION
_READ, _WRITE = device_configurations.READ, device_configurations.WRITE

_CONFIGURATIONS: tuple[Row, ...] = (
    Route(
        "GET",
        _PROFILES,
        Endpoint(device_configurations.list_profiles, _READ),
        "List profiles",
        returns=_BASE,
        many=True,
    ),
    Route(
        "POST",
        _PROFILES,
        Endpoint(device_configurations.create_profile, _WRITE),
        "Create a profile",
        _BASE,
        _BASE,
        status=201,
    ),
    Route("GET", f"{_PROFILES}/$count", Endpoint(device_configurations.count_profiles, _READ), "Count profiles"),
    Route(
        "GET",
        f"{_PROFILES}/{{profile}}",
        Endpoint(device_configurations.get_profile, _READ),
        "Get a profile",
        returns=_BASE,
    ),
    Route(
        "PATCH",
        f"{_PROFILES}/{{profile}}",
        Endpoint(device_configurations.update_profile, _WRITE),
        "Update a profile",
        _BASE,
        _BASE,
    ),
    Route(
        "DELETE",
        f"{_PROFILES}/{{profile}}",
        Endpoint(device_configurations.delete_profile, _WRITE),
        "Delete a profile",
        status=204,
    ),
    Route(
        "POST",
        f"{_PROFILES}/{{profile}}/assign",
        Endpoint(device_configurations.assign, _WRITE),
        "Replace the assignments",
        returns=types.DEVICE_CONFIGURATION_ASSIGNMENT,
        many=True,
    ),
    Route(
        "GET",
        f"{_PROFILES}/{{profile}}/assignments",
        Endpoint(device_configurations.list_assignments, _READ),
        "List the assignments",
        returns=types.DEVICE_CONFIGURATION_ASSIGNMENT,
        many=True,
    ),
    Route(
        "GET",
        f"{_PROFILES}/{{profile}}/deviceStatuses",
        Endpoint(device_statuses.list_device_statuses, _READ),
        "List how devices fare",
        returns=types.DEVICE_CONFIGURATION_DEVICE_STATUS,
        many=True,
    ),
    Route(
        "GET",
        f"{_PROFILES}/{{profile}}/deviceStatuses/$count",
        Endpoint(device_statuses.count_device_statuses, _READ),
        "Count the devices that have reported",
    ),
    Route(
        "GET",
        f"{_PROFILES}/{{profile}}/deviceStatusOverview",
        Endpoint(device_statuses.device_status_overview, _READ),
        "Count how devices fare",
        returns=types.DEVICE_CONFIGURATION_DEVICE_OVERVIEW,
    ),
)

_PFX = "deviceManagement/userPfxCertificates"


def _pfx(method: str, tail: str, endpoint: Endpoint, *, summary: str, status: int = 200) -> Row:
    return Route(
        method,
        _PFX + tail,
        endpoint,
        summary,
        accepts=USER_PFX_CERTIFICATE if method in ("POST", "PATCH") else None,
        returns=None if method == "DELETE" or tail == "/$count" else USER_PFX_CERTIFICATE,
        many=method == "GET" and not tail,
        status=status,
        beta_only=True,
    )


_PFX_CERTIFICATES: tuple[Row, ...] = (
    _pfx("GET", "", Endpoint(user_pfx_certificates.list_certificates, _READ), summary="List imported certificates"),
    _pfx("POST", "", Endpoint(user_pfx_certificates.import_certificate, _WRITE), summary="Import one", status=201),
    _pfx("GET", "/$count", Endpoint(user_pfx_certificates.count_certificates, _READ), summary="Count them"),
    _pfx("GET", "/{certificate}", Endpoint(user_pfx_certificates.get_certificate, _READ), summary="Get one"),
    _pfx("PATCH", "/{certificate}", Endpoint(user_pfx_certificates.update_certificate, _WRITE), summary="Update one"),
    _pfx(
        "DELETE",
        "/{certificate}",
        Endpoint(user_pfx_certificates.delete_certificate, _WRITE),
        summary="Remove one from the service and from devices; nothing is revoked",
        status=204,
    ),
)

_ONE_PROFILE, _ONE_DEVICE = f"{_PROFILES}/{{profile}}", f"{_DEVICES}/{{device}}"

_NOT_EMULATED: tuple[Row, ...] = (
    _absent("POST", "$batch", "JSON batching"),
    _absent("GET", "$metadata", "Metadata"),
    _absent("GET", "devices", "List Entra devices"),
    _absent("GET", "devices/{device}", "Get an Entra device"),
    _absent("GET", "directoryObjects/{object}", "Get any directory object"),
    _absent("GET", "organization", "The organisation"),
    _absent("GET", "users/{user}/memberOf", "Groups of a user"),
    _absent("GET", "users/{user}/transitiveMemberOf", "Groups of a user, nested ones too"),
    _absent("GET", "users/{user}/managedDevices", "Devices of a user"),
    _absent("GET", "users/{user}/ownedDevices", "Entra devices of a user"),
    _absent("GET", "users/{user}/registeredDevices", "Entra devices of a user"),
    _absent("GET", "groups/{group}/transitiveMembers", "Nested members"),
    _absent("GET", "groups/{group}/owners", "Owners of a group"),
    _absent("GET", "deviceManagement/assignmentFilters", "List assignment filters", beta_only=True),
    _absent("POST", "deviceManagement/assignmentFilters", "Create an assignment filter", beta_only=True),
    _absent("GET", "deviceManagement/managedDeviceOverview", "Counts of devices"),
    _absent("GET", "deviceManagement/deviceConfigurationDeviceStateSummaries", "Counts of states in the tenant"),
    _absent(
        "GET",
        "deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates",
        "States of all certificates",
        beta_only=True,
    ),
    _absent("GET", "deviceManagement/ndesConnectors", "List connectors", beta_only=True),
    _absent("GET", "deviceManagement/certificateConnectorDetails", "List certificate connectors", beta_only=True),
    _absent("PATCH", _ONE_DEVICE, "Update a device's name, owner or notes"),
    _absent("GET", f"{_ONE_DEVICE}/deviceConfigurationStates", "Profiles of a device"),
    _absent("GET", f"{_ONE_DEVICE}/users", "Users of a device"),
    _absent("POST", f"{_ONE_DEVICE}/remoteLock", "Lock"),
    _absent("POST", f"{_ONE_DEVICE}/rebootNow", "Restart"),
    _absent("POST", f"{_ONE_DEVICE}/resetPasscode", "Reset the passcode"),
    _absent("POST", f"{_DEVICES}/executeAction", "One action on many devices", beta_only=True),
    _absent("POST", f"{_PROFILES}/getTargetedUsersAndDevices", "Whom profiles reach", beta_only=True),
    _absent("POST", f"{_ONE_PROFILE}/assignments", "Add one assignment"),
    _absent("GET", f"{_ONE_PROFILE}/assignments/{{assignment}}", "Get an assignment"),
    _absent("PATCH", f"{_ONE_PROFILE}/assignments/{{assignment}}", "Update an assignment"),
    _absent("DELETE", f"{_ONE_PROFILE}/assignments/{{assignment}}", "Remove one assignment"),
    _absent("GET", f"{_ONE_PROFILE}/groupAssignments", "Assignments in their old form", beta_only=True),
    _absent("GET", f"{_ONE_PROFILE}/deviceStatuses/{{status}}", "Get how one device fares"),
    _absent("GET", f"{_ONE_PROFILE}/userStatuses", "List how users fare"),
    _absent("GET", f"{_ONE_PROFILE}/userStatusOverview", "Count how users fare"),
    _absent("GET", f"{_ONE_PROFILE}/deviceSettingStateSummaries", "How single settings fare"),
    _absent(
        "GET",
        f"{_ONE_PROFILE}/managedDeviceCertificateStates",
        "How each device's certificate fares",
        beta_only=True,
    ),
    _absent("GET", f"{_ONE_PROFILE}/rootCertificate", "The trusted root that a profile refers to", beta_only=True),
    _absent("PUT", f"{_ONE_PROFILE}/rootCertificate/$ref", "Set it", beta_only=True),
)

ROUTES: tuple[Row, ...] = (
    *_USERS,
    *_GROUPS,
    *_MANAGED_DEVICES,
    *_CONFIGURATIONS,
    *_PFX_CERTIFICATES,
    *_NOT_EMULATED,
)
#: What each version knows: v1.0 answers for beta's own paths as for any unknown one.
TABLES: dict[Version, RouteTable[Endpoint]] = {
    version: RouteTable(
        [route for route in ROUTES if version is Version.BETA or not route.beta_only],
        types=[each.name for each in ENTITIES],
    )
    for version in Version
}
