"""Things of the tenant that expectations are tried on: which request shows them, and where in its answer they stand.

#: data
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.probe import permissions as needs


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a path below the version, what to take from the answer, what it is in words.

    `place` begins with `value/0`, or with `value/*`: the first element whose list `having` is not empty.
    """

    path: str
    place: str
    words: str
    needs: str
    beta_only: bool = False
    having: str = ""


_USERS = "/users?$top=2&$select=id,displayName,userPrincipalName"
_GROUPS = "/groups?$top=2&$select=id,displayName"
_DEVICES = "/devices?$top=1&$select=id,deviceId"
_MANAGED = "/deviceManagement/managedDevices?$top=2&$select=id,deviceName,operatingSystem"
_PROFILES = "/deviceManagement/deviceConfigurations?$top=2&$select=id,displayName"
_ASSIGNED = "/deviceManagement/deviceConfigurations?$expand=assignments&$top=50"
_WITH_MEMBERS = "/groups?$select=id&$expand=members($select=id)&$top=50"
_FILTERS = "/deviceManagement/assignmentFilters?$top=1"
_PFX = "/deviceManagement/userPfxCertificates?$top=2"

#: By the names in templates.
SOURCES: Mapping[str, Source] = {
    "user": Source(_USERS, "value/0/id", "a user", needs.READ_USERS),
    "userName": Source(_USERS, "value/0/userPrincipalName", "a user", needs.READ_USERS),
    "userTitle": Source(_USERS, "value/0/displayName", "a user with a displayName", needs.READ_USERS),
    "secondUser": Source(_USERS, "value/1/id", "a second user", needs.READ_USERS),
    "group": Source(_GROUPS, "value/0/id", "a group", needs.READ_GROUPS),
    "groupTitle": Source(_GROUPS, "value/0/displayName", "a group", needs.READ_GROUPS),
    "secondGroup": Source(_GROUPS, "value/1/id", "a second group", needs.READ_GROUPS),
    "object": Source(_USERS, "value/0/id", "a user", needs.READ_USERS),
    "entraDevice": Source(_DEVICES, "value/0/id", "a device in the directory", needs.READ_DEVICES),
    "entraDeviceId": Source(_DEVICES, "value/0/deviceId", "a device in the directory", needs.READ_DEVICES),
    "organization": Source("/organization?$select=id", "value/0/id", "an organization", needs.READ_ORGANIZATION),
    "domain": Source("/domains", "value/0/id", "a domain", needs.READ_DOMAINS),
    "sku": Source("/subscribedSkus", "value/0/id", "a subscription", needs.READ_ORGANIZATION),
    "device": Source(_MANAGED, "value/0/id", "a managed device", needs.READ_MANAGED),
    "deviceName": Source(_MANAGED, "value/0/deviceName", "a managed device with a name", needs.READ_MANAGED),
    "operatingSystem": Source(_MANAGED, "value/0/operatingSystem", "a managed device", needs.READ_MANAGED),
    "deviceWithoutCategory": Source(
        "/deviceManagement/managedDevices?$filter=deviceCategoryDisplayName eq 'Unknown'&$top=1",
        "value/0/id",
        "a managed device in no category",
        needs.READ_MANAGED,
    ),
    "secondDevice": Source(_MANAGED, "value/1/id", "a second managed device", needs.READ_MANAGED),
    "profile": Source(_PROFILES, "value/0/id", "a device configuration", needs.READ_CONFIGURATION),
    "secondProfile": Source(_PROFILES, "value/1/id", "a second device configuration", needs.READ_CONFIGURATION),
    "assignedProfile": Source(
        _ASSIGNED,
        "value/*/id",
        "an assigned device configuration",
        needs.READ_CONFIGURATION,
        having="assignments",
    ),
    "groupWithMembers": Source(
        _WITH_MEMBERS, "value/*/id", "a group with members", needs.READ_GROUPS, having="members"
    ),
    "deviceOwner": Source(
        "/deviceManagement/managedDevices?$top=1&$select=id,userId",
        "value/0/userId",
        "a managed device with a user",
        needs.READ_MANAGED,
    ),
    "filter": Source(_FILTERS, "value/0/id", "an assignment filter", needs.READ_CONFIGURATION, beta_only=True),
    "category": Source("/deviceManagement/deviceCategories", "value/0/id", "a device category", needs.READ_MANAGED),
    "certificate": Source(_PFX, "value/0/id", "an imported certificate", needs.READ_CONFIGURATION, beta_only=True),
    "certificateOwner": Source(
        _PFX, "value/0/userPrincipalName", "an imported certificate", needs.READ_CONFIGURATION, beta_only=True
    ),
}
