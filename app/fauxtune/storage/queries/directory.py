"""Users, groups, Entra devices; memberships, owners, managers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Unpack

from sqlalchemy import Connection, Select, bindparam, literal, select

from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, GroupId, TenantId, UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.reads import every, first, in_parts, many
from fauxtune.storage.rows.directory import (
    ChangeKind,
    DirectoryChange,
    DirectoryDeviceRow,
    DirectoryKind,
    DirectoryObjectRow,
    GroupMemberRow,
    GroupOwnerRow,
    GroupRow,
    UserChanges,
    UserRow,
)
from fauxtune.storage.tables import directory_devices, group_members, group_owners, groups, users
from fauxtune.storage.tenancy import of_tenant, rows_of, same_tenant
from fauxtune.storage.writes import note

_TABLES = {"user": users, "group": groups, "device": directory_devices}


def _above(tenant: Any, member: Any, *, name: str) -> Select[Any]:
    """Return a SELECT of every group above a member. The tenant is a column of the recursion: with the tenant as a
    constant, SQLite reads all of its memberships at every step.
    """
    held = group_members.c
    start = select(held.tenant_id, held.group_id).where(of_tenant(held, tenant), held.member_id == member)
    tree = start.cte(name, recursive=True)
    tree = tree.union(
        select(held.tenant_id, held.group_id).join(tree, same_tenant(held, tree) & (held.member_id == tree.c.group_id))
    )
    return select(tree.c.group_id)


def _below(start: Select[Any], *, name: str) -> Select[Any]:
    """Return a SELECT of the ids in `start`, rows of tenant and id, and of every member below them."""
    held = group_members.c
    tree = start.cte(name, recursive=True)
    tree = tree.union(
        select(held.tenant_id, held.member_id).join(tree, same_tenant(held, tree) & (held.group_id == tree.c.id))
    )
    return select(tree.c.id)


# What every planning asks, built once: building a statement costs more than running it.
_GROUPS_ABOVE = _above(bindparam("tenant"), bindparam("member"), name="above")
_USERS = Prepared(rows_of(users).where(users.c.id.in_(bindparam("ids", expanding=True))))
_USER_NAMES = Prepared(
    select(users.c.id, users.c.document["userPrincipalName"].as_string()).where(
        of_tenant(users), users.c.id.in_(bindparam("ids", expanding=True))
    )
)
_USER = Prepared(rows_of(users).where(users.c.id == bindparam("user")))

_USER_BY_UPN = Prepared(rows_of(users).where(users.c.upn_key == bindparam("upn")))
_GROUP = Prepared(rows_of(groups).where(groups.c.id == bindparam("group")))
_DEVICE = Prepared(rows_of(directory_devices).where(directory_devices.c.id == bindparam("device")))


def user(connection: Connection, tenant_id: TenantId, *, user_id: UserId) -> UserRow | None:
    """Return the user with this id."""
    return first(connection, _USER, values={"tenant": tenant_id, "user": user_id}, row=UserRow)


def users_by_id(connection: Connection, tenant_id: TenantId, *, ids: Collection[UserId]) -> dict[UserId, UserRow]:
    """Return the users with these ids, by id."""
    return {row.id: row for row in many(connection, _USERS, row=UserRow, ids=ids, values={"tenant": tenant_id})}


def user_by_upn(connection: Connection, tenant_id: TenantId, *, upn: str) -> UserRow | None:
    """Return the user with this userPrincipalName, in any case."""
    return first(connection, _USER_BY_UPN, values={"tenant": tenant_id, "upn": upn.casefold()}, row=UserRow)


def user_by_key(connection: Connection, tenant_id: TenantId, *, key: str) -> UserRow | None:
    """Return the user with this id or userPrincipalName, in any case."""
    by_id = user(connection, tenant_id, user_id=UserId(key.lower()))
    return by_id or user_by_upn(connection, tenant_id, upn=key)


def user_names(connection: Connection, tenant_id: TenantId, *, ids: Collection[str]) -> dict[str, str]:
    """Return the userPrincipalNames of these users, by id."""
    return {
        row[0]: row[1]
        for some in in_parts(ids)
        for row in _USER_NAMES.every(connection, {"tenant": tenant_id, "ids": some})
    }


def group(connection: Connection, tenant_id: TenantId, *, group_id: GroupId) -> GroupRow | None:
    """Return the group with this id."""
    return first(connection, _GROUP, values={"tenant": tenant_id, "group": group_id}, row=GroupRow)


def directory_device(
    connection: Connection, tenant_id: TenantId, *, device_id: DirectoryDeviceId
) -> DirectoryDeviceRow | None:
    """Return the Entra device with this object id."""
    return first(connection, _DEVICE, values={"tenant": tenant_id, "device": device_id}, row=DirectoryDeviceRow)


def directory_device_by_device_id(
    connection: Connection, tenant_id: TenantId, *, device_id: str
) -> DirectoryDeviceRow | None:
    """Return the Entra device with this deviceId, in any case."""
    statement = rows_of(directory_devices, tenant_id).where(directory_devices.c.device_key == device_id.casefold())
    return first(connection, statement, row=DirectoryDeviceRow)


def directory_object(connection: Connection, tenant_id: TenantId, *, object_id: str) -> DirectoryObjectRow | None:
    """Return the user, group or Entra device with this id."""
    for kind in _TABLES:
        rows = directory_objects(connection, tenant_id, object_ids=[object_id], kinds=(kind,))
        if rows:
            return rows[0]
    return None


def directory_objects(
    connection: Connection, tenant_id: TenantId, *, object_ids: list[str], kinds: tuple[str, ...]
) -> list[DirectoryObjectRow]:
    """Return the objects with these ids, one kind after the other."""
    rows: list[DirectoryObjectRow] = []
    for kind in kinds:
        table = _TABLES[kind]
        statement = select(table.c.id, literal(kind), table.c.created_at, table.c.document).where(
            of_tenant(table, tenant_id), table.c.id.in_(object_ids)
        )
        rows += [DirectoryObjectRow(*row) for row in connection.execute(statement.order_by(table.c.id))]
    return rows


def is_member(connection: Connection, tenant_id: TenantId, *, group_id: GroupId, member_id: str) -> bool:
    """Whether it is a direct member of the group."""
    statement = select(group_members.c.member_id).where(
        of_tenant(group_members, tenant_id),
        group_members.c.group_id == group_id,
        group_members.c.member_id == member_id,
    )
    return connection.execute(statement).first() is not None


def groups_above(connection: Connection, tenant_id: TenantId, *, member_id: str) -> frozenset[GroupId]:
    """Return every group that holds the member, nested ones included. Circles end (UNION drops rows that were seen)."""
    rows = connection.execute(_GROUPS_ABOVE, {"tenant": tenant_id, "member": member_id})
    return frozenset(GroupId(row[0]) for row in rows)


def memberships(
    connection: Connection,
    tenant_id: TenantId,
    *,
    member_id: str,
    among: list[str] | None = None,
    security_only: bool = False,
) -> list[str]:
    """Return the ids of the groups that hold the member, nested ones included; of those in `among`, if given."""
    statement = select(groups.c.id).where(
        of_tenant(groups, tenant_id), groups.c.id.in_(transitive_groups(tenant_id, member_id))
    )
    if among is not None:
        statement = statement.where(groups.c.id.in_(among))
    if security_only:
        statement = statement.where(groups.c.document["securityEnabled"].as_boolean())
    return list(connection.scalars(statement.order_by(groups.c.created_at, groups.c.id)))


def transitive_groups(tenant_id: TenantId, member_id: str) -> Select[Any]:
    """Return a SELECT of the ids of every group that holds the member, nested ones included."""
    return _above(tenant_id, member_id, name="over")


def transitive_members(tenant_id: TenantId, group_id: str) -> Select[Any]:
    """Return a SELECT of the ids of everything in a group, nested members included; of the group itself only if it is
    below itself.
    """
    held = group_members.c
    start = select(held.tenant_id, held.member_id.label("id"))
    return _below(start.where(of_tenant(held, tenant_id), held.group_id == group_id), name="under")


def groups_of_each(tenant_id: Any, member_ids: Any) -> Select[Any]:
    """Return a SELECT of each of these members as `owner`, with the `id` of every group above it. Both may be bound
    parameters.
    """
    held = group_members.c
    start = select(held.tenant_id, held.member_id.label("owner"), held.group_id.label("id"))
    tree = start.where(of_tenant(held, tenant_id), held.member_id.in_(member_ids)).cte("over_each", recursive=True)
    tree = tree.union(
        select(held.tenant_id, tree.c.owner, held.group_id).join(
            tree, same_tenant(held, tree) & (held.member_id == tree.c.id)
        )
    )
    return select(tree.c.owner, tree.c.id)


def members_of_each(tenant_id: TenantId, group_ids: Sequence[str]) -> Select[Any]:
    """Return a SELECT of each of these groups as `owner`, with the `id` of everything below it."""
    held = group_members.c
    start = select(held.tenant_id, held.group_id.label("owner"), held.member_id.label("id"))
    tree = start.where(of_tenant(held, tenant_id), held.group_id.in_(group_ids)).cte("under_each", recursive=True)
    tree = tree.union(
        select(held.tenant_id, tree.c.owner, held.member_id).join(
            tree, same_tenant(held, tree) & (held.group_id == tree.c.id)
        )
    )
    return select(tree.c.owner, tree.c.id)


def members_below(tenant_id: Any, group_ids: Any) -> Select[tuple[str]]:
    """Return a SELECT of the ids of everything below these groups, and of the groups themselves. Both may be bound
    parameters.
    """
    start = select(groups.c.tenant_id, groups.c.id)
    return _below(start.where(of_tenant(groups, tenant_id), groups.c.id.in_(group_ids)), name="below")


def users_below(connection: Connection, tenant_id: TenantId, *, group_ids: Sequence[GroupId]) -> list[UserRow]:
    """Return the users in these groups, nested ones included."""
    if not group_ids:
        return []
    below = members_below(tenant_id, group_ids)
    statement = rows_of(users, tenant_id).where(users.c.id.in_(below)).order_by(users.c.id)
    return every(connection, statement, row=UserRow)


def groups_by_member(
    connection: Connection, tenant_id: TenantId, *, group_ids: Iterable[GroupId]
) -> dict[str, frozenset[GroupId]]:
    """Return which of these groups hold a member, nested members included: by member."""
    groups_of: dict[str, set[GroupId]] = {}
    ids = sorted(set(group_ids))
    if not ids:
        return {}
    for group_id, member_id in connection.execute(members_of_each(tenant_id, ids)).all():
        groups_of.setdefault(member_id, set()).add(GroupId(group_id))
    return {member_id: frozenset(holding) for member_id, holding in groups_of.items()}


def groups_above_each(
    connection: Connection, tenant_id: TenantId, *, member_ids: Collection[str]
) -> dict[str, frozenset[GroupId]]:
    """Return every group that holds each of these members, nested ones included; without members of none."""
    above: dict[str, set[GroupId]] = {}
    for some in in_parts(member_ids):
        for member_id, group_id in _GROUPS_ABOVE_EACH.every(connection, {"tenant": tenant_id, "ids": some}):
            above.setdefault(member_id, set()).add(GroupId(group_id))
    return {member_id: frozenset(holding) for member_id, holding in above.items()}


# What every planning asks, built once.
_GROUPS_ABOVE_EACH = Prepared(groups_of_each(bindparam("tenant"), bindparam("ids", expanding=True)))


def add_users(connection: Connection, *rows: UserRow) -> None:
    """Add users."""
    writes.add_rows(connection, users, rows=rows)
    note(connection, *(DirectoryChange("user", row.id, "created") for row in rows))


def change_user(
    connection: Connection,
    tenant_id: TenantId,
    *,
    user_id: UserId,
    names: Collection[str] | None = None,
    **changes: Unpack[UserChanges],
) -> None:
    """Change columns of a user. `names`: the properties of the document that change, if they are known."""
    writes.change(connection, users, where={"tenant_id": tenant_id, "id": user_id}, values={**changes})
    if changes.keys() != {"password_digest"}:
        _note_update(connection, "user", object_id=user_id, names=names)


def delete_user(connection: Connection, tenant_id: TenantId, *, user_id: UserId) -> None:
    """Delete a user with memberships and ownerships; nobody is managed by the user any more. Certificates and
    enrolments stay.
    """
    writes.remove(connection, users, tenant_id=tenant_id, id=user_id)
    note(connection, DirectoryChange("user", user_id, "deleted"))
    _leave_groups(connection, tenant_id, member_id=user_id, kind="user")
    owned = writes.remove_returning(connection, group_owners, column="group_id", tenant_id=tenant_id, owner_id=user_id)
    note(connection, *(_of_group(group_id, "ownerRemoved", member_id=user_id, kind="user") for group_id in owned))
    managed = {"tenant_id": tenant_id, "manager_id": user_id}
    writes.change(connection, users, where=managed, values={"manager_id": None})


def add_groups(connection: Connection, *rows: GroupRow) -> None:
    """Add groups."""
    writes.add_rows(connection, groups, rows=rows)
    note(connection, *(DirectoryChange("group", row.id, "created") for row in rows))


def change_group(
    connection: Connection,
    tenant_id: TenantId,
    *,
    group_id: GroupId,
    document: JsonObject,
    names: Collection[str] | None = None,
) -> None:
    """Write a group's document. `names`: the properties that change, if they are known."""
    where = {"tenant_id": tenant_id, "id": group_id}
    writes.change(connection, groups, where=where, values={"document": document})
    _note_update(connection, "group", object_id=group_id, names=names)


