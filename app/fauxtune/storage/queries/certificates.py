"""The register of issued certificates, and their revocation."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Unpack

from sqlalchemy import Connection, Update, and_, bindparam, case, func, select, true, update

from fauxtune.core.model.ids import EnrollmentId, TenantId, UserId
from fauxtune.core.pki.crl import Revoked
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.queries.authorities import DEVICES, ROOT
from fauxtune.storage.rows.certificates import (
    CertificateChanges,
    CertificateCounts,
    CertificateRow,
    IssuedCertificateRow,
)
from fauxtune.storage.tables import certificates, pfx_certificates, users
from fauxtune.storage.tenancy import across_tenants, by_key, of_tenant, rows_of, same_tenant

#: By either of the names that people and protocols have for a certificate.
_BY_KEY = tuple(
    Prepared(rows_of(certificates).where(column == bindparam("key")))
    for column in (certificates.c.thumbprint, certificates.c.serial)
)
# What every revocation reads and writes.
_BY_SERIAL = Prepared(
    rows_of(certificates).where(
        certificates.c.authority == bindparam("authority"),
        certificates.c.serial == bindparam("serial"),
    )
)
_REVOKE = Prepared(
    update(certificates)
    .where(
        of_tenant(certificates),
        certificates.c.authority == bindparam("named"),
        certificates.c.serial == bindparam("number"),
        certificates.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("at"), reason=bindparam("why"), revocation_state=None)
)
_OF_ENTERPRISE = Prepared(
    rows_of(certificates).where(
        certificates.c.serial == bindparam("serial"),
        certificates.c.authority.not_in([ROOT, DEVICES]),
    )
)
_SEVERAL_OF_ENTERPRISE = Prepared(
    rows_of(certificates).where(
        certificates.c.serial.in_(bindparam("ids", expanding=True)),
        certificates.c.authority.not_in([ROOT, DEVICES]),
    )
)
_STATUS = Prepared(
    select(certificates.c.revoked_at, certificates.c.reason).where(
        of_tenant(certificates),
        certificates.c.authority == bindparam("authority"),
        certificates.c.serial == bindparam("serial"),
    )
)

#: Before every moment. "Is revoked" as a range is found in the index of the revoked; for IS NOT NULL, SQLite without
#: statistics reads the whole register.
_FIRST = datetime(1, 1, 1, tzinfo=UTC)


def add_certificate(connection: Connection, row: CertificateRow) -> None:
    """Add a certificate that an authority issued."""
    writes.add_row(connection, certificates, row=row)


def change_certificate(
    connection: Connection,
    tenant_id: TenantId,
    *,
    authority_name: str,
    serial: str,
    **changes: Unpack[CertificateChanges],
) -> None:
    """Change columns of a certificate's record."""
    where = {"tenant_id": tenant_id, "authority": authority_name, "serial": serial}
    writes.change(connection, certificates, where=where, values=changes)


def certificate(connection: Connection, tenant_id: TenantId, *, key: str) -> CertificateRow | None:
    """Return the issued certificate with this serial number or thumbprint (hex, in any case)."""
    values = {"tenant": tenant_id, "key": key.lower()}
    for statement in _BY_KEY:
        row = reads.first(connection, statement, row=CertificateRow, values=values)
        if row is not None:
            return row
    return None


def certificate_by_serial(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str
) -> CertificateRow | None:
    """Return the certificate that this authority issued under this number."""
    values = {"tenant": tenant_id, "authority": authority_name, "serial": serial}
    return reads.first(connection, _BY_SERIAL, row=CertificateRow, values=values)


def certificate_of_enterprise(connection: Connection, tenant_id: TenantId, *, serial: str) -> CertificateRow | None:
    """Return the certificate that the enterprise CA issued under this number, whichever of its keys signed it."""
    values = {"tenant": tenant_id, "serial": serial}
    return reads.first(connection, _OF_ENTERPRISE, row=CertificateRow, values=values)


