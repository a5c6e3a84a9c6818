"""Sign-ins under way: authorization codes and device codes, by their digests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, or_, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.tables import sign_ins, users

Row = dict[str, Any]


def add_sign_in(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new one."""
    writes.add(connection, sign_ins, tenant_id=tenant_id, **values)


def sign_in(connection: Connection, *, digest: str) -> Row | None:
    """The one with this digest, whatever its tenant."""
    row = connection.execute(select(sign_ins).where(sign_ins.c.digest == digest)).mappings().first()
    return None if row is None else dict(row)


def sign_in_by_user_code(connection: Connection, *, user_code: str) -> Row | None:
    """The one that a person's code stands for, whatever its tenant."""
    row = connection.execute(select(sign_ins).where(sign_ins.c.user_code == user_code)).mappings().first()
    return None if row is None else dict(row)


def change_sign_in(connection: Connection, *, digest: str, state: str, values: Row) -> bool:
    """Write some of its columns, if it still is in this state. False: somebody else was faster."""
    return writes.change(connection, sign_ins, where={"digest": digest, "state": state}, values=values) == 1


def forget_sign_ins(connection: Connection, tenant_id: TenantId, *, before: datetime, most: int) -> None:
    """Remove those, of any tenant, that ended before a moment; and of this tenant all but so many that end last."""
    connection.execute(delete(sign_ins).where(sign_ins.c.expires_at < before))
    ours = select(sign_ins.c.digest).where(sign_ins.c.tenant_id == tenant_id)
    surplus = ours.order_by(sign_ins.c.expires_at.desc(), sign_ins.c.digest).offset(most)
    # Another transaction that removes the same ones is not waited for (PostgreSQL; SQLite has one at a time).
    free = select(sign_ins.c.digest).where(sign_ins.c.digest.in_(surplus)).with_for_update(skip_locked=True)
    connection.execute(delete(sign_ins).where(sign_ins.c.digest.in_(free)))


def people(connection: Connection, tenant_ids: list[TenantId], *, limit: int) -> list[Row]:
    """Who can be picked: users of these tenants, by name."""
    statement = select(users).where(users.c.tenant_id.in_(tenant_ids)).order_by(users.c.upn_key, users.c.tenant_id)
    return [dict(row) for row in connection.execute(statement.limit(limit)).mappings()]


def person(connection: Connection, tenant_ids: list[TenantId], *, key: str) -> Row | None:
    """The user of these tenants with this id or userPrincipalName."""
    named = or_(users.c.id == key.lower(), users.c.upn_key == key.casefold())
    statement = select(users).where(users.c.tenant_id.in_(tenant_ids), named).order_by(users.c.tenant_id)
    row = connection.execute(statement.limit(1)).mappings().first()
    return None if row is None else dict(row)