def delete_group(connection: Connection, tenant_id: TenantId, *, group_id: GroupId) -> None:
    """Delete a group with its memberships, and take it out of other groups."""
    writes.remove(connection, groups, tenant_id=tenant_id, id=group_id)
    note(connection, DirectoryChange("group", group_id, "deleted"))
    writes.remove(connection, group_members, tenant_id=tenant_id, group_id=group_id)
    _leave_groups(connection, tenant_id, member_id=group_id, kind="group")
    writes.remove(connection, group_owners, tenant_id=tenant_id, group_id=group_id)


def owners(connection: Connection, tenant_id: TenantId, *, group_id: GroupId) -> frozenset[str]:
    """Return the ids of a group's owners."""
    statement = select(group_owners.c.owner_id).where(
        of_tenant(group_owners, tenant_id), group_owners.c.group_id == group_id
    )
    return frozenset(connection.scalars(statement))


def add_owner(connection: Connection, row: GroupOwnerRow) -> None:
    """Add an owner of a group."""
    writes.add_row(connection, group_owners, row=row)
    note(connection, _of_group(row.group_id, "ownerAdded", member_id=row.owner_id, kind="user"))


def remove_owner(connection: Connection, tenant_id: TenantId, *, group_id: GroupId, owner_id: str) -> None:
    """Remove an owner of a group."""
    writes.remove(connection, group_owners, tenant_id=tenant_id, group_id=group_id, owner_id=owner_id)
    note(connection, _of_group(group_id, "ownerRemoved", member_id=owner_id, kind="user"))


