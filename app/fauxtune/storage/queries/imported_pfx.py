"""Imported certificates with their PFX files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, type_coerce

from fauxtune.core.model.ids import TenantId
from fauxtune.core.profiles.world import ImportedCertificate
from fauxtune.storage import writes
from fauxtune.storage.tables import pfx_certificates
from fauxtune.storage.tables.base import Moment

Row = dict[str, Any]

_IMPORTED = (
    select(
        pfx_certificates.c.thumbprint,
        pfx_certificates.c.purpose,
        pfx_certificates.c.fingerprint,
        type_coerce(pfx_certificates.c.document["startDateTime"].as_string(), Moment),
        pfx_certificates.c.not_after,
    )
    .where(pfx_certificates.c.tenant_id == bindparam("tenant"), pfx_certificates.c.user_id == bindparam("user"))
    .order_by(pfx_certificates.c.thumbprint)
)
_PFX = select(pfx_certificates).where(
    pfx_certificates.c.tenant_id == bindparam("tenant"),
    pfx_certificates.c.user_id == bindparam("user"),
    pfx_certificates.c.thumbprint == bindparam("thumbprint"),
)


def imported_everywhere(connection: Connection, tenant_id: TenantId, *, thumbprint: str) -> list[Row]:
    """The records under which a certificate was imported, for whichever users; without the PFX files."""
    record = pfx_certificates.c
    statement = (
        select(record.user_id, record.purpose, record.document, record.certificate)
        .where(pfx_certificates.c.tenant_id == tenant_id, pfx_certificates.c.thumbprint == thumbprint)
        .order_by(pfx_certificates.c.user_id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def is_imported(connection: Connection, tenant_id: TenantId, *, thumbprint: str) -> bool:
    """Has somebody imported this certificate?"""
    statement = select(pfx_certificates.c.thumbprint).where(
        pfx_certificates.c.tenant_id == tenant_id, pfx_certificates.c.thumbprint == thumbprint
    )
    return connection.execute(statement.limit(1)).first() is not None


def pfx(connection: Connection, tenant_id: TenantId, *, user_id: str, thumbprint: str) -> Row | None:
    """One imported certificate, with its PFX file."""
    return _one(connection, _PFX, values={"tenant": tenant_id, "user": user_id, "thumbprint": thumbprint})


def imported_of_user(connection: Connection, tenant_id: TenantId, *, user_id: str) -> tuple[ImportedCertificate, ...]:
    """All imported certificates of a user, as the engine reads them."""
    found = connection.execute(_IMPORTED, {"tenant": tenant_id, "user": user_id})
    return tuple(ImportedCertificate(*row) for row in found)


def add_pfx(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new imported certificate."""
    writes.add(connection, pfx_certificates, tenant_id=tenant_id, **values)


def change_pfx(connection: Connection, tenant_id: TenantId, *, user_id: str, thumbprint: str, **values: Any) -> None:
    """Change columns of an imported certificate."""
    where = {"tenant_id": tenant_id, "user_id": user_id, "thumbprint": thumbprint}
    writes.change(connection, pfx_certificates, where=where, values=values)


def delete_pfx(connection: Connection, tenant_id: TenantId, *, user_id: str, thumbprint: str) -> None:
    """The record and its file; nothing is revoked."""
    writes.remove(connection, pfx_certificates, tenant_id=tenant_id, user_id=user_id, thumbprint=thumbprint)


def pfx_files(
    connection: Connection, tenant_id: TenantId, *, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], bytes]:
    """The PFX files of these (user id, thumbprint) pairs; those that are gone are left out."""
    wanted = set(pairs)
    statement = select(pfx_certificates.c.user_id, pfx_certificates.c.thumbprint, pfx_certificates.c.pfx).where(
        pfx_certificates.c.tenant_id == tenant_id,
        pfx_certificates.c.user_id.in_(sorted({user for user, _ in wanted})),
        pfx_certificates.c.thumbprint.in_(sorted({thumbprint for _, thumbprint in wanted})),
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(statement) if (row[0], row[1]) in wanted}


def _one(connection: Connection, statement: Select[Any], *, values: Row | None = None) -> Row | None:
    row = connection.execute(statement, values or {}).mappings().first()
    return None if row is None else dict(row)
