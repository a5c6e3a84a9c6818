"""Users, groups, memberships, Entra devices, directory objects, and what the tenant says of itself.

#: data
"""

from __future__ import annotations

from fauxtune.core.errors import NotEmulated
from fauxtune.core.odata.entities.directory import (
    DEVICE,
    DIRECTORY_OBJECT,
    DOMAIN,
    GROUP,
    LICENSE_DETAILS,
    ORGANIZATION,
    SUBSCRIBED_SKU,
    USER,
)
from fauxtune.core.odata.fidelity import EXACT, Fidelity, approximated, refused, stored
from fauxtune.core.odata.paths import Route
from fauxtune.surfaces.graph.call import Answer, Call, Handler
from fauxtune.surfaces.graph.resources import (
    directory_devices,
    directory_objects,
    groups,
    memberships,
    organization,
    subscribed_skus,
    users,
)
from fauxtune.surfaces.graph.routes import permissions as needs

_SEARCH = approximated("for $search a word begins at white space and punctuation; see the query options")
_DYNAMIC = approximated("the rule of a dynamic group is kept and not evaluated: such a group has no members")
_LICENSES = approximated("a usageLocation is not asked for, and licences do not run out")
_SESSIONS = approximated("refresh tokens end at once; access tokens live to their end")
_BARE = approximated("a device without management is made at once; the real service asks for a signed-in user")
_PASSWORD = approximated("every new password will do")
_GROUPS_ALONE = approximated("groups alone: there are no directory roles and no administrative units")
_USERS_ALONE = approximated("users alone: there are no service principals")
_OBJECTS_ALONE = approximated("users, groups and devices: there are no other kinds")
_AT_ONCE = approximated("gone at once, without a recycle bin")
_UPDATED = approximated("assignedLicenses can be written, which the real service leaves to assignLicense")
_ONE_PRODUCT = approximated("one product, Intune Plan 1, of which there is a million")
_ONE_OWNER = approximated("a user's devices are those that the user enrolled")
_GONE = "Deleted users and groups are gone at once: there is no recycle bin here."


def _lists(
    template: str,
    collection: str,
    *,
    what: str,
    permissions: tuple[str, ...],
    source: str,
    fidelity: Fidelity = EXACT,
) -> tuple[Route[Handler], ...]:
    """A navigation to directory objects, how many there are, and one of them."""
    return (
        Route(
            "GET",
            template,
            memberships.lists(collection),
            f"List {what}",
            returns=DIRECTORY_OBJECT,
            many=True,
            permissions=permissions,
            source=source,
            fidelity=fidelity,
        ),
        Route(
            "GET",
            f"{template}/$count",
            memberships.counts(collection),
            f"Count {what}",
            permissions=permissions,
            source=source,
            fidelity=fidelity,
        ),
        Route(
            "GET",
            f"{template}/{{element}}",
            memberships.element(collection),
            f"Get one of the {what}",
            returns=DIRECTORY_OBJECT,
            permissions=permissions,
            source=source,
            fidelity=fidelity,
        ),
    )


def _references(
    template: str, collection: str, *, what: str, permissions: tuple[str, ...], source: str, fidelity: Fidelity = EXACT
) -> Route[Handler]:
    """References to directory objects in place of the objects."""
    return Route(
        "GET",
        f"{template}/$ref",
        memberships.references(collection),
        f"List references to {what}",
        permissions=permissions,
        source=source,
        fidelity=fidelity,
    )


def _by_ids(collection: str) -> Route[Handler]:
    """Bound to any collection of directory objects, it gives whatever has the ids."""
    return Route(
        "POST",
        f"{collection}/getByIds",
        directory_objects.get_by_ids,
        "Get directory objects by their ids",
        returns=DIRECTORY_OBJECT,
        many=True,
        permissions=needs.READ_OBJECTS,
        source="Graph: directoryObject: getByIds",
        fidelity=_OBJECTS_ALONE,
    )


