"""Users, groups, Entra devices; memberships, owners, managers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from fauxtune.core.model.ids import GroupId, TenantId
from fauxtune.storage import writes
from fauxtune.storage.tables import directory_devices, group_members, group_owners, groups, users

Row = dict[str, Any]

_TABLES = {"user": users, "group": groups, "device": directory_devices}


def _above(tenant: Any, member: Any, *, name: str) -> Select[Any]:
    """Every group over a member. The tenant walks along: with the tenant as a constant, SQLite goes through all of its
    memberships at every step.
    """
    held = group_members.c
    start = select(held.tenant_id, held.group_id).where(held.tenant_id == tenant, held.member_id == member)
    tree = start.cte(name, recursive=True)
    tree = tree.union(
        select(held.tenant_id, held.group_id).join(
            tree, (held.tenant_id == tree.c.tenant_id) & (held.member_id == tree.c.group_id)
        )
    )
    return select(tree.c.group_id)


def _below(start: Select[Any], *, name: str) -> Select[Any]:
    """What `start`, rows of tenant and id, names, and every member below it."""
    held = group_members.c
    tree = start.cte(name, recursive=True)
    tree = tree.union(
        select(held.tenant_id, held.member_id).join(
            tree, (held.tenant_id == tree.c.tenant_id) & (held.group_id == tree.c.id)
        )
    )
    return select(tree.c.id)


# What every planning asks, built once: building a statement costs more than running it.
_GROUPS_ABOVE = _above(bindparam("tenant"), bindparam("member"), name="above")
_USER = select(users).where(users.c.tenant_id == bindparam("tenant"), users.c.id == bindparam("user"))


def user(connection: Connection, tenant_id: TenantId, *, user_id: str) -> Row | None:
    """The user with this id."""
    return _one(connection, _USER, values={"tenant": tenant_id, "user": user_id})


def user_by_upn(connection: Connection, tenant_id: TenantId, *, upn: str) -> Row | None:
    """The user with this userPrincipalName, in any case."""
    return _one(connection, select(users).where(users.c.tenant_id == tenant_id, users.c.upn_key == upn.casefold()))


def user_by_key(connection: Connection, tenant_id: TenantId, *, key: str) -> Row | None:
    """The user with this id or userPrincipalName."""
    found = user(connection, tenant_id, user_id=key.lower())
    return found or user_by_upn(connection, tenant_id, upn=key)


def group(connection: Connection, tenant_id: TenantId, *, group_id: str) -> Row | None:
    """The group with this id."""
    return _one(connection, select(groups).where(groups.c.tenant_id == tenant_id, groups.c.id == group_id))


def directory_device(connection: Connection, tenant_id: TenantId, *, device_id: str) -> Row | None:
    """The Entra device with this object id."""
    statement = select(directory_devices).where(
        directory_devices.c.tenant_id == tenant_id, directory_devices.c.id == device_id
    )
    return _one(connection, statement)


def directory_device_by_device_id(connection: Connection, tenant_id: TenantId, *, device_id: str) -> Row | None:
    """The Entra device with this deviceId, in any case."""
    statement = select(directory_devices).where(
        directory_devices.c.tenant_id == tenant_id, directory_devices.c.device_key == device_id.casefold()
    )
    return _one(connection, statement)


def directory_object(connection: Connection, tenant_id: TenantId, *, object_id: str) -> Row | None:
    """The user, group or Entra device with this id, with its `kind`: `user`, `group` or `device`."""
    for kind, table in _TABLES.items():
        found = _one(connection, select(table).where(table.c.tenant_id == tenant_id, table.c.id == object_id))
        if found is not None:
            return {**found, "kind": kind}
    return None


def directory_objects(
    connection: Connection, tenant_id: TenantId, *, object_ids: list[str], kinds: tuple[str, ...]
) -> list[Row]:
    """What has one of these ids, as {"kind", "id", "document"}, a kind after the other."""
    found: list[Row] = []
    for word in kinds:
        table = _TABLES[word]
        statement = select(table.c.id, table.c.document).where(
            table.c.tenant_id == tenant_id, table.c.id.in_(object_ids)
        )
        found += [{"kind": word, **row} for row in connection.execute(statement.order_by(table.c.id)).mappings()]
    return found


def is_member(connection: Connection, tenant_id: TenantId, *, group_id: str, member_id: str) -> bool:
    """Is it a direct member?"""
    statement = select(group_members.c.member_id).where(
        group_members.c.tenant_id == tenant_id,
        group_members.c.group_id == group_id,
        group_members.c.member_id == member_id,
    )
    return connection.execute(statement).first() is not None


def groups_above(connection: Connection, tenant_id: TenantId, *, member_id: str) -> frozenset[GroupId]:
    """Every group that holds the member, nested ones included. Cycles end (UNION drops what was seen)."""
    found = connection.execute(_GROUPS_ABOVE, {"tenant": tenant_id, "member": member_id})
    return frozenset(GroupId(row[0]) for row in found)


def memberships(
    connection: Connection,
    tenant_id: TenantId,
    *,
    member_id: str,
    among: list[str] | None = None,
    security_only: bool = False,
) -> list[str]:
    """The ids of the groups that hold the member, nested ones included; of those in `among`, if that is given."""
    statement = select(groups.c.id).where(
        groups.c.tenant_id == tenant_id, groups.c.id.in_(transitive_groups(tenant_id, member_id))
    )
    if among is not None:
        statement = statement.where(groups.c.id.in_(among))
    if security_only:
        statement = statement.where(groups.c.document["securityEnabled"].as_boolean())
    return list(connection.scalars(statement.order_by(groups.c.created_at, groups.c.id)))


def transitive_groups(tenant_id: TenantId, member_id: str) -> Select[Any]:
    """A SELECT of the ids of every group that holds the member, nested ones included: for use in another one."""
    return _above(tenant_id, member_id, name="over")


def transitive_members(tenant_id: TenantId, group_id: str) -> Select[Any]:
    """A SELECT of the ids of everything in a group, nested members included; itself only if it holds itself so."""
    held = group_members.c
    start = select(held.tenant_id, held.member_id.label("id"))
    return _below(start.where(held.tenant_id == tenant_id, held.group_id == group_id), name="under")


def groups_of_each(tenant_id: TenantId, member_ids: Sequence[str]) -> Select[Any]:
    """A SELECT of each of these members as `owner`, with the `id` of every group over it, nested ones included."""
    held = group_members.c
    start = select(held.tenant_id, held.member_id.label("owner"), held.group_id.label("id"))
    tree = start.where(held.tenant_id == tenant_id, held.member_id.in_(member_ids)).cte("over_each", recursive=True)
    tree = tree.union(
        select(held.tenant_id, tree.c.owner, held.group_id).join(
            tree, (held.tenant_id == tree.c.tenant_id) & (held.member_id == tree.c.id)
        )
    )
    return select(tree.c.owner, tree.c.id)


def members_of_each(tenant_id: TenantId, group_ids: Sequence[str]) -> Select[Any]:
    """A SELECT of each of these groups as `owner`, with the `id` of everything in it, nested members included."""
    held = group_members.c
    start = select(held.tenant_id, held.group_id.label("owner"), held.member_id.label("id"))
    tree = start.where(held.tenant_id == tenant_id, held.group_id.in_(group_ids)).cte("under_each", recursive=True)
    tree = tree.union(
        select(held.tenant_id, tree.c.owner, held.member_id).join(
            tree, (held.tenant_id == tree.c.tenant_id) & (held.group_id == tree.c.id)
        )
    )
    return select(tree.c.owner, tree.c.id)


def members_below(tenant_id: TenantId, group_ids: list[str]) -> Select[tuple[str]]:
    """A SELECT of the ids of everything in these groups, nested members included, the groups themselves too."""
    start = select(groups.c.tenant_id, groups.c.id)
    return _below(start.where(groups.c.tenant_id == tenant_id, groups.c.id.in_(group_ids)), name="below")


def groups_by_member(
    connection: Connection, tenant_id: TenantId, *, group_ids: Iterable[GroupId]
) -> dict[str, frozenset[GroupId]]:
    """Of these groups, those that hold a member, nested members included; by member."""
    found: dict[str, set[GroupId]] = {}
    wanted = sorted(set(group_ids))
    if not wanted:
        return {}
    for group_id, member_id in connection.execute(members_of_each(tenant_id, wanted)):
        found.setdefault(member_id, set()).add(GroupId(group_id))
    return {member_id: frozenset(holding) for member_id, holding in found.items()}


def add_user(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new user."""
    writes.add(connection, users, tenant_id=tenant_id, **values)


