"""Groups; and the lists of members, owners and groups that any object of the directory has.

Graph: group; members/$ref and owners/$ref; list members, transitiveMembers, owners, memberOf, transitiveMemberOf,
and one of each; checkMemberGroups, getMemberGroups, checkMemberObjects, getMemberObjects.

The path names the object whose lists are asked for: a user, `/me`, a group, an Entra device, or any directory object.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.references import KINDS, binds, reference_id
from fauxtune.core.graph.search import Searchable
from fauxtune.core.model.ids import GroupId
from fauxtune.core.odata.query.expressions import IsOf
from fauxtune.core.odata.schema.types import EXACT, Fidelity, approximated
from fauxtune.operations.directory import users_and_groups
from fauxtune.storage.collections.directory import GROUPS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.storage.queries import directory as queries
from fauxtune.storage.rows.directory import DirectoryObjectRow, GroupRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import Identified, Listed, count_rows, list_rows
from fauxtune.surfaces.graph.resources.directory_objects import (
    AT_ONCE,
    SEARCH,
    DirectoryFamily,
    device_row,
    mixed,
    reference,
    shape,
    texts,
)
from fauxtune.surfaces.graph.resources.own_family import Accepted
from fauxtune.surfaces.graph.resources.users import OF_USER, key_of

GROUP = entity("group")
DYNAMIC = approximated("of rules of dynamic groups those about Autopilot devices are evaluated; others name nobody")

_EXPANDABLE = ("members", "transitivemembers", "owners", "memberof", "transitivememberof")
_REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
_MOST_BOUND = 20


@dataclass(frozen=True)
class _Groups(DirectoryFamily[GroupRow]):
    """Groups: members@odata.bind and owners@odata.bind of a body, also of a PATCH, add to who is there."""

    def accepted(self, call: Call, body: Json, *, partial: bool) -> Accepted:
        """The document, and the ids of those who are added."""
        document, _ = super().accepted(call, body, partial=partial)
        return document, {"member_ids": _bound(body, "members"), "owner_ids": _bound(body, "owners")}


def _found(connection: Connection, call: Call) -> GroupRow | None:
    return queries.group(connection, call.tenant.id, group_id=GroupId(call.keys["group"].lower()))


GROUPS_OF_TENANT = _Groups(
    "groups",
    "group",
    "a group",
    GROUPS,
    key="group",
    read=needs.READ_GROUPS,
    write=needs.WRITE_GROUPS,
    created_by=users_and_groups.create_group,
    changed_by=users_and_groups.update_group,
    deleted_by=users_and_groups.delete_group,
    found_by=_found,
    required=_REQUIRED,
    expandable=_EXPANDABLE,
    searchable=Searchable(words=("displayName", "description"), beginnings=("mail", "mailNickname")),
    fidelities={
        **dict.fromkeys(("list", "count"), SEARCH),
        **dict.fromkeys(("create", "update"), DYNAMIC),
        "delete": AT_ONCE,
    },
)

OF_GROUP = Routes("groups/{group}", source="Graph: group: {verb}", read=needs.READ_GROUPS, write=needs.WRITE_GROUPS)
OF_DEVICE = Routes("devices/{device}", source="Graph: device: {verb}", read=needs.READ_DEVICES)
OF_OBJECT = Routes("directoryObjects/{object}", source="Graph: directoryObject: {verb}", read=needs.READ_OBJECTS)
_GROUPS_ONLY = approximated("only groups: there are no directory roles and no administrative units")
_ONE_OWNER = approximated("a user's devices are those that the user enrolled")


@OF_GROUP.action("/members/$ref", status=204, permissions=needs.WRITE_MEMBERS, source="Graph: group: add members")
async def add_member(call: Call) -> Answer:
    """Add a member.

    The body is {"@odata.id": url}; only the id in it matters.
    """
    await call.run(users_and_groups.add_member, call.keys["group"], member_id=call.reference(to="directoryObject"))
    return NO_CONTENT


@OF_GROUP.delete("/members/{member}/$ref", permissions=needs.WRITE_MEMBERS, source="Graph: group: remove member")
@OF_GROUP.delete(
    "/members/$ref",
    summary="Remove a member named by @id",
    permissions=needs.WRITE_MEMBERS,
    source="Graph: group: remove member",
)
async def remove_member(call: Call) -> Answer:
    """Remove a member.

    The path names it, or `?@id=url`.
    """
    member = call.keys.get("member") or reference_id(call.query.other("@id") or "")
    await call.run(users_and_groups.remove_member, call.keys["group"], member_id=member)
    return NO_CONTENT


@OF_GROUP.action(
    "/owners/$ref",
    status=204,
    source="Graph: group: add owners",
    fidelity=approximated("only users: there are no service principals"),
)
async def add_owner(call: Call) -> Answer:
    """Add an owner.

    The body is {"@odata.id": url}.
    """
    await call.run(users_and_groups.add_owner, call.keys["group"], owner_id=call.reference(to="user"))
    return NO_CONTENT


@OF_GROUP.delete("/owners/{owner}/$ref", source="Graph: group: remove owners")
@OF_GROUP.delete("/owners/$ref", summary="Remove an owner named by @id", source="Graph: group: remove owners")
async def remove_owner(call: Call) -> Answer:
    """Remove an owner.

    The path names it, or `?@id=url`.
    """
    owner = call.keys.get("owner") or reference_id(call.query.other("@id") or "")
    await call.run(users_and_groups.remove_owner, call.keys["group"], owner_id=owner)
    return NO_CONTENT


def _bound(body: dict[str, Any], name: str) -> tuple[str, ...]:
    references = binds(GROUP, body).get(name, [])
    if len(references) > _MOST_BOUND:
        raise Invalid(f"{name}@odata.bind takes {_MOST_BOUND} references at most.", target=f"{name}@odata.bind")
    return tuple(references)


R = TypeVar("R")

#: Graph: directoryObject: checkMemberGroups.
_MOST_CHECKED = 20
_SINGULAR = ("user", "group", "device", "object")


@dataclass(frozen=True, slots=True)
class Objects:
    """The directory objects that a navigation leads to, as a list, also with a cast."""

    navigation: str
    key: str = "element"

    async def every(self, call: Call) -> Answer:
        """GET .../{navigation}."""
        listed = _cast(call, mixed(self.navigation))
        return await list_rows(call, listed, parent=await owner_id(call))

    async def count(self, call: Call) -> Answer:
        """GET .../{navigation}/$count."""
        listed = _cast(call, mixed(self.navigation))
        return await count_rows(call, listed, parent=await owner_id(call))

    async def get(self, call: Call) -> Answer:
        """GET .../{navigation}/{element}: NotFound for what is not in this list, or of another kind."""
        listed = _cast(call, mixed(self.navigation))
        check_options(call, listed.entity)
        key = call.keys[self.key]
        parent = await owner_id(call)
        row = await call.read(
            lambda connection: collections.element(
                connection, call.tenant.id, collection=listed.collection, key=key, parent=parent
            )
        )
        if row is None or (call.cast is not None and row.kind != listed.entity.name):
            raise users_and_groups.missing(key)
        return entity_answer(call, shape(call, row), context=listed.context)

    async def references(self, call: Call) -> Answer:
        """GET .../{navigation}/$ref."""
        listed = replace(mixed(self.navigation), shape=reference, context="Collection($ref)")
        return await list_rows(call, listed, parent=await owner_id(call))


@OF_USER.get("/manager", returns=entity("directoryObject"), source="Graph: user: list manager", fidelity=EXACT)
async def get_manager(call: Call) -> Answer:
    """Get a user's manager.

    404 for a user without one.
    """
    return entity_answer(call, shape(call, await _manager(call)), context="directoryObjects")


@OF_USER.get("/manager/$ref", source="Graph: user: list manager")
async def get_manager_reference(call: Call) -> Answer:
    """Get the reference to a user's manager."""
    manager = reference(call, await _manager(call))
    return Answer(200, {"@odata.context": call.context("$ref"), **manager})


