"""Imported certificates with their PFX files."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Unpack

from sqlalchemy import Connection, bindparam, select, type_coerce

from fauxtune.core.model.ids import TenantId, UserId
from fauxtune.core.profiles.family import ImportedCertificate
from fauxtune.storage import reads, writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.rows.certificates import PfxChanges, PfxRecordRow, PfxRow
from fauxtune.storage.tables import pfx_certificates
from fauxtune.storage.tables.base import Moment
from fauxtune.storage.tenancy import of_tenant, rows_of

_IMPORTED = Prepared(
    select(
        pfx_certificates.c.user_id,
        pfx_certificates.c.thumbprint,
        pfx_certificates.c.purpose,
        pfx_certificates.c.fingerprint,
        type_coerce(pfx_certificates.c.document["startDateTime"].as_string(), Moment),
        pfx_certificates.c.not_after,
    )
    .where(
        of_tenant(pfx_certificates),
        pfx_certificates.c.user_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(pfx_certificates.c.thumbprint)
)
_PFX = Prepared(
    rows_of(pfx_certificates).where(
        pfx_certificates.c.user_id == bindparam("user"),
        pfx_certificates.c.thumbprint == bindparam("thumbprint"),
    )
)
_AMONG = (
    of_tenant(pfx_certificates),
    pfx_certificates.c.user_id.in_(bindparam("users", expanding=True)),
    pfx_certificates.c.thumbprint.in_(bindparam("thumbprints", expanding=True)),
)
_ROWS = Prepared(select(pfx_certificates).where(*_AMONG))
_FILES = Prepared(
    select(pfx_certificates.c.user_id, pfx_certificates.c.thumbprint, pfx_certificates.c.pfx).where(*_AMONG)
)


def pfx(connection: Connection, tenant_id: TenantId, *, user_id: UserId, thumbprint: str) -> PfxRow | None:
    """Return one imported certificate, with its PFX file."""
    values = {"tenant": tenant_id, "user": user_id, "thumbprint": thumbprint}
    return reads.first(connection, _PFX, row=PfxRow, values=values)


def pfx_rows(
    connection: Connection, tenant_id: TenantId, *, pairs: Iterable[tuple[UserId, str]]
) -> dict[tuple[UserId, str], PfxRow]:
    """Return the imported certificates of these (user id, thumbprint) pairs, without those that are deleted."""
    keys = set(pairs)
    if not keys:
        return {}
    rows = reads.every(connection, _ROWS, row=PfxRow, values=_bounds(tenant_id, keys))
    return {(row.user_id, row.thumbprint): row for row in rows if (row.user_id, row.thumbprint) in keys}


def pfx_files(
    connection: Connection, tenant_id: TenantId, *, pairs: Iterable[tuple[UserId, str]]
) -> dict[tuple[UserId, str], bytes]:
    """Return the PFX files of these (user id, thumbprint) pairs, without those that are deleted."""
    keys = set(pairs)
    if not keys:
        return {}
    rows = _FILES.every(connection, _bounds(tenant_id, keys))
    return {(row[0], row[1]): row[2] for row in rows if (row[0], row[1]) in keys}


def _bounds(tenant_id: TenantId, keys: Collection[tuple[UserId, str]]) -> dict[str, Any]:
    users, thumbprints = ({key[place] for key in keys} for place in (0, 1))
    return {"tenant": tenant_id, "users": sorted(users), "thumbprints": sorted(thumbprints)}


def imported_of_users(
    connection: Connection, tenant_id: TenantId, *, user_ids: Collection[UserId]
) -> dict[UserId, tuple[ImportedCertificate, ...]]:
    """Return all imported certificates of each of these users, as the engine reads them."""
    imported: dict[UserId, list[ImportedCertificate]] = {user_id: [] for user_id in user_ids}
    for some in reads.in_parts(user_ids):
        for user_id, *columns in _IMPORTED.every(connection, {"tenant": tenant_id, "ids": some}):
            imported[user_id].append(ImportedCertificate(*columns))
    return {user_id: tuple(certificates) for user_id, certificates in imported.items()}


def records_of_thumbprint(connection: Connection, tenant_id: TenantId, *, thumbprint: str) -> list[PfxRecordRow]:
    """Return the records under which a certificate was imported, of all users, without the PFX files."""
    record = pfx_certificates.c
    statement = (
        select(record.user_id, record.purpose, record.document, record.certificate)
        .where(of_tenant(record, tenant_id), record.thumbprint == thumbprint)
        .order_by(record.user_id)
    )
    return reads.every(connection, statement, row=PfxRecordRow)


def is_imported(connection: Connection, tenant_id: TenantId, *, thumbprint: str) -> bool:
    """Whether this certificate was imported for any user."""
    statement = select(pfx_certificates.c.thumbprint).where(
        of_tenant(pfx_certificates, tenant_id), pfx_certificates.c.thumbprint == thumbprint
    )
    return connection.execute(statement.limit(1)).first() is not None


def add_pfx(connection: Connection, row: PfxRow) -> None:
    """Add an imported certificate."""
    writes.add_row(connection, pfx_certificates, row=row)


def change_pfx(
    connection: Connection, tenant_id: TenantId, *, user_id: UserId, thumbprint: str, **changes: Unpack[PfxChanges]
) -> None:
    """Change columns of an imported certificate."""
    where = {"tenant_id": tenant_id, "user_id": user_id, "thumbprint": thumbprint}
    writes.change(connection, pfx_certificates, where=where, values=changes)


def delete_pfx(connection: Connection, tenant_id: TenantId, *, user_id: UserId, thumbprint: str) -> None:
    """Delete the record and its file; nothing is revoked."""
    writes.remove(connection, pfx_certificates, tenant_id=tenant_id, user_id=user_id, thumbprint=thumbprint)