def certificates_of_enterprise(
    connection: Connection, tenant_id: TenantId, *, serials: Collection[str]
) -> dict[str, CertificateRow]:
    """Return the certificates that the enterprise CA issued under these numbers, by number."""
    rows = reads.many(connection, _SEVERAL_OF_ENTERPRISE, row=CertificateRow, ids=serials, values={"tenant": tenant_id})
    return {row.serial: row for row in rows}


def issued(
    connection: Connection, tenant_id: TenantId, *, authority_name: str | None = None, user_id: UserId | None = None
) -> list[IssuedCertificateRow]:
    """Return the certificates that an authority issued, newest validity first. Without a name: those of the enterprise
    CA, with whichever of its keys.
    """
    imported = (
        select(pfx_certificates.c.thumbprint)
        .where(
            same_tenant(pfx_certificates, certificates),
            pfx_certificates.c.thumbprint == certificates.c.thumbprint,
        )
        .exists()
    )
    statement = select(certificates, imported).where(
        of_tenant(certificates, tenant_id),
        certificates.c.authority.not_in([ROOT, DEVICES])
        if authority_name is None
        else certificates.c.authority == authority_name,
    )
    if user_id is not None:
        statement = statement.where(certificates.c.user_id == user_id)
    statement = statement.order_by(certificates.c.not_before.desc(), certificates.c.serial)
    return reads.every(connection, statement, row=IssuedCertificateRow)


def certificates_on_device(
    connection: Connection, tenant_id: TenantId, *, enrollment_id: EnrollmentId, thumbprints: Collection[str]
) -> list[CertificateRow]:
    """Return the certificates that the enterprise CA issued for a device, and those with these thumbprints; the oldest
    first.
    """
    # Two statements, each by its index: SQLite would read all of a tenant for an OR, and for a device with its tenant.
    column = certificates.c
    issued = select(certificates).where(by_key(column.enrollment_id, enrollment_id))
    named = rows_of(certificates, tenant_id).where(column.thumbprint.in_(sorted(thumbprints)))
    rows = {
        (row.authority, row.serial): row
        for statement in (issued, named)
        for row in reads.every(connection, statement, row=CertificateRow)
        if row.authority not in {ROOT, DEVICES}
    }
    return sorted(rows.values(), key=lambda row: (row.not_before, row.serial))


def certificate_counts(connection: Connection, tenant_id: TenantId, *, at: datetime) -> dict[str, CertificateCounts]:
    """Return, for each authority that issued anything, how many certificates it issued."""
    column = certificates.c
    is_revoked = column.revoked_at.is_not(None)
    is_expired = and_(column.revoked_at.is_(None), column.not_after <= at)
    # By the column itself, SQLite would read every row in the order of the primary key, for want of statistics; grouped
    # by a text of it, it counts in the index of lists.
    name = column.authority + ""
    statement = (
        select(name, func.count(), func.count(case((is_revoked, 1))), func.count(case((is_expired, 1))))
        .where(of_tenant(column, tenant_id))
        .group_by(name)
    )
    return {row[0]: CertificateCounts(*row[1:]) for row in connection.execute(statement)}


def status(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str
) -> tuple[datetime | None, str | None] | None:
    """Return when and why the certificate was revoked; None for one that this authority never issued."""
    values = {"tenant": tenant_id, "authority": authority_name, "serial": serial}
    row = _STATUS.first(connection, values)
    return None if row is None else (row[0], row[1])