def add_members(connection: Connection, *rows: GroupMemberRow) -> None:
    """Add direct members of groups."""
    writes.add_rows(connection, group_members, rows=rows)
    note(connection, *(_of_group(row.group_id, "memberAdded", member_id=row.member_id, kind=row.kind) for row in rows))


def remove_member(connection: Connection, tenant_id: TenantId, *, group_id: GroupId, member_id: str) -> bool:
    """Remove a direct member. Returns False if it was no member."""
    kinds = writes.remove_returning(
        connection, group_members, column="kind", tenant_id=tenant_id, group_id=group_id, member_id=member_id
    )
    note(connection, *(_of_group(group_id, "memberRemoved", member_id=member_id, kind=kind) for kind in kinds))
    return bool(kinds)


def add_directory_device(connection: Connection, row: DirectoryDeviceRow) -> None:
    """Add an Entra device: that of an enrolment, or a bare one."""
    writes.add_row(connection, directory_devices, row=row)
    note(connection, DirectoryChange("device", row.id, "created"))


def change_directory_device(
    connection: Connection,
    tenant_id: TenantId,
    *,
    device_id: DirectoryDeviceId,
    document: JsonObject,
    names: Collection[str] | None = None,
) -> None:
    """Write the document of an Entra device, and the key that comes from it. `names`: the properties that change, if
    they are known.
    """
    where = {"tenant_id": tenant_id, "id": device_id}
    values = {"document": document, "device_key": device_key(document)}
    writes.change(connection, directory_devices, where=where, values=values)
    _note_update(connection, "device", object_id=device_id, names=names)