async def _manager(call: Call) -> DirectoryObjectRow:
    key = key_of(call)
    user = await call.read(queries.user_by_key, call.tenant.id, key=key)
    if user is None:
        raise users_and_groups.missing(key)
    manager_id = user.manager_id or "manager"
    manager = await call.read(queries.directory_object, call.tenant.id, object_id=manager_id)
    if manager is None:
        raise users_and_groups.missing("manager")
    return manager


async def _check_member_groups(call: Call) -> Answer:
    return await _checked(call, "groupIds")


async def _check_member_objects(call: Call) -> Answer:
    return await _checked(call, "ids")


async def _get_member_groups(call: Call) -> Answer:
    body = call.body()
    only = body.get("securityEnabledOnly")
    if only is not None and not isinstance(only, bool):
        raise Invalid("securityEnabledOnly must be true or false.", target="securityEnabledOnly")
    return await _memberships(call, security_only=bool(only))


async def owner_id(call: Call) -> str:
    """Return the id of the object that the path names. Raises NotFound if it does not exist."""
    kind, key = _named(call)
    row = await _look_up(call, kind, key=key)
    if row is None:
        raise users_and_groups.missing(key)
    return str(row.id)


def _named(call: Call) -> tuple[str, str]:
    for kind in _SINGULAR:
        if kind in call.keys:
            return kind, call.keys[kind]
    return "user", key_of(call)