def _checks(one: str, *, permissions: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    """What can be asked of anything that can be in a group."""
    actions: tuple[tuple[str, Handler, str, Fidelity], ...] = (
        ("checkMemberGroups", memberships.check_member_groups, "Which of these groups hold it", EXACT),
        ("checkMemberObjects", memberships.check_member_objects, "Which of these objects hold it", _GROUPS_ALONE),
        ("getMemberGroups", memberships.get_member_groups, "Ids of the groups that hold it, nested ones too", EXACT),
        ("getMemberObjects", memberships.get_member_groups, "Ids of what holds it, nested groups too", _GROUPS_ALONE),
    )
    return tuple(
        Route(
            "POST",
            f"{one}/{name}",
            handler,
            summary,
            permissions=permissions,
            source=f"Graph: directoryObject: {name}",
            fidelity=fidelity,
        )
        for name, handler, summary, fidelity in actions
    )


def _of_member(one: str, *, kind: str, permissions: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    """The same, and the groups that hold it."""
    return (
        *_checks(one, permissions=permissions),
        *_lists(
            f"{one}/memberOf",
            "memberOf",
            what=f"groups that hold the {kind}",
            permissions=permissions,
            source=f"Graph: {kind}: list memberOf",
            fidelity=_GROUPS_ALONE,
        ),
        *_lists(
            f"{one}/transitiveMemberOf",
            "transitiveMemberOf",
            what=f"groups that hold the {kind}, nested ones too",
            permissions=permissions,
            source=f"Graph: {kind}: list transitiveMemberOf",
            fidelity=_GROUPS_ALONE,
        ),
    )


def _of_user(one: str, *, read: tuple[str, ...], write: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    """What is below a user, and below `/me`."""
    return (
        *_of_member(one, kind="user", permissions=read),
        *_lists(
            f"{one}/ownedDevices",
            "devicesOfUser",
            what="Entra devices of a user",
            permissions=read,
            source="Graph: user: list ownedDevices",
            fidelity=_ONE_OWNER,
        ),
        *_lists(
            f"{one}/registeredDevices",
            "devicesOfUser",
            what="Entra devices of a user",
            permissions=read,
            source="Graph: user: list registeredDevices",
            fidelity=_ONE_OWNER,
        ),
        *_lists(
            f"{one}/directReports",
            "directReports",
            what="users whose manager this is",
            permissions=read,
            source="Graph: user: list directReports",
        ),
        *_of_user_alone(one, read=read, write=write),
    )


def _of_user_alone(one: str, *, read: tuple[str, ...], write: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    """What no other kind of directory object has."""
    return (
        *_licences(one, read=read),
        *_manager(one, read=read, write=write),
        Route(
            "POST",
            f"{one}/assignLicense",
            users.assign_license,
            "Assign licences",
            returns=USER,
            permissions=write,
            source="Graph: user: assignLicense",
            fidelity=_LICENSES,
        ),
        Route(
            "POST",
            f"{one}/revokeSignInSessions",
            users.revoke_sign_in_sessions,
            "End a user's sessions",
            permissions=write,
            source="Graph: user: revokeSignInSessions",
            fidelity=_SESSIONS,
        ),
    )


def _licences(one: str, *, read: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    return (
        Route(
            "GET",
            f"{one}/licenseDetails",
            users.list_license_details,
            "List a user's licences",
            returns=LICENSE_DETAILS,
            many=True,
            permissions=read,
            source="Graph: user: list licenseDetails",
        ),
        Route(
            "GET",
            f"{one}/licenseDetails/$count",
            users.count_license_details,
            "Count a user's licences",
            permissions=read,
            source="Graph: user: list licenseDetails",
        ),
        Route(
            "GET",
            f"{one}/licenseDetails/{{license}}",
            users.get_license_details,
            "Get one of a user's licences",
            returns=LICENSE_DETAILS,
            permissions=read,
            source="Graph: user: list licenseDetails",
        ),
    )


def _manager(one: str, *, read: tuple[str, ...], write: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    return (
        Route(
            "GET",
            f"{one}/manager",
            memberships.get_manager,
            "Get a user's manager",
            returns=DIRECTORY_OBJECT,
            permissions=read,
            source="Graph: user: list manager",
        ),
        Route(
            "GET",
            f"{one}/manager/$ref",
            memberships.get_manager_reference,
            "Get the reference to a user's manager",
            permissions=read,
            source="Graph: user: list manager",
        ),
        Route(
            "PUT",
            f"{one}/manager/$ref",
            users.set_manager,
            "Assign a manager",
            status=204,
            permissions=write,
            source="Graph: user: assign manager",
        ),
        Route(
            "DELETE",
            f"{one}/manager/$ref",
            users.remove_manager,
            "Remove the manager",
            status=204,
            permissions=write,
            source="Graph: user: remove manager",
        ),
    )


_ONE_USER = "users/{user}"
USERS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        "users",
        users.list_users,
        "List users",
        returns=USER,
        many=True,
        permissions=needs.READ_USERS,
        source="Graph: user: list",
        fidelity=_SEARCH,
    ),
    Route(
        "POST",
        "users",
        users.create_user,
        "Create a user",
        accepts=USER,
        returns=USER,
        status=201,
        permissions=needs.WRITE_USERS,
        source="Graph: user: create",
        fidelity=approximated("licences may be given at once, and the name's domain need not be the tenant's"),
    ),
    Route(
        "GET",
        "users/$count",
        users.count_users,
        "Count users",
        permissions=needs.READ_USERS,
        source="Graph: user: list",
        fidelity=_SEARCH,
    ),
    Route(
        "GET",
        _ONE_USER,
        users.get_user,
        "Get a user",
        returns=USER,
        permissions=needs.READ_USERS,
        source="Graph: user: get",
    ),
    Route(
        "PATCH",
        _ONE_USER,
        users.update_user,
        "Update a user",
        accepts=USER,
        status=204,
        permissions=needs.WRITE_USERS,
        source="Graph: user: update",
        fidelity=_UPDATED,
    ),
    Route(
        "DELETE",
        _ONE_USER,
        users.delete_user,
        "Delete a user",
        status=204,
        permissions=needs.WRITE_USERS,
        source="Graph: user: delete",
        fidelity=_AT_ONCE,
    ),
    *_of_user(_ONE_USER, read=needs.READ_USERS, write=needs.WRITE_USERS),
    Route(
        "GET",
        "me",
        users.get_user,
        "Get the signed-in user",
        returns=USER,
        permissions=needs.ME,
        source="Graph: user: get",
    ),
    Route(
        "PATCH",
        "me",
        users.update_user,
        "Update the signed-in user",
        accepts=USER,
        status=204,
        permissions=needs.WRITE_USERS,
        source="Graph: user: update",
        fidelity=_UPDATED,
    ),
    Route(
        "POST",
        "me/changePassword",
        users.change_password,
        "Change the signed-in user's password",
        status=204,
        permissions=needs.WRITE_USERS,
        source="Graph: user: changePassword",
        fidelity=_PASSWORD,
    ),
    *_of_user("me", read=needs.ME, write=needs.WRITE_USERS),
)

_ONE_GROUP = "groups/{group}"
_MEMBERS, _OWNERS = f"{_ONE_GROUP}/members", f"{_ONE_GROUP}/owners"
GROUPS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        "groups",
        groups.list_groups,
        "List groups",
        returns=GROUP,
        many=True,
        permissions=needs.READ_GROUPS,
        source="Graph: group: list",
        fidelity=_SEARCH,
    ),
    Route(
        "POST",
        "groups",
        groups.create_group,
        "Create a group",
        accepts=GROUP,
        returns=GROUP,
        status=201,
        permissions=needs.WRITE_GROUPS,
        source="Graph: group: create",
        fidelity=_DYNAMIC,
    ),
    Route(
        "GET",
        "groups/$count",
        groups.count_groups,
        "Count groups",
        permissions=needs.READ_GROUPS,
        source="Graph: group: list",
        fidelity=_SEARCH,
    ),
    Route(
        "GET",
        _ONE_GROUP,
        groups.get_group,
        "Get a group",
        returns=GROUP,
        permissions=needs.READ_GROUPS,
        source="Graph: group: get",
    ),
    Route(
        "PATCH",
        _ONE_GROUP,
        groups.update_group,
        "Update a group",
        accepts=GROUP,
        status=204,
        permissions=needs.WRITE_GROUPS,
        source="Graph: group: update",
        fidelity=_DYNAMIC,
    ),
    Route(
        "DELETE",
        _ONE_GROUP,
        groups.delete_group,
        "Delete a group",
        status=204,
        permissions=needs.WRITE_GROUPS,
        source="Graph: group: delete",
        fidelity=_AT_ONCE,
    ),
    *_lists(
        _MEMBERS,
        "members",
        what="direct members",
        permissions=needs.READ_GROUPS,
        source="Graph: group: list members",
        fidelity=_DYNAMIC,
    ),
    _references(
        _MEMBERS,
        "members",
        what="members",
        permissions=needs.READ_GROUPS,
        source="Graph: group: list members",
        fidelity=_DYNAMIC,
    ),
    Route(
        "POST",
        f"{_MEMBERS}/$ref",
        groups.add_member,
        "Add a member",
        status=204,
        permissions=needs.WRITE_MEMBERS,
        source="Graph: group: add members",
    ),
    Route(
        "DELETE",
        f"{_MEMBERS}/$ref",
        groups.remove_member,
        "Remove a member named by @id",
        status=204,
        permissions=needs.WRITE_MEMBERS,
        source="Graph: group: remove member",
    ),
    Route(
        "DELETE",
        f"{_MEMBERS}/{{member}}/$ref",
        groups.remove_member,
        "Remove a member",
        status=204,
        permissions=needs.WRITE_MEMBERS,
        source="Graph: group: remove member",
    ),
    *_lists(
        f"{_ONE_GROUP}/transitiveMembers",
        "transitiveMembers",
        what="members, nested ones too",
        permissions=needs.READ_GROUPS,
        source="Graph: group: list transitiveMembers",
        fidelity=_DYNAMIC,
    ),
    *_lists(_OWNERS, "owners", what="owners", permissions=needs.READ_GROUPS, source="Graph: group: list owners"),
    _references(_OWNERS, "owners", what="owners", permissions=needs.READ_GROUPS, source="Graph: group: list owners"),
    Route(
        "POST",
        f"{_OWNERS}/$ref",
        groups.add_owner,
        "Add an owner",
        status=204,
        permissions=needs.WRITE_GROUPS,
        source="Graph: group: add owners",
        fidelity=_USERS_ALONE,
    ),
    Route(
        "DELETE",
        f"{_OWNERS}/$ref",
        groups.remove_owner,
        "Remove an owner named by @id",
        status=204,
        permissions=needs.WRITE_GROUPS,
        source="Graph: group: remove owners",
    ),
    Route(
        "DELETE",
        f"{_OWNERS}/{{owner}}/$ref",
        groups.remove_owner,
        "Remove an owner",
        status=204,
        permissions=needs.WRITE_GROUPS,
        source="Graph: group: remove owners",
    ),
    *_of_member(_ONE_GROUP, kind="group", permissions=needs.READ_GROUPS),
)

_ONE_DEVICE = "devices/{device}"
DEVICES: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        "devices",
        directory_devices.list_devices,
        "List Entra devices",
        returns=DEVICE,
        many=True,
        permissions=needs.READ_DEVICES,
        source="Graph: device: list",
        fidelity=_SEARCH,
    ),
    Route(
        "POST",
        "devices",
        directory_devices.create_device,
        "Create an Entra device",
        accepts=DEVICE,
        returns=DEVICE,
        status=201,
        permissions=needs.WRITE_DEVICES,
        source="Graph: device: create",
        fidelity=_BARE,
    ),
    Route(
        "GET",
        "devices/$count",
        directory_devices.count_devices,
        "Count Entra devices",
        permissions=needs.READ_DEVICES,
        source="Graph: device: list",
        fidelity=_SEARCH,
    ),
    Route(
        "GET",
        _ONE_DEVICE,
        directory_devices.get_device,
        "Get an Entra device",
        returns=DEVICE,
        permissions=needs.READ_DEVICES,
        source="Graph: device: get",
    ),
    Route(
        "PATCH",
        _ONE_DEVICE,
        directory_devices.update_device,
        "Update an Entra device",
        accepts=DEVICE,
        status=204,
        permissions=needs.WRITE_DEVICES,
        source="Graph: device: update",
        fidelity=stored("a disabled device may go on checking in"),
    ),
    Route(
        "DELETE",
        _ONE_DEVICE,
        directory_devices.delete_device,
        "Delete an Entra device; a managed one stays managed",
        status=204,
        permissions=needs.WRITE_DEVICES,
        source="Graph: device: delete",
    ),
    *_of_member(_ONE_DEVICE, kind="device", permissions=needs.READ_DEVICES),
    *_lists(
        f"{_ONE_DEVICE}/registeredOwners",
        "usersOfDevice",
        what="whose the device is",
        permissions=needs.READ_DEVICES,
        source="Graph: device: list registeredOwners",
        fidelity=_ONE_OWNER,
    ),
    _references(
        f"{_ONE_DEVICE}/registeredOwners",
        "usersOfDevice",
        what="whose the device is",
        permissions=needs.READ_DEVICES,
        source="Graph: device: list registeredOwners",
        fidelity=_ONE_OWNER,
    ),
    *_lists(
        f"{_ONE_DEVICE}/registeredUsers",
        "usersOfDevice",
        what="who uses the device",
        permissions=needs.READ_DEVICES,
        source="Graph: device: list registeredUsers",
        fidelity=_ONE_OWNER,
    ),
    _references(
        f"{_ONE_DEVICE}/registeredUsers",
        "usersOfDevice",
        what="who uses the device",
        permissions=needs.READ_DEVICES,
        source="Graph: device: list registeredUsers",
        fidelity=_ONE_OWNER,
    ),
)

