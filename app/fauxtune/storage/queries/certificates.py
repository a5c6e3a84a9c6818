"""The register of issued certificates, and their revocation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, case, func, select, true, update

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.queries.authorities import DEVICES, ROOT
from fauxtune.storage.tables import certificates, pfx_certificates, users

Row = dict[str, Any]

# What every revocation asks and writes.
_BY_SERIAL = select(certificates).where(
    certificates.c.tenant_id == bindparam("tenant"),
    certificates.c.authority == bindparam("authority"),
    certificates.c.serial == bindparam("serial"),
)
_REVOKE = (
    update(certificates)
    .where(
        certificates.c.tenant_id == bindparam("tenant"),
        certificates.c.authority == bindparam("named"),
        certificates.c.serial == bindparam("number"),
        certificates.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("at"), reason=bindparam("why"), revocation_state=None)
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


def add_certificate(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A certificate that an authority issued."""
    writes.add(connection, certificates, tenant_id=tenant_id, **values)


def change_certificate(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str, **values: Any
) -> None:
    """Change columns of a certificate's record."""
    where = {"tenant_id": tenant_id, "authority": authority_name, "serial": serial}
    writes.change(connection, certificates, where=where, values=values)


def certificate(connection: Connection, tenant_id: TenantId, *, key: str) -> Row | None:
    """The issued certificate with this serial number or thumbprint (lower-case hex)."""
    wanted = key.lower()
    for column in (certificates.c.thumbprint, certificates.c.serial):
        found = _one(connection, select(certificates).where(certificates.c.tenant_id == tenant_id, column == wanted))
        if found is not None:
            return found
    return None


def certificate_by_serial(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str
) -> Row | None:
    """The certificate that this authority issued under this number."""
    values = {"tenant": tenant_id, "authority": authority_name, "serial": serial}
    return _one(connection, _BY_SERIAL, values=values)


def issued(
    connection: Connection, tenant_id: TenantId, *, authority_name: str | None = None, user_id: str | None = None
) -> list[Row]:
    """What an authority issued (unless one is named: the enterprise CA, with whichever of its keys), newest validity
    first; with `imported`: a PFX record has the same thumbprint.
    """
    imported = (
        select(pfx_certificates.c.thumbprint)
        .where(
            pfx_certificates.c.tenant_id == certificates.c.tenant_id,
            pfx_certificates.c.thumbprint == certificates.c.thumbprint,
        )
        .exists()
    )
    statement = select(certificates, imported.label("imported")).where(
        certificates.c.tenant_id == tenant_id,
        certificates.c.authority.not_in([ROOT, DEVICES])
        if authority_name is None
        else certificates.c.authority == authority_name,
    )
    if user_id is not None:
        statement = statement.where(certificates.c.user_id == user_id)
    statement = statement.order_by(certificates.c.not_before.desc(), certificates.c.serial)
    return [dict(row) for row in connection.execute(statement).mappings()]


def revoked(connection: Connection, tenant_id: TenantId, *, authority_name: str) -> list[Row]:
    """What is on the authority's CRL."""
    statement = (
        select(certificates.c.serial, certificates.c.revoked_at, certificates.c.reason)
        .where(
            certificates.c.tenant_id == tenant_id,
            certificates.c.authority == authority_name,
            certificates.c.revoked_at.is_not(None),
        )
        .order_by(certificates.c.serial)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def revoke(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str, at: datetime, reason: str
) -> bool:
    """Revoke; False when it was revoked already or is unknown: its first date and reason stay."""
    values = {"tenant": tenant_id, "named": authority_name, "number": serial, "at": at, "why": reason}
    return connection.execute(_REVOKE, values).rowcount > 0


def name_of_user(connection: Connection, tenant_id: TenantId, *, user_id: str) -> str | None:
    """The userPrincipalName of a user that still exists."""
    found: str | None = connection.execute(
        select(users.c.document["userPrincipalName"].as_string()).where(
            users.c.tenant_id == tenant_id, users.c.id == user_id
        )
    ).scalar_one_or_none()
    return found


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


def asked_revocations(
    connection: Connection, tenant_id: TenantId, *, before: datetime, serial: str | None = None, limit: int = 500
) -> list[Row]:
    """Certificates that a connector is to have revoked (or the one of this number), asked at `before` at the latest."""
    statement = (
        select(certificates)
        .where(
            certificates.c.tenant_id == tenant_id,
            certificates.c.revocation_state == "asked",
            certificates.c.revocation_asked_at <= before,
            certificates.c.serial == serial if serial is not None else true(),
        )
        .order_by(certificates.c.revocation_asked_at, certificates.c.serial)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def ask_refused_again(connection: Connection, tenant_id: TenantId, *, authority_name: str, at: datetime) -> None:
    """What was refused to the connector at this authority is asked anew."""
    where = {"tenant_id": tenant_id, "authority": authority_name, "revocation_state": "refused"}
    values = {"revocation_state": "asked", "revocation_asked_at": at}
    writes.change(connection, certificates, where=where, values=values)


def tenants_with_asked_revocations(connection: Connection) -> list[str]:
    """Where a connector has something to revoke."""
    statement = select(certificates.c.tenant_id).where(certificates.c.revocation_state == "asked").distinct()
    return [row[0] for row in connection.execute(statement)]


def _one(connection: Connection, statement: Select[Any], *, values: Row | None = None) -> Row | None:
    row = connection.execute(statement, values or {}).mappings().first()
    return None if row is None else dict(row)
