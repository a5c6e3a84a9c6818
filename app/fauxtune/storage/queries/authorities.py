"""Certification authorities: which a tenant has, which one issues, and their CRLs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.tables import authorities

Row = dict[str, Any]

# What every planning asks, built once: building a statement costs more than running it.
_AUTHORITY = select(authorities).where(
    authorities.c.tenant_id == bindparam("tenant"), authorities.c.name == bindparam("name")
)
ROOT, ISSUING, DEVICES = "root", "issuing", "devices"
# What every issuing asks.
_CURRENT = (
    select(authorities)
    .where(authorities.c.tenant_id == bindparam("tenant"), authorities.c.role == ISSUING)
    .order_by(authorities.c.generation.desc())
    .limit(1)
)
_ORDER = case({ROOT: 1, ISSUING: 2}, value=authorities.c.role, else_=3)


def authority(connection: Connection, tenant_id: TenantId, *, name: str) -> Row | None:
    """One of the tenant's authorities: root, issuing or devices."""
    return _one(connection, _AUTHORITY, values={"tenant": tenant_id, "name": name})


def authorities_named(connection: Connection, name: str) -> list[Row]:
    """The authorities of this name of every tenant."""
    return [dict(row) for row in connection.execute(select(authorities).where(authorities.c.name == name)).mappings()]


def add_authority(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new authority."""
    writes.add(connection, authorities, tenant_id=tenant_id, **values)


def keep_crl(connection: Connection, tenant_id: TenantId, *, name: str, crl: bytes, next_update: datetime) -> None:
    """Keep a CRL's bytes under the number they carry."""
    writes.change(
        connection,
        authorities,
        where={"tenant_id": tenant_id, "name": name},
        values={"crl": crl, "crl_next_update": next_update, "crl_number": authorities.c.crl_number + 1},
    )


def forget_crl(connection: Connection, tenant_id: TenantId, *, name: str) -> None:
    """Something was revoked: the next reader gets a new one. Whoever makes one waits until the transaction ends."""
    writes.change(connection, authorities, where={"tenant_id": tenant_id, "name": name}, values={"crl": None})


def authorities_of(connection: Connection, tenant_id: TenantId) -> list[Row]:
    """The tenant's authorities: the root, those that issue or issued (oldest first), and that of devices."""
    statement = (
        select(authorities).where(authorities.c.tenant_id == tenant_id).order_by(_ORDER, authorities.c.generation)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def current_issuing(connection: Connection, tenant_id: TenantId) -> Row:
    """The authority that issues now."""
    return dict(connection.execute(_CURRENT, {"tenant": tenant_id}).mappings().one())


def authority_to_change(connection: Connection, tenant_id: TenantId, *, name: str) -> Row | None:
    """An authority, held against other changes until the transaction ends."""
    statement = select(authorities).where(authorities.c.tenant_id == tenant_id, authorities.c.name == name)
    row = connection.execute(statement.with_for_update()).mappings().first()
    return None if row is None else dict(row)


def change_authority(connection: Connection, tenant_id: TenantId, *, name: str, **values: Any) -> None:
    """Change columns of an authority."""
    writes.change(connection, authorities, where={"tenant_id": tenant_id, "name": name}, values=values)


def _one(connection: Connection, statement: Select[Any], *, values: Row | None = None) -> Row | None:
    row = connection.execute(statement, values or {}).mappings().first()
    return None if row is None else dict(row)