_ONE_OBJECT = "directoryObjects/{object}"
OBJECTS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        _ONE_OBJECT,
        directory_objects.get_object,
        "Get any directory object",
        returns=DIRECTORY_OBJECT,
        permissions=needs.READ_OBJECTS,
        source="Graph: directoryObject: get",
    ),
    Route(
        "DELETE",
        _ONE_OBJECT,
        directory_objects.delete_object,
        "Delete any directory object",
        status=204,
        permissions=needs.WRITE_OBJECTS,
        source="Graph: directoryObject: delete",
        fidelity=_AT_ONCE,
    ),
    *(_by_ids(collection) for collection in ("directoryObjects", "users", "groups", "devices", "organization")),
    *_checks(_ONE_OBJECT, permissions=needs.READ_OBJECTS),
)

_LESS = approximated("one domain, no plans and no contacts")
ORGANIZATIONS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        "organization",
        organization.list_organizations,
        "The organisation",
        returns=ORGANIZATION,
        many=True,
        permissions=needs.READ_ORGANIZATION,
        source="Graph: organization: list",
        fidelity=_LESS,
    ),
    Route(
        "GET",
        "organization/$count",
        organization.count_organizations,
        "Count the organisations: one",
        permissions=needs.READ_ORGANIZATION,
        source="Graph: organization: list",
        fidelity=_LESS,
    ),
    Route(
        "GET",
        "organization/{organization}",
        organization.get_organization,
        "Get the organisation",
        returns=ORGANIZATION,
        permissions=needs.READ_ORGANIZATION,
        source="Graph: organization: get",
        fidelity=_LESS,
    ),
    Route(
        "GET",
        "domains",
        organization.list_domains,
        "List domains",
        returns=DOMAIN,
        many=True,
        permissions=needs.READ_DOMAINS,
        source="Graph: domain: list",
        fidelity=_LESS,
    ),
    Route(
        "GET",
        "domains/$count",
        organization.count_domains,
        "Count the domains: one",
        permissions=needs.READ_DOMAINS,
        source="Graph: domain: list",
        fidelity=_LESS,
    ),
    Route(
        "GET",
        "domains/{domain}",
        organization.get_domain,
        "Get a domain",
        returns=DOMAIN,
        permissions=needs.READ_DOMAINS,
        source="Graph: domain: get",
        fidelity=_LESS,
    ),
    Route(
        "GET",
        "subscribedSkus",
        subscribed_skus.list_skus,
        "List the tenant's licences",
        returns=SUBSCRIBED_SKU,
        many=True,
        permissions=needs.READ_LICENSES,
        source="Graph: subscribedSku: list",
        fidelity=_ONE_PRODUCT,
    ),
    Route(
        "GET",
        "subscribedSkus/{sku}",
        subscribed_skus.get_sku,
        "Get a licence of the tenant",
        returns=SUBSCRIBED_SKU,
        permissions=needs.READ_LICENSES,
        source="Graph: subscribedSku: get",
        fidelity=_ONE_PRODUCT,
    ),
)