async def _look_up(call: Call, kind: str, *, key: str) -> Identified | None:
    read, tenant_id = call.emulator.runner.read, call.tenant.id
    if kind == "user":
        return await read(queries.user_by_key, tenant_id, key=key)
    if kind == "group":
        return await read(queries.group, tenant_id, group_id=GroupId(key.lower()))
    if kind == "device":
        return await read(device_row, call)
    return await read(queries.directory_object, tenant_id, object_id=key.lower())


async def _checked(call: Call, name: str) -> Answer:
    return await _memberships(call, among=texts(call.body(), name, most=_MOST_CHECKED))


async def _memberships(call: Call, *, among: list[str] | None = None, security_only: bool = False) -> Answer:
    group_ids = await call.read(
        queries.memberships,
        call.tenant.id,
        member_id=await owner_id(call),
        among=among,
        security_only=security_only,
    )
    document: Json = {"@odata.context": call.context("Collection(Edm.String)"), "value": group_ids}
    return Answer(200, document)


def _cast(call: Call, listed: Listed[R]) -> Listed[R]:
    """Narrow the list to the kind that the cast names, with only that kind's properties. Raises Invalid for a type
    that is in no list.
    """
    if call.cast is None:
        return listed
    kind = KINDS.get(call.cast.lower())
    if kind is None:
        raise Invalid(f"The list cannot hold 'microsoft.graph.{call.cast}'; it can hold {', '.join(KINDS)}.")
    return replace(listed, entity=kind, narrowed=IsOf((kind.name,)))


def _checks(routes: Routes, permissions: tuple[str, ...]) -> None:
    """Declare the checks on the memberships of an object: groups are all that holds anything here."""
    for name, handler, summary, fidelity in (
        ("checkMemberGroups", _check_member_groups, "Which of these groups hold it", EXACT),
        ("checkMemberObjects", _check_member_objects, "Which of these objects hold it", _GROUPS_ONLY),
        ("getMemberGroups", _get_member_groups, "Ids of the groups that hold it, nested ones too", EXACT),
        ("getMemberObjects", _get_member_groups, "Ids of what holds it, nested groups too", _GROUPS_ONLY),
    ):
        routes.action(
            f"/{name}",
            summary=summary,
            permissions=permissions,
            source=f"Graph: directoryObject: {name}",
            fidelity=fidelity,
        )(handler)


def _lists(
    routes: Routes, navigation: str, what: str, *, fidelity: Fidelity = EXACT, refers_to: str = "", kind: str
) -> None:
    """Declare a navigation to directory objects; `refers_to`: what its `$ref` lists, if it has one."""
    source, objects = f"Graph: {kind}: list {navigation}", Objects(navigation)
    routes.collection(
        f"/{navigation}",
        objects,
        *(f"List {what}", f"Count {what}", f"Get one of the {what}"),
        returns=entity("directoryObject"),
        source=source,
        fidelity=fidelity,
        count={"fidelity": fidelity},
    )
    if refers_to:
        summary = f"List references to {refers_to}"
        routes.get(f"/{navigation}/$ref", summary=summary, source=source, fidelity=fidelity)(objects.references)


_DEVICES_OF_USER = "Entra devices of a user"
for _kind, _routes, _permissions in (
    ("user", OF_USER, needs.READ_USERS),
    ("group", OF_GROUP, needs.READ_GROUPS),
    ("device", OF_DEVICE, needs.READ_DEVICES),
):
    _checks(_routes, _permissions)
    _held = f"groups that hold the {_kind}"
    _lists(_routes, "memberOf", _held, fidelity=_GROUPS_ONLY, kind=_kind)
    _lists(_routes, "transitiveMemberOf", f"{_held}, nested ones too", fidelity=_GROUPS_ONLY, kind=_kind)
_checks(OF_OBJECT, needs.READ_OBJECTS)
_lists(OF_USER, "ownedDevices", _DEVICES_OF_USER, fidelity=_ONE_OWNER, kind="user")
_lists(OF_USER, "registeredDevices", _DEVICES_OF_USER, fidelity=_ONE_OWNER, kind="user")
_lists(OF_USER, "directReports", "users whose manager this is", kind="user")
_lists(OF_GROUP, "members", "direct members", fidelity=DYNAMIC, refers_to="members", kind="group")
_lists(OF_GROUP, "transitiveMembers", "members, nested ones too", fidelity=DYNAMIC, kind="group")
_lists(OF_GROUP, "owners", "owners", refers_to="owners", kind="group")
for _navigation, _what in (("registeredOwners", "whose the device is"), ("registeredUsers", "who uses the device")):
    _lists(OF_DEVICE, _navigation, _what, fidelity=_ONE_OWNER, refers_to=_what, kind="device")