def hand_over_directory_device(
    connection: Connection,
    tenant_id: TenantId,
    *,
    device_id: DirectoryDeviceId,
    enrollment_id: EnrollmentId | None,
    document: JsonObject,
) -> None:
    """Make an Entra device the shadow of an enrolment, or of no enrolment any more."""
    where = {"tenant_id": tenant_id, "id": device_id}
    values = {"document": document, "device_key": device_key(document), "enrollment_id": enrollment_id}
    writes.change(connection, directory_devices, where=where, values=values)
    _note_update(connection, "device", object_id=device_id, names=None)


def delete_directory_device(connection: Connection, tenant_id: TenantId, *, device_id: DirectoryDeviceId) -> None:
    """Delete an Entra device with its memberships."""
    if writes.remove(connection, directory_devices, tenant_id=tenant_id, id=device_id):
        note(connection, DirectoryChange("device", device_id, "deleted"))
    _leave_groups(connection, tenant_id, member_id=device_id, kind="device")


def objects_after(
    connection: Connection,
    tenant_id: TenantId,
    *,
    kind: str,
    after: tuple[str, str] | None,
    among: Collection[str] | None,
    limit: int,
) -> list[DirectoryObjectRow]:
    """Return the next objects of a kind in the order of their creation. `after`: when the last one was created, as
    text, and its id; `among`: only of these ids.
    """
    table = _TABLES[kind]
    statement = select(table.c.id, literal(kind), table.c.created_at, table.c.document)
    statement = statement.where(of_tenant(table, tenant_id))
    if among is not None:
        statement = statement.where(table.c.id.in_(sorted(among)))
    if after is not None:
        moment, key = after
        later = (table.c.created_at > moment) | ((table.c.created_at == moment) & (table.c.id > key))
        statement = statement.where(later)
    statement = statement.order_by(table.c.created_at, table.c.id).limit(limit)
    return every(connection, statement, row=DirectoryObjectRow)


