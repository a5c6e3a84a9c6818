"""A tenant's certification authorities: which there are, which issues now, and what each has issued."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, select, update

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.tables import authorities, certificates

Row = dict[str, Any]

ROOT, ISSUING, DEVICES = "root", "issuing", "devices"

# What every issuing asks.
_CURRENT = (
    select(authorities)
    .where(authorities.c.tenant_id == bindparam("tenant"), authorities.c.role == ISSUING)
    .order_by(authorities.c.generation.desc())
    .limit(1)
)
_OF_ENTERPRISE = select(certificates).where(
    certificates.c.tenant_id == bindparam("tenant"),
    certificates.c.serial == bindparam("serial"),
    certificates.c.authority.not_in([ROOT, DEVICES]),
)
_STATUS = select(certificates.c.revoked_at, certificates.c.reason).where(
    certificates.c.tenant_id == bindparam("tenant"),
    certificates.c.authority == bindparam("authority"),
    certificates.c.serial == bindparam("serial"),
)
_ORDER = case({ROOT: 1, ISSUING: 2}, value=authorities.c.role, else_=3)


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


def certificate_counts(connection: Connection, tenant_id: TenantId, *, at: datetime) -> dict[str, dict[str, int]]:
    """For each authority that issued anything: how many of its certificates are good, revoked and expired. A revoked
    one is not counted as expired.
    """
    column = certificates.c
    is_revoked = column.revoked_at.is_not(None)
    is_expired = and_(column.revoked_at.is_(None), column.not_after <= at)
    statement = (
        select(
            column.authority,
            func.count().label("issued"),
            func.count(case((is_revoked, 1))).label("revoked"),
            func.count(case((is_expired, 1))).label("expired"),
        )
        .where(column.tenant_id == tenant_id)
        .group_by(column.authority)
    )
    return {row.authority: dict(row._mapping) for row in connection.execute(statement)}


def certificate_of_enterprise(connection: Connection, tenant_id: TenantId, *, serial: str) -> Row | None:
    """The certificate that the enterprise CA issued under this number, whichever of its keys signed it."""
    row = connection.execute(_OF_ENTERPRISE, {"tenant": tenant_id, "serial": serial}).mappings().first()
    return None if row is None else dict(row)


def status(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str
) -> tuple[datetime | None, str | None] | None:
    """When and why the certificate was revoked; None for one that this authority never issued."""
    values = {"tenant": tenant_id, "authority": authority_name, "serial": serial}
    row = connection.execute(_STATUS, values).first()
    return None if row is None else (row[0], row[1])


def change_reason(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str, **values: Any
) -> bool:
    """Change what a certificate on hold says; False for one that is not on hold."""
    statement = update(certificates).where(
        certificates.c.tenant_id == tenant_id,
        certificates.c.authority == authority_name,
        certificates.c.serial == serial,
        certificates.c.revoked_at.is_not(None),
        certificates.c.reason == "certificateHold",
    )
    return connection.execute(statement.values(**values)).rowcount > 0


def waiting_revocations(connection: Connection, tenant_id: TenantId, *, authority_name: str, limit: int) -> list[Row]:
    """Certificates whose revocation was wanted while the authority could not be reached."""
    statement = (
        select(certificates)
        .where(
            certificates.c.tenant_id == tenant_id,
            certificates.c.authority == authority_name,
            certificates.c.revocation_state == "waiting",
        )
        .order_by(certificates.c.serial)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]
