"""What exists in the real service and is not emulated: 501 with the reason, where a 400 would mislead.

#: data
"""

from __future__ import annotations

from fauxtune.core.errors import NotEmulated
from fauxtune.core.odata.fidelity import refused
from fauxtune.core.odata.paths import Route
from fauxtune.surfaces.graph.call import Answer, Call, Handler

_DEVICES, _PROFILES = "deviceManagement/managedDevices", "deviceManagement/deviceConfigurations"
_ONE_DEVICE, _ONE_PROFILE = f"{_DEVICES}/{{device}}", f"{_PROFILES}/{{profile}}"


async def _not_emulated(call: Call) -> Answer:
    raise NotEmulated(f"{call.path} exists in Microsoft Graph but is not emulated (see docs/coverage.md).")


def _absent(method: str, template: str, *, summary: str, beta_only: bool = False) -> Route[Handler]:
    return Route(
        method, template, _not_emulated, summary, status=501, beta_only=beta_only, fidelity=refused("not emulated")
    )


ABSENT: tuple[Route[Handler], ...] = (
    _absent("GET", "devices", summary="List Entra devices"),
    _absent("GET", "devices/{device}", summary="Get an Entra device"),
    _absent("GET", "directoryObjects/{object}", summary="Get any directory object"),
    _absent("GET", "organization", summary="The organisation"),
    _absent("GET", "users/{user}/memberOf", summary="Groups of a user"),
    _absent("GET", "users/{user}/transitiveMemberOf", summary="Groups of a user, nested ones too"),
    _absent("GET", "users/{user}/managedDevices", summary="Devices of a user"),
    _absent("GET", "users/{user}/ownedDevices", summary="Entra devices of a user"),
    _absent("GET", "users/{user}/registeredDevices", summary="Entra devices of a user"),
    _absent("GET", "groups/{group}/transitiveMembers", summary="Nested members"),
    _absent("GET", "groups/{group}/owners", summary="Owners of a group"),
    _absent("GET", "deviceManagement/assignmentFilters", summary="List assignment filters", beta_only=True),
    _absent("POST", "deviceManagement/assignmentFilters", summary="Create an assignment filter", beta_only=True),
    _absent("GET", "deviceManagement/managedDeviceOverview", summary="Counts of devices"),
    _absent(
        "GET", "deviceManagement/deviceConfigurationDeviceStateSummaries", summary="Counts of states in the tenant"
    ),
    _absent(
        "GET",
        "deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates",
        summary="States of all certificates",
        beta_only=True,
    ),
    _absent("GET", "deviceManagement/ndesConnectors", summary="List connectors", beta_only=True),
    _absent(
        "GET", "deviceManagement/certificateConnectorDetails", summary="List certificate connectors", beta_only=True
    ),
    _absent("PATCH", _ONE_DEVICE, summary="Update a device's name, owner or notes"),
    _absent("GET", f"{_ONE_DEVICE}/deviceConfigurationStates", summary="Profiles of a device"),
    _absent("GET", f"{_ONE_DEVICE}/users", summary="Users of a device"),
    _absent("POST", f"{_ONE_DEVICE}/remoteLock", summary="Lock"),
    _absent("POST", f"{_ONE_DEVICE}/rebootNow", summary="Restart"),
    _absent("POST", f"{_ONE_DEVICE}/resetPasscode", summary="Reset the passcode"),
    _absent("POST", f"{_DEVICES}/executeAction", summary="One action on many devices", beta_only=True),
    _absent("POST", f"{_PROFILES}/getTargetedUsersAndDevices", summary="Whom profiles reach", beta_only=True),
    _absent("POST", f"{_ONE_PROFILE}/assignments", summary="Add one assignment"),
    _absent("GET", f"{_ONE_PROFILE}/assignments/{{assignment}}", summary="Get an assignment"),
    _absent("PATCH", f"{_ONE_PROFILE}/assignments/{{assignment}}", summary="Update an assignment"),
    _absent("DELETE", f"{_ONE_PROFILE}/assignments/{{assignment}}", summary="Remove one assignment"),
    _absent("GET", f"{_ONE_PROFILE}/groupAssignments", summary="Assignments in their old form", beta_only=True),
    _absent("GET", f"{_ONE_PROFILE}/deviceStatuses/{{status}}", summary="Get how one device fares"),
    _absent("GET", f"{_ONE_PROFILE}/userStatuses", summary="List how users fare"),
    _absent("GET", f"{_ONE_PROFILE}/userStatusOverview", summary="Count how users fare"),
    _absent("GET", f"{_ONE_PROFILE}/deviceSettingStateSummaries", summary="How single settings fare"),
    _absent(
        "GET",
        f"{_ONE_PROFILE}/managedDeviceCertificateStates",
        summary="How each device's certificate fares",
        beta_only=True,
    ),
)