def revocations(
    connection: Connection, tenant_id: TenantId, *, thumbprints: Collection[str]
) -> dict[str, datetime | None]:
    """Return when those of these certificates were revoked that an authority of the tenant issued, by thumbprint; None
    for one that was not revoked.
    """
    column = certificates.c
    statement = select(column.thumbprint, column.revoked_at).where(
        of_tenant(column, tenant_id), column.thumbprint.in_(sorted(thumbprints))
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def revoked(connection: Connection, tenant_id: TenantId, *, authority_name: str) -> list[Revoked]:
    """Return the entries of the authority's CRL, by serial number."""
    statement = select(certificates.c.serial, certificates.c.revoked_at, certificates.c.reason).where(
        of_tenant(certificates, tenant_id),
        certificates.c.authority == authority_name,
        certificates.c.revoked_at >= _FIRST,
    )
    # Sorted here: for an order SQLite would read all certificates in that of the primary key.
    rows = sorted(connection.execute(statement), key=lambda row: str(row[0]))
    return [Revoked(int(serial, 16), at, reason) for serial, at, reason in rows]


def revoke(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str, at: datetime, reason: str
) -> bool:
    """Revoke a certificate. Return False when it was revoked already (date and reason stay) or is unknown."""
    values = {"tenant": tenant_id, "named": authority_name, "number": serial, "at": at, "why": reason}
    return _REVOKE.run(connection, values) > 0


def change_reason(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str, reason: str
) -> bool:
    """Change the reason of a certificate on hold; return False for one that is not on hold."""
    statement = _on_hold(tenant_id, authority_name, serial=serial).values(reason=reason)
    return connection.execute(statement).rowcount > 0


def release(connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str) -> bool:
    """Take a certificate on hold from the CRL; return False for one that is not on hold."""
    statement = _on_hold(tenant_id, authority_name, serial=serial).values(revoked_at=None, reason=None)
    return connection.execute(statement).rowcount > 0


def _on_hold(tenant_id: TenantId, authority_name: str, *, serial: str) -> Update:
    return update(certificates).where(
        of_tenant(certificates, tenant_id),
        certificates.c.authority == authority_name,
        certificates.c.serial == serial,
        certificates.c.revoked_at.is_not(None),
        certificates.c.reason == "certificateHold",
    )


def waiting_revocations(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, limit: int
) -> list[CertificateRow]:
    """Return certificates whose revocation waits until the authority can be reached."""
    statement = (
        rows_of(certificates, tenant_id)
        .where(
            certificates.c.authority == authority_name,
            certificates.c.revocation_state == "waiting",
        )
        .order_by(certificates.c.serial)
        .limit(limit)
    )
    return reads.every(connection, statement, row=CertificateRow)


def asked_revocations(
    connection: Connection, tenant_id: TenantId, *, before: datetime, serial: str | None = None, limit: int = 500
) -> list[CertificateRow]:
    """Return certificates that a connector is to have revoked (or the one of this number), asked no later than
    `before`.
    """
    statement = (
        rows_of(certificates, tenant_id)
        .where(
            certificates.c.revocation_state == "asked",
            certificates.c.revocation_asked_at <= before,
            certificates.c.serial == serial if serial is not None else true(),
        )
        .order_by(certificates.c.revocation_asked_at, certificates.c.serial)
        .limit(limit)
    )
    return reads.every(connection, statement, row=CertificateRow)


def ask_refused_again(connection: Connection, tenant_id: TenantId, *, authority_name: str, at: datetime) -> None:
    """Ask the connectors again for the revocations that were refused at this authority."""
    where = {"tenant_id": tenant_id, "authority": authority_name, "revocation_state": "refused"}
    values = {"revocation_state": "asked", "revocation_asked_at": at}
    writes.change(connection, certificates, where=where, values=values)


def tenants_with_asked_revocations(connection: Connection) -> list[TenantId]:
    """Return the tenants where a connector has certificates to revoke."""
    all_tenants = select(certificates.c.tenant_id).where(certificates.c.revocation_state == "asked").distinct()
    statement = across_tenants(all_tenants, "connectors of all tenants are served")
    return [TenantId(row[0]) for row in connection.execute(statement)]


def name_of_user(connection: Connection, tenant_id: TenantId, *, user_id: UserId) -> str | None:
    """Return the userPrincipalName of a user that still exists."""
    name: str | None = connection.execute(
        select(users.c.document["userPrincipalName"].as_string()).where(
            of_tenant(users, tenant_id), users.c.id == user_id
        )
    ).scalar_one_or_none()
    return name
