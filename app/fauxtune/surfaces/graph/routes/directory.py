"""Users, groups, their members, and directory objects.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.entities.directory import DIRECTORY_OBJECT, GROUP, USER
from fauxtune.core.odata.paths import Route
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import groups, users
from fauxtune.surfaces.graph.routes import permissions as needs

_MEMBERS = "groups/{group}/members"

USERS: tuple[Route[Handler], ...] = (
    Route("GET", "users", users.list_users, "List users", returns=USER, many=True, permissions=needs.READ_USERS),
    Route(
        "POST",
        "users",
        users.create_user,
        "Create a user",
        accepts=USER,
        returns=USER,
        status=201,
        permissions=needs.WRITE_USERS,
    ),
    Route("GET", "users/$count", users.count_users, "Count users", permissions=needs.READ_USERS),
    Route("GET", "users/{user}", users.get_user, "Get a user", returns=USER, permissions=needs.READ_USERS),
    Route(
        "PATCH",
        "users/{user}",
        users.update_user,
        "Update a user",
        accepts=USER,
        status=204,
        permissions=needs.WRITE_USERS,
    ),
    Route("DELETE", "users/{user}", users.delete_user, "Delete a user", status=204, permissions=needs.WRITE_USERS),
    Route(
        "POST",
        "users/{user}/assignLicense",
        users.assign_license,
        "Assign licences",
        returns=USER,
        permissions=needs.WRITE_USERS,
    ),
    Route("GET", "me", users.get_me, "Get the signed-in user", returns=USER, permissions=needs.ME),
)

GROUPS: tuple[Route[Handler], ...] = (
    Route("GET", "groups", groups.list_groups, "List groups", returns=GROUP, many=True, permissions=needs.READ_GROUPS),
    Route(
        "POST",
        "groups",
        groups.create_group,
        "Create a group",
        accepts=GROUP,
        returns=GROUP,
        status=201,
        permissions=needs.WRITE_GROUPS,
    ),
    Route("GET", "groups/$count", groups.count_groups, "Count groups", permissions=needs.READ_GROUPS),
    Route("GET", "groups/{group}", groups.get_group, "Get a group", returns=GROUP, permissions=needs.READ_GROUPS),
    Route(
        "PATCH",
        "groups/{group}",
        groups.update_group,
        "Update a group",
        accepts=GROUP,
        status=204,
        permissions=needs.WRITE_GROUPS,
    ),
    Route(
        "DELETE", "groups/{group}", groups.delete_group, "Delete a group", status=204, permissions=needs.WRITE_GROUPS
    ),
    Route(
        "GET",
        _MEMBERS,
        groups.list_members,
        "List direct members",
        returns=DIRECTORY_OBJECT,
        many=True,
        permissions=needs.READ_GROUPS,
    ),
    Route("GET", f"{_MEMBERS}/$ref", groups.list_member_references, "List references", permissions=needs.READ_GROUPS),
    Route("POST", f"{_MEMBERS}/$ref", groups.add_member, "Add a member", status=204, permissions=needs.WRITE_MEMBERS),
    Route(
        "DELETE",
        f"{_MEMBERS}/$ref",
        groups.remove_member,
        "Remove a member named by @id",
        status=204,
        permissions=needs.WRITE_MEMBERS,
    ),
    Route(
        "DELETE",
        f"{_MEMBERS}/{{member}}/$ref",
        groups.remove_member,
        "Remove a member",
        status=204,
        permissions=needs.WRITE_MEMBERS,
    ),
)

DIRECTORY: tuple[Route[Handler], ...] = (*USERS, *GROUPS)
