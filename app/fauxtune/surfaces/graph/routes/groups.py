"""Groups, their members and owners; lists, references and checks of anything that is in groups or holds members.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, Fidelity, approximated
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import groups
from fauxtune.surfaces.graph.routes.collections import read_collection
from fauxtune.surfaces.graph.routes.families import routes_of_own

DIRECTORY_OBJECT = entity("directoryObject")

GROUPS_ALONE = approximated("only groups: there are no directory roles and no administrative units")
ONE_OWNER = approximated("a user's devices are those that the user enrolled")


def lists(
    template: str,
    collection: str,
    *,
    what: str,
    permissions: tuple[str, ...],
    source: str,
    fidelity: Fidelity = EXACT,
) -> tuple[Route[Handler], ...]:
    """Return the routes of a navigation to directory objects: list, count, and one element."""
    return read_collection(
        template,
        groups.Objects(collection),
        summaries=(f"List {what}", f"Count {what}", f"Get one of the {what}"),
        returns=DIRECTORY_OBJECT,
        permissions=permissions,
        source=source,
        fidelity=fidelity,
        fidelity_of_count=fidelity,
    )


def references(
    template: str, collection: str, *, what: str, permissions: tuple[str, ...], source: str, fidelity: Fidelity = EXACT
) -> Route[Handler]:
    """Return the route of the references to directory objects."""
    return Route(
        "GET",
        f"{template}/$ref",
        groups.Objects(collection).references,
        f"List references to {what}",
        permissions=permissions,
        source=source,
        fidelity=fidelity,
    )


def checks(one: str, *, permissions: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    """Return the routes of checks on the memberships of an object."""
    actions: tuple[tuple[str, Handler, str, Fidelity], ...] = (
        ("checkMemberGroups", groups.check_member_groups, "Which of these groups hold it", EXACT),
        ("checkMemberObjects", groups.check_member_objects, "Which of these objects hold it", GROUPS_ALONE),
        ("getMemberGroups", groups.get_member_groups, "Ids of the groups that hold it, nested ones too", EXACT),
        ("getMemberObjects", groups.get_member_groups, "Ids of what holds it, nested groups too", GROUPS_ALONE),
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


def of_member(one: str, *, kind: str, permissions: tuple[str, ...]) -> tuple[Route[Handler], ...]:
    """Return the routes of checks, and of the groups that hold the object."""
    return (
        *checks(one, permissions=permissions),
        *lists(
            f"{one}/memberOf",
            "memberOf",
            what=f"groups that hold the {kind}",
            permissions=permissions,
            source=f"Graph: {kind}: list memberOf",
            fidelity=GROUPS_ALONE,
        ),
        *lists(
            f"{one}/transitiveMemberOf",
            "transitiveMemberOf",
            what=f"groups that hold the {kind}, nested ones too",
            permissions=permissions,
            source=f"Graph: {kind}: list transitiveMemberOf",
            fidelity=GROUPS_ALONE,
        ),
    )


GROUP = entity("group")

_USERS_ALONE = approximated("only users: there are no service principals")


_ONE_GROUP = "groups/{group}"
_MEMBERS, _OWNERS = f"{_ONE_GROUP}/members", f"{_ONE_GROUP}/owners"
GROUPS: tuple[Route[Handler], ...] = (
    *routes_of_own(groups.GROUPS_OF_TENANT),
    *lists(
        _MEMBERS,
        "members",
        what="direct members",
        permissions=needs.READ_GROUPS,
        source="Graph: group: list members",
        fidelity=groups.DYNAMIC,
    ),
    references(
        _MEMBERS,
        "members",
        what="members",
        permissions=needs.READ_GROUPS,
        source="Graph: group: list members",
        fidelity=groups.DYNAMIC,
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
    *lists(
        f"{_ONE_GROUP}/transitiveMembers",
        "transitiveMembers",
        what="members, nested ones too",
        permissions=needs.READ_GROUPS,
        source="Graph: group: list transitiveMembers",
        fidelity=groups.DYNAMIC,
    ),
    *lists(_OWNERS, "owners", what="owners", permissions=needs.READ_GROUPS, source="Graph: group: list owners"),
    references(_OWNERS, "owners", what="owners", permissions=needs.READ_GROUPS, source="Graph: group: list owners"),
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
    *of_member(_ONE_GROUP, kind="group", permissions=needs.READ_GROUPS),
)
