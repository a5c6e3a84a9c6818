"""Users, groups, Entra devices; and the lists that hold all three: members, owners, groups that hold an object.

A mixed list is one UNION ALL of the three tables, each cut down by the database to the ids in question, under the name
`directory_objects`, with the type's bare name in `kind`. Lists are given as pairs: an `owner`, and the `id` of an
element of its list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Column, Select, TableClause, column, literal, select, table, union_all

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.columns import Document, Moment, Word
from fauxtune.storage.odata import TYPE_COLUMN
from fauxtune.storage.queries.directory import (
    groups_of_each,
    members_of_each,
    transitive_groups,
    transitive_members,
)
from fauxtune.storage.rows.directory import DirectoryDeviceRow, DirectoryObjectRow, GroupRow, UserRow
from fauxtune.storage.tables import directory_devices, enrollments, group_members, group_owners, groups, users
from fauxtune.storage.tenancy import of_tenant, rows_of

Ids = Callable[[TenantId, str], Select[Any]]
Pairs = Callable[[TenantId, Sequence[str]], Select[Any]]

_KINDS = {"user": users, "group": groups, "device": directory_devices}
_OBJECTS: TableClause = table(
    "directory_objects",
    column("id", Word),
    column("kind", Word),
    column("created_at", Moment),
    column("document", Document),
    column("part_of", Word),
)
_SHOWN = tuple(column_clause for column_clause in _OBJECTS.c if column_clause.name != "part_of")


def _objects(tenant_id: TenantId, *, ids: Select[Any] | None = None, kinds: tuple[str, ...] = ()) -> Select[Any]:
    """Return the statement of the tenant's users, groups and devices with these ids; without `ids`, of all."""
    parts = []
    for word in kinds or tuple(_KINDS):
        held = _KINDS[word]
        part = select(held.c.id, literal(word).label("kind"), held.c.created_at, held.c.document)
        part = part.where(of_tenant(held, tenant_id))
        parts.append(part if ids is None else part.where(held.c.id.in_(ids)))
    return select(*_SHOWN).add_cte(union_all(*parts).cte(_OBJECTS.name))


def _objects_of_many(tenant_id: TenantId, pairs: Select[Any], *, kinds: tuple[str, ...]) -> Select[Any]:
    """Return the statement for several lists at once: each object with the owner of the list that it is in."""
    # An Entra device may have enrolled more than once.
    pair = pairs.distinct().cte("pairs")
    parts = []
    for word in kinds or tuple(_KINDS):
        held = _KINDS[word]
        part = select(held.c.id, literal(word).label("kind"), held.c.created_at, held.c.document)
        part = part.add_columns(pair.c.owner.label("part_of")).join_from(pair, held, held.c.id == pair.c.id)
        parts.append(part.where(of_tenant(held, tenant_id)))
    return select(*_OBJECTS.c).add_cte(union_all(*parts).cte(_OBJECTS.name))


def _mixed(pairs: Pairs, *, ids: Ids | None = None, kinds: tuple[str, ...] = ()) -> Collection[DirectoryObjectRow]:
    """Return a collection of objects of several kinds. `ids`: the ids in one list, where they can be read without
    pairs.
    """

    def one(tenant_id: TenantId, parent: str) -> Select[Any]:
        if ids is not None:
            return ids(tenant_id, parent)
        statement = pairs(tenant_id, [parent])
        return statement.with_only_columns(statement.selected_columns["id"])

    return Collection(
        row=lambda values: DirectoryObjectRow(*values),
        statement=lambda tenant_id: _objects(tenant_id, kinds=kinds),
        document=_OBJECTS.c.document,
        columns={"id": _OBJECTS.c.id, TYPE_COLUMN: _OBJECTS.c.kind},
        # Users, groups, devices.
        order=(_OBJECTS.c.kind.desc(), _OBJECTS.c.created_at, _OBJECTS.c.id),
        within=lambda tenant_id, parent: _objects(tenant_id, ids=one(tenant_id, parent), kinds=kinds),
        of_many=lambda tenant_id, parents: _objects_of_many(tenant_id, pairs(tenant_id, parents), kinds=kinds),
    )