def direct_members(
    connection: Connection, tenant_id: TenantId, *, group_ids: Collection[str]
) -> list[tuple[str, str, str]]:
    """Return the direct members of these groups: group, member, and the member's kind."""
    held = group_members.c
    statement = select(held.group_id, held.member_id, held.kind).where(
        of_tenant(held, tenant_id), held.group_id.in_(sorted(group_ids))
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(statement.order_by(held.group_id, held.member_id))]


def direct_owners(
    connection: Connection, tenant_id: TenantId, *, group_ids: Collection[str]
) -> list[tuple[str, str, str]]:
    """Return the owners of these groups: group, owner, and `user`."""
    held = group_owners.c
    statement = select(held.group_id, held.owner_id, literal("user")).where(
        of_tenant(held, tenant_id), held.group_id.in_(sorted(group_ids))
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(statement.order_by(held.group_id, held.owner_id))]


def managers(connection: Connection, tenant_id: TenantId, *, user_ids: Collection[str]) -> list[tuple[str, str]]:
    """Return which of these users have a manager, each with the manager's id."""
    statement = select(users.c.id, users.c.manager_id).where(
        of_tenant(users, tenant_id), users.c.id.in_(sorted(user_ids)), users.c.manager_id.is_not(None)
    )
    return [(row[0], row[1]) for row in connection.execute(statement)]


def _leave_groups(connection: Connection, tenant_id: TenantId, *, member_id: str, kind: str) -> None:
    left = writes.remove_returning(
        connection, group_members, column="group_id", tenant_id=tenant_id, member_id=member_id
    )
    note(connection, *(_of_group(group_id, "memberRemoved", member_id=member_id, kind=kind) for group_id in left))


def _note_update(connection: Connection, kind: DirectoryKind, *, object_id: str, names: Collection[str] | None) -> None:
    if names is None or names:
        note(connection, DirectoryChange(kind, object_id, "updated", None if names is None else tuple(sorted(names))))


def _of_group(group_id: str, change: ChangeKind, *, member_id: str, kind: str) -> DirectoryChange:
    return DirectoryChange("group", group_id, change, (), member_id, member_kind=kind)


def device_key(document: JsonObject) -> str | None:
    """Return the `device_key` of an Entra device with this document."""
    device_id = document.get("deviceId")
    return None if device_id is None else str(device_id).casefold()