async def _no_recycle_bin(_call: Call) -> Answer:
    raise NotEmulated(f"{_GONE} See docs/coverage.md.")


async def _no_delta(call: Call) -> Answer:
    raise NotEmulated(f"{call.path} is not emulated: changes are not tracked (see docs/coverage.md).")


def _delta(collection: str) -> Route[Handler]:
    why = refused("changes are not tracked")
    return Route("GET", f"{collection}/delta", _no_delta, f"Changes of {collection}", status=501, fidelity=why)


REFUSED: tuple[Route[Handler], ...] = (
    _delta("users"),
    _delta("groups"),
    _delta("devices"),
    _delta("directoryObjects"),
    _delta("organization"),
    Route("GET", "directory/deletedItems", _no_recycle_bin, "Deleted objects", status=501, fidelity=refused(_GONE)),
    Route(
        "GET",
        "directory/deletedItems/{object}",
        _no_recycle_bin,
        "Get a deleted object",
        status=501,
        fidelity=refused(_GONE),
    ),
    Route(
        "DELETE",
        "directory/deletedItems/{object}",
        _no_recycle_bin,
        "Delete for good",
        status=501,
        fidelity=refused(_GONE),
    ),
    Route(
        "POST",
        "directory/deletedItems/{object}/restore",
        _no_recycle_bin,
        "Restore a deleted object",
        status=501,
        fidelity=refused(_GONE),
    ),
)

DIRECTORY: tuple[Route[Handler], ...] = (*USERS, *GROUPS, *DEVICES, *OBJECTS, *ORGANIZATIONS, *REFUSED)
