"""Users, groups, Entra devices; and the lists that hold all three: members, owners, groups that hold something.

A mixed list is one UNION ALL of the three tables, each cut down to the ids in question by the database, under the name
`directory_objects`, with the type's bare name in `kind`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, TableClause, column, literal, select, table, union_all

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.storage.collections.base import Collection, of_tenant
from fauxtune.storage.odata import TYPE_COLUMN
from fauxtune.storage.queries.directory import transitive_groups, transitive_members
from fauxtune.storage.tables import directory_devices, enrollments, group_members, group_owners, groups, users
from fauxtune.storage.tables.base import Document, Moment, Word

Ids = Callable[[TenantId, str], Select[Any]]

_KINDS = {"user": users, "group": groups, "device": directory_devices}
_OBJECTS: TableClause = table(
    "directory_objects",
    column("id", Word),
    column("kind", Word),
    column("created_at", Moment),
    column("document", Document),
)


def _objects(tenant_id: TenantId, *, ids: Select[Any] | None = None, kinds: tuple[str, ...] = ()) -> Select[Any]:
    """What of the tenant's users, groups and devices has one of these ids; without `ids`, all."""
    parts = []
    for word in kinds or tuple(_KINDS):
        held = _KINDS[word]
        part = select(held.c.id, literal(word).label("kind"), held.c.created_at, held.c.document)
        part = part.where(held.c.tenant_id == tenant_id)
        parts.append(part if ids is None else part.where(held.c.id.in_(ids)))
    return select(*_OBJECTS.c).add_cte(union_all(*parts).cte(_OBJECTS.name))


def _mixed(ids: Ids, *, kinds: tuple[str, ...] = ()) -> Collection:
    return Collection(
        statement=lambda tenant_id: _objects(tenant_id, kinds=kinds),
        document=_OBJECTS.c.document,
        columns={"id": _OBJECTS.c.id, TYPE_COLUMN: _OBJECTS.c.kind},
        # Users, groups, devices.
        order=(_OBJECTS.c.kind.desc(), _OBJECTS.c.created_at, _OBJECTS.c.id),
        within=lambda tenant_id, parent: _objects(tenant_id, ids=ids(tenant_id, parent), kinds=kinds),
    )


def _members(tenant_id: TenantId, group_id: str) -> Select[Any]:
    held = group_members.c
    return select(held.member_id).where(held.tenant_id == tenant_id, held.group_id == group_id)


def _owners(tenant_id: TenantId, group_id: str) -> Select[Any]:
    held = group_owners.c
    return select(held.owner_id).where(held.tenant_id == tenant_id, held.group_id == group_id)


def _groups_of(tenant_id: TenantId, member_id: str) -> Select[Any]:
    held = group_members.c
    return select(held.group_id).where(held.tenant_id == tenant_id, held.member_id == member_id)


def _reports(tenant_id: TenantId, user_id: str) -> Select[Any]:
    return select(users.c.id).where(users.c.tenant_id == tenant_id, users.c.manager_id == user_id)


def _devices_of(tenant_id: TenantId, user_id: str) -> Select[Any]:
    held = enrollments.c
    active = held.state != EnrollmentState.ENDED.value
    return select(held.directory_device_id).where(held.tenant_id == tenant_id, held.user_id == user_id, active)


def _users_of(tenant_id: TenantId, device_id: str) -> Select[Any]:
    held = enrollments.c
    active = held.state != EnrollmentState.ENDED.value
    return select(held.user_id).where(
        held.tenant_id == tenant_id, held.directory_device_id == device_id, held.user_id.is_not(None), active
    )


DIRECTORY: dict[str, Collection] = {
    "users": Collection(
        statement=of_tenant(users),
        document=users.c.document,
        columns={"id": users.c.id},
        order=(users.c.created_at, users.c.upn_key),
    ),
    "groups": Collection(
        statement=of_tenant(groups),
        document=groups.c.document,
        columns={"id": groups.c.id},
        order=(groups.c.created_at, groups.c.id),
    ),
    "devices": Collection(
        statement=of_tenant(directory_devices),
        document=directory_devices.c.document,
        columns={"id": directory_devices.c.id},
        order=(directory_devices.c.created_at, directory_devices.c.id),
    ),
    "members": _mixed(_members),
    "transitiveMembers": _mixed(transitive_members),
    "owners": _mixed(_owners, kinds=("user",)),
    "memberOf": _mixed(_groups_of, kinds=("group",)),
    "transitiveMemberOf": _mixed(transitive_groups, kinds=("group",)),
    "directReports": _mixed(_reports, kinds=("user",)),
    "devicesOfUser": _mixed(_devices_of, kinds=("device",)),
    "usersOfDevice": _mixed(_users_of, kinds=("user",)),
}