def _members(tenant_id: TenantId, group_ids: Sequence[str]) -> Select[Any]:
    held = group_members.c
    return _pairs(tenant_id, owner=held.group_id, element=held.member_id, among=group_ids)


def _owners(tenant_id: TenantId, group_ids: Sequence[str]) -> Select[Any]:
    held = group_owners.c
    return _pairs(tenant_id, owner=held.group_id, element=held.owner_id, among=group_ids)


def _groups_of(tenant_id: TenantId, member_ids: Sequence[str]) -> Select[Any]:
    held = group_members.c
    return _pairs(tenant_id, owner=held.member_id, element=held.group_id, among=member_ids)


def _reports(tenant_id: TenantId, user_ids: Sequence[str]) -> Select[Any]:
    return _pairs(tenant_id, owner=users.c.manager_id, element=users.c.id, among=user_ids)


def _devices_of(tenant_id: TenantId, user_ids: Sequence[str]) -> Select[Any]:
    held = enrollments.c
    statement = _pairs(tenant_id, owner=held.user_id, element=held.directory_device_id, among=user_ids)
    return statement.where(held.state != EnrollmentState.ENDED.value)


def _users_of(tenant_id: TenantId, device_ids: Sequence[str]) -> Select[Any]:
    held = enrollments.c
    statement = _pairs(tenant_id, owner=held.directory_device_id, element=held.user_id, among=device_ids)
    return statement.where(held.user_id.is_not(None), held.state != EnrollmentState.ENDED.value)


def _pairs(tenant_id: TenantId, *, owner: Column[Any], element: Column[Any], among: Sequence[str]) -> Select[Any]:
    statement = select(owner.label("owner"), element.label("id"))
    return statement.where(of_tenant(owner.table, tenant_id), owner.in_(among))


USERS: Collection[UserRow] = Collection(
    row=lambda values: UserRow(*values),
    statement=partial(rows_of, users),
    document=users.c.document,
    columns={"id": users.c.id},
    order=(users.c.created_at, users.c.upn_key),
)

GROUPS: Collection[GroupRow] = Collection(
    row=lambda values: GroupRow(*values),
    statement=partial(rows_of, groups),
    document=groups.c.document,
    columns={"id": groups.c.id},
    order=(groups.c.created_at, groups.c.id),
)

DIRECTORY_DEVICES: Collection[DirectoryDeviceRow] = Collection(
    row=lambda values: DirectoryDeviceRow(*values),
    statement=partial(rows_of, directory_devices),
    document=directory_devices.c.document,
    columns={"id": directory_devices.c.id},
    order=(directory_devices.c.created_at, directory_devices.c.id),
)

_DEVICES_OF_USER = _mixed(_devices_of, kinds=("device",))
_USERS_OF_DEVICE = _mixed(_users_of, kinds=("user",))
#: Those of several kinds, by the navigations that lead to them.
DIRECTORY_OBJECTS: dict[str, Collection[DirectoryObjectRow]] = {
    "members": _mixed(_members),
    "transitiveMembers": _mixed(members_of_each, ids=transitive_members),
    "owners": _mixed(_owners, kinds=("user",)),
    "memberOf": _mixed(_groups_of, kinds=("group",)),
    "transitiveMemberOf": _mixed(groups_of_each, ids=transitive_groups, kinds=("group",)),
    "directReports": _mixed(_reports, kinds=("user",)),
    "ownedDevices": _DEVICES_OF_USER,
    "registeredDevices": _DEVICES_OF_USER,
    "registeredOwners": _USERS_OF_DEVICE,
    "registeredUsers": _USERS_OF_DEVICE,
}
