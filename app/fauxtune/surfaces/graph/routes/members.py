"""What can be asked of anything that is in groups or holds members: lists, references, checks.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.fidelity import EXACT, Fidelity, approximated
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import groups

DIRECTORY_OBJECT = entity("directoryObject")

SEARCH = approximated("for $search a word begins at white space and punctuation; see the query options")
GROUPS_ALONE = approximated("groups alone: there are no directory roles and no administrative units")
AT_ONCE = approximated("gone at once, without a recycle bin")
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
    return (
        Route(
            "GET",
            template,
            groups.lists(collection),
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
            groups.counts(collection),
            f"Count {what}",
            permissions=permissions,
            source=source,
            fidelity=fidelity,
        ),
        Route(
            "GET",
            f"{template}/{{element}}",
            groups.element(collection),
            f"Get one of the {what}",
            returns=DIRECTORY_OBJECT,
            permissions=permissions,
            source=source,
            fidelity=fidelity,
        ),
    )


def references(
    template: str, collection: str, *, what: str, permissions: tuple[str, ...], source: str, fidelity: Fidelity = EXACT
) -> Route[Handler]:
    """Return the route of the references to directory objects."""
    return Route(
        "GET",
        f"{template}/$ref",
        groups.references(collection),
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
