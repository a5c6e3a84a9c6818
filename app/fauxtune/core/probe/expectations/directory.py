"""Users, groups, devices of the directory, and the organization: reads.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import AtMost, Both, Has, Lacks, Matches
from fauxtune.core.probe.expectations.forms import (
    EVENTUAL,
    GUID,
    asks,
    each,
    equal,
    get,
    get_refused,
    header,
    refused,
    says,
    some,
    status,
)
from fauxtune.core.probe.model import Basis, Expectation
from fauxtune.core.probe.typed import Typed

_USERS, _GROUPS, _DEVICES = (needs.READ_USERS,), (needs.READ_GROUPS,), (needs.READ_DEVICES,)
_ORGANIZATION = (needs.READ_ORGANIZATION,)
_OBJECT = Both((Matches("@odata.type", r"^#microsoft\.graph\.\w+$"), Matches("id", GUID)))

DIRECTORY: tuple[Expectation, ...] = (
    Expectation(
        id="user-properties",
        says="A user has the properties that are shown by default, each of its type.",
        source=by.reference("user"),
        versions=("v1.0",),
        needs=_USERS,
        steps=(get("/users/{user}", Typed("", "user")),),
    ),
    Expectation(
        id="user-by-name",
        says="A user is read by userPrincipalName as by id.",
        source=by.reference("Get a user"),
        needs=_USERS,
        steps=(get("/users/{userName}?$select=id", equal("id", "{user}")),),
    ),
    Expectation(
        id="user-unknown",
        says="An unknown user is refused with 404 Request_ResourceNotFound and a message that names the key.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(
            get_refused(
                "/users/{absent}",
                *refused(404, "Request_ResourceNotFound"),
                says("Resource '{absent}' does not exist or one of its queried reference-property objects"),
            ),
        ),
    ),
    Expectation(
        id="user-unknown-by-name",
        says="An unknown userPrincipalName is refused with 404 Request_ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get_refused("/users/nobody@example.invalid", *refused(404, "Request_ResourceNotFound")),),
    ),
    Expectation(
        id="group-unknown",
        says="An unknown group is refused with 404 Request_ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_GROUPS,
        steps=(get_refused("/groups/{absent}", *refused(404, "Request_ResourceNotFound")),),
    ),
    Expectation(
        id="user-memberships",
        says="Memberships of a user are objects with @odata.type and id.",
        source=by.reference("List a user's direct memberships"),
        needs=_USERS,
        steps=(get("/users/{user}/memberOf", each(_OBJECT)),),
    ),
    Expectation(
        id="user-all-memberships",
        says="Nested memberships of a user are objects with @odata.type and id.",
        source=by.reference("List a user's memberships (direct and transitive)"),
        needs=_USERS,
        steps=(get("/users/{user}/transitiveMemberOf", each(_OBJECT)),),
    ),
    Expectation(
        id="memberships-need-header-to-count",
        says="/memberOf/$count without ConsistencyLevel: eventual is refused, and with it is a number.",
        source=by.ADVANCED,
        needs=_USERS,
        steps=(
            get_refused("/users/{user}/memberOf/$count", status(400)),
            get("/users/{user}/memberOf/$count", header("content-type", "^text/plain"), headers=EVENTUAL),
        ),
    ),
    Expectation(
        id="user-devices-of-the-directory",
        says="ownedDevices of a user are objects of the type device.",
        source=by.reference("List ownedDevices"),
        needs=_USERS,
        steps=(get("/users/{deviceOwner}/ownedDevices", each(equal("@odata.type", "#microsoft.graph.device"))),),
    ),
    Expectation(
        id="user-managed-devices",
        says="managedDevices of a user are managed devices of that user.",
        source=by.reference("List managedDevices"),
        needs=(needs.READ_MANAGED,),
        steps=(get("/users/{deviceOwner}/managedDevices", each(equal("userId", "{deviceOwner}"))),),
    ),
    Expectation(
        id="user-licences",
        says="Licences of a user have skuId, skuPartNumber and servicePlans.",
        source=by.reference("List licenseDetails"),
        needs=_USERS,
        steps=(get("/users/{user}/licenseDetails", Typed("value", "licenseDetails")),),
    ),
    Expectation(
        id="member-groups",
        says="getMemberGroups answers a list of ids.",
        source=by.reference("directoryObject: getMemberGroups"),
        needs=_USERS,
        steps=(asks("/users/{user}/getMemberGroups", {"securityEnabledOnly": False}, each(Matches("", GUID))),),
    ),
    Expectation(
        id="memberships-of-an-unknown-user",
        says="Memberships of an unknown user are refused with 404 Request_ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get_refused("/users/{absent}/memberOf", *refused(404, "Request_ResourceNotFound")),),
    ),
    Expectation(
        id="check-member-groups",
        says="checkMemberGroups answers those of the named groups that hold the user: none of unknown ones.",
        source=by.reference("directoryObject: checkMemberGroups"),
        needs=_USERS,
        steps=(asks("/users/{user}/checkMemberGroups", {"groupIds": ["{absent}"]}, AtMost("value", 0)),),
    ),
    Expectation(
        id="objects-by-ids",
        says="getByIds answers the objects that exist, each with its @odata.type, and passes over unknown ids.",
        source=by.reference("directoryObject: getByIds"),
        needs=_USERS,
        steps=(
            asks(
                "/directoryObjects/getByIds",
                {"ids": ["{user}", "{absent}"], "types": ["user"]},
                AtMost("value", 1),
                each(Both((equal("id", "{user}"), equal("@odata.type", "#microsoft.graph.user")))),
            ),
        ),
    ),
    Expectation(
        id="directory-object",
        says="A directory object is read by its id, with its @odata.type.",
        source=by.reference("Get directoryObject"),
        needs=_USERS,
        steps=(
            get("/directoryObjects/{object}", equal("@odata.type", "#microsoft.graph.user"), equal("id", "{object}")),
        ),
    ),
    Expectation(
        id="me-of-an-application",
        says="/me is refused with 400 for an application.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        signed_in_as="application",
        steps=(get_refused("/me", *refused(400), says("delegated")),),
    ),
    Expectation(
        id="me-of-a-user",
        says="/me is the user who signed in.",
        source=by.reference("Get a user"),
        needs=("User.Read",),
        signed_in_as="user",
        steps=(get("/me", Matches("id", GUID), Has("userPrincipalName", "text")),),
    ),
    Expectation(
        id="group-properties",
        says="A group has the properties that the reference names, each of its type.",
        source=by.reference("group"),
        needs=_GROUPS,
        steps=(get("/groups/{group}", Typed("", "group")),),
    ),
    Expectation(
        id="group-members",
        says="Members of a group are objects with @odata.type and id.",
        source=by.reference("List group members"),
        needs=_GROUPS,
        steps=(get("/groups/{groupWithMembers}/members", each(_OBJECT)),),
    ),
    Expectation(
        id="group-members-of-a-type",
        says="A cast to microsoft.graph.user lists the members that are users.",
        source=by.reference("List group members"),
        needs=_GROUPS,
        steps=(get("/groups/{group}/members/microsoft.graph.user?$select=id", Has("value", "list"), Lacks("error")),),
    ),
    Expectation(
        id="group-member-references",
        says="members/$ref lists addresses: objects with @odata.id.",
        source=by.ODATA_JSON,
        basis=Basis.UNVERIFIED,
        needs=_GROUPS,
        steps=(get("/groups/{groupWithMembers}/members/$ref", each(Matches("@odata.id", "^https://"))),),
    ),
    Expectation(
        id="group-owners",
        says="Owners of a group are a list.",
        source=by.reference("List group owners"),
        needs=_GROUPS,
        steps=(get("/groups/{group}/owners", Has("value", "list")),),
    ),
    Expectation(
        id="directory-devices",
        says="Devices of the directory have id and deviceId, which are different GUIDs.",
        source=by.reference("device"),
        needs=_DEVICES,
        steps=(get("/devices?$top=2", each(Both((Matches("id", GUID), Matches("deviceId", GUID))))),),
    ),
    Expectation(
        id="directory-device-properties",
        says="A device of the directory has the properties that the reference names, each of its type.",
        source=by.reference("device"),
        needs=_DEVICES,
        steps=(get("/devices/{entraDevice}", Typed("", "device")),),
    ),
    Expectation(
        id="directory-device-by-device-id",
        says="$filter=deviceId eq finds the one device.",
        source=by.reference("List devices"),
        needs=_DEVICES,
        steps=(get("/devices?$filter=deviceId eq '{entraDeviceId}'", each(equal("id", "{entraDevice}"))),),
    ),
    Expectation(
        id="directory-device-unknown",
        says="An unknown device of the directory is refused with 404 Request_ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_DEVICES,
        steps=(get_refused("/devices/{absent}", *refused(404, "Request_ResourceNotFound")),),
    ),
    Expectation(
        id="directory-device-owners",
        says="registeredOwners of a device are a list of objects with @odata.type.",
        source=by.reference("List registeredOwners"),
        needs=_DEVICES,
        steps=(get("/devices/{entraDevice}/registeredOwners", each(_OBJECT)),),
    ),
    Expectation(
        id="organization",
        says="The organization is a list of one, with its verified domains.",
        source=by.reference("Get organization"),
        needs=_ORGANIZATION,
        steps=(
            get("/organization", AtMost("value", 1), each(Both((Matches("id", GUID), Has("verifiedDomains", "list"))))),
        ),
    ),
    Expectation(
        id="domains",
        says="Domains have their name as id, and one of them is the default.",
        source=by.reference("List domains"),
        needs=(needs.READ_DOMAINS,),
        steps=(get("/domains", each(Matches("id", r"^[\w.-]+$")), some(equal("isDefault", True))),),
    ),
    Expectation(
        id="subscriptions",
        says="Subscriptions have skuId, skuPartNumber, prepaidUnits and servicePlans.",
        source=by.reference("List subscribedSkus"),
        needs=_ORGANIZATION,
        steps=(get("/subscribedSkus", Typed("value", "subscribedSku")),),
    ),
)
