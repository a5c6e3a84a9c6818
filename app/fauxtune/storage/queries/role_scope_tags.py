"""Scope tags, and the groups whose devices get them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.tables import role_scope_tag_assignments, role_scope_tags

Row = dict[str, Any]


def tag(connection: Connection, tenant_id: TenantId, *, tag_id: str) -> Row | None:
    """The tag with this id."""
    found = tags(connection, tenant_id, ids=[tag_id])
    return found[0] if found else None


def tags(connection: Connection, tenant_id: TenantId, *, ids: Iterable[str]) -> list[Row]:
    """Those of these tags that exist, in the order of their numbers."""
    statement = select(role_scope_tags).where(
        role_scope_tags.c.tenant_id == tenant_id, role_scope_tags.c.id.in_(list(ids))
    )
    return [dict(row) for row in connection.execute(statement.order_by(role_scope_tags.c.number)).mappings()]


def tag_named(connection: Connection, tenant_id: TenantId, *, name: str) -> Row | None:
    """The tag with this name, in any case."""
    wanted = func.lower(role_scope_tags.c.document["displayName"].as_string())
    statement = select(role_scope_tags).where(role_scope_tags.c.tenant_id == tenant_id, wanted == name.lower())
    row = connection.execute(statement).mappings().first()
    return None if row is None else dict(row)


def last_number(connection: Connection, tenant_id: TenantId) -> int:
    """The highest number; -1 where there is no tag."""
    highest = func.coalesce(func.max(role_scope_tags.c.number), -1)
    statement = select(highest).where(role_scope_tags.c.tenant_id == tenant_id)
    return int(connection.execute(statement).scalar_one())


def add_tag(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new tag."""
    writes.add(connection, role_scope_tags, tenant_id=tenant_id, **values)


def change_tag(connection: Connection, tenant_id: TenantId, *, tag_id: str, document: Row) -> None:
    """Write the tag's document."""
    where = {"tenant_id": tenant_id, "id": tag_id}
    writes.change(connection, role_scope_tags, where=where, values={"document": document})


def delete_tag(connection: Connection, tenant_id: TenantId, *, tag_id: str) -> None:
    """The tag goes with its assignments."""
    writes.remove(connection, role_scope_tag_assignments, tenant_id=tenant_id, tag_id=tag_id)
    writes.remove(connection, role_scope_tags, tenant_id=tenant_id, id=tag_id)


def replace_assignments(connection: Connection, tenant_id: TenantId, *, tag_id: str, documents: list[Row]) -> None:
    """The whole new set of a tag's assignments, in this order."""
    writes.remove(connection, role_scope_tag_assignments, tenant_id=tenant_id, tag_id=tag_id)
    new = [
        {"tenant_id": tenant_id, "tag_id": tag_id, "id": each["id"], "position": position, "document": each}
        for position, each in enumerate(documents)
    ]
    writes.add_all(connection, role_scope_tag_assignments, rows=new)


def assignments_of(connection: Connection, tenant_id: TenantId, *, tag_id: str) -> list[Row]:
    """The documents of a tag's assignments, in order."""
    of_tag = (role_scope_tag_assignments.c.tenant_id == tenant_id, role_scope_tag_assignments.c.tag_id == tag_id)
    statement = select(role_scope_tag_assignments.c.document).where(*of_tag)
    return list(connection.execute(statement.order_by(role_scope_tag_assignments.c.position)).scalars())