def change_user(connection: Connection, tenant_id: TenantId, *, user_id: str, **values: Any) -> None:
    """Change columns of a user."""
    writes.change(connection, users, where={"tenant_id": tenant_id, "id": user_id}, values=values)


def delete_user(connection: Connection, tenant_id: TenantId, *, user_id: str) -> None:
    """The user, its memberships, what it owns and whom it manages. Certificates and enrolments stay."""
    writes.remove(connection, users, tenant_id=tenant_id, id=user_id)
    writes.remove(connection, group_members, tenant_id=tenant_id, member_id=user_id)
    writes.remove(connection, group_owners, tenant_id=tenant_id, owner_id=user_id)
    managed = {"tenant_id": tenant_id, "manager_id": user_id}
    writes.change(connection, users, where=managed, values={"manager_id": None})


def add_group(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new group."""
    writes.add(connection, groups, tenant_id=tenant_id, **values)


def change_group(connection: Connection, tenant_id: TenantId, *, group_id: str, **values: Any) -> None:
    """Change columns of a group."""
    writes.change(connection, groups, where={"tenant_id": tenant_id, "id": group_id}, values=values)


def delete_group(connection: Connection, tenant_id: TenantId, *, group_id: str) -> None:
    """The group, its memberships, and its place in other groups."""
    writes.remove(connection, groups, tenant_id=tenant_id, id=group_id)
    writes.remove(connection, group_members, tenant_id=tenant_id, group_id=group_id)
    writes.remove(connection, group_members, tenant_id=tenant_id, member_id=group_id)
    writes.remove(connection, group_owners, tenant_id=tenant_id, group_id=group_id)


def owners(connection: Connection, tenant_id: TenantId, *, group_id: str) -> frozenset[str]:
    """The ids of a group's owners."""
    statement = select(group_owners.c.owner_id).where(
        group_owners.c.tenant_id == tenant_id, group_owners.c.group_id == group_id
    )
    return frozenset(connection.scalars(statement))


def add_owner(connection: Connection, tenant_id: TenantId, *, group_id: str, owner_id: str) -> None:
    """A new owner."""
    writes.add(connection, group_owners, tenant_id=tenant_id, group_id=group_id, owner_id=owner_id)


def remove_owner(connection: Connection, tenant_id: TenantId, *, group_id: str, owner_id: str) -> None:
    """An owner is one no longer."""
    writes.remove(connection, group_owners, tenant_id=tenant_id, group_id=group_id, owner_id=owner_id)


def add_member(connection: Connection, tenant_id: TenantId, *, group_id: str, member_id: str, kind: str) -> None:
    """A new direct member."""
    writes.add(connection, group_members, tenant_id=tenant_id, group_id=group_id, member_id=member_id, kind=kind)


def remove_member(connection: Connection, tenant_id: TenantId, *, group_id: str, member_id: str) -> bool:
    """False when it was none."""
    return writes.remove(connection, group_members, tenant_id=tenant_id, group_id=group_id, member_id=member_id) > 0


def add_directory_device(connection: Connection, tenant_id: TenantId, *, document: Row, **values: Any) -> None:
    """An Entra device: the shadow of a managed one, or a bare one."""
    key = _device_key(document)
    writes.add(connection, directory_devices, tenant_id=tenant_id, device_key=key, document=document, **values)


def change_directory_device(connection: Connection, tenant_id: TenantId, *, device_id: str, document: Row) -> None:
    """Write what is known of an Entra device."""
    where = {"tenant_id": tenant_id, "id": device_id}
    writes.change(
        connection, directory_devices, where=where, values={"document": document, "device_key": _device_key(document)}
    )


def delete_directory_device(connection: Connection, tenant_id: TenantId, *, device_id: str) -> None:
    """The Entra device and its memberships."""
    writes.remove(connection, directory_devices, tenant_id=tenant_id, id=device_id)
    writes.remove(connection, group_members, tenant_id=tenant_id, member_id=device_id)


def _device_key(document: Row) -> str | None:
    device_id = document.get("deviceId")
    return None if device_id is None else str(device_id).casefold()


def _one(connection: Connection, statement: Select[Any], *, values: Row | None = None) -> Row | None:
    row = connection.execute(statement, values or {}).mappings().first()
    return None if row is None else dict(row)
