"""Imported certificates with their PFX files.

The console's pages of them have their people, and how many devices have each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, Unpack

from sqlalchemy import Connection, Select, bindparam, func, or_, select, type_coerce

from fauxtune.core.model.ids import TenantId, UserId
from fauxtune.core.model.states import ItemState
from fauxtune.core.profiles.family import ImportedCertificate
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.columns import Moment
from fauxtune.storage.reads import every
from fauxtune.storage.rows.certificates import ImportedLineRow, PfxChanges, PfxRecordRow, PfxRow
from fauxtune.storage.tables import certificates, ledger, pfx_certificates, users
from fauxtune.storage.tenancy import of_tenant, of_tenant_unindexed, rows_of, same_tenant

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


def imported_page(
    connection: Connection,
    tenant_id: TenantId,
    *,
    user: UserId | None = None,
    text: str = "",
    offset: int = 0,
    limit: int,
) -> list[ImportedLineRow]:
    """Return one page of the imported certificates of one user, or of all whose name or address contains the text: by
    user, of each the one that ends last first.
    """
    chosen = _chosen(tenant_id, user=user, text=text)
    keys = connection.execute(
        chosen.order_by(users.c.upn_key, pfx_certificates.c.thumbprint).offset(offset).limit(limit)
    ).all()
    if not keys:
        return []
    people, thumbprints = sorted({row[0] for row in keys}), sorted({row[1] for row in keys})
    rows = _rows(connection, tenant_id, people=people, thumbprints=thumbprints)
    page = [rows[row[0], row[1]] for row in keys if (row[0], row[1]) in rows]
    order = {person: place for place, person in enumerate(dict.fromkeys(row.user_id for row in page))}
    ends = {id(row): -row.not_after.timestamp() if row.not_after else 0.0 for row in page}
    return sorted(page, key=lambda row: (order[row.user_id], ends[id(row)]))


def imported_one(
    connection: Connection, tenant_id: TenantId, *, user: UserId, thumbprint: str
) -> ImportedLineRow | None:
    """Return one imported certificate."""
    return _rows(connection, tenant_id, people=[user], thumbprints=[thumbprint]).get((user, thumbprint))


def imported_count(connection: Connection, tenant_id: TenantId, *, user: UserId | None = None, text: str = "") -> int:
    """Return how many there are."""
    counted = select(func.count()).select_from(_chosen(tenant_id, user=user, text=text).subquery())
    return int(connection.execute(counted).scalar_one())


def _rows(
    connection: Connection, tenant_id: TenantId, *, people: Sequence[str], thumbprints: Sequence[str]
) -> dict[tuple[str, str], ImportedLineRow]:
    rows = every(connection, _details(tenant_id, people=people, thumbprints=thumbprints), row=ImportedLineRow)
    held = _devices(connection, tenant_id, people=people, thumbprints=thumbprints)
    keys = [(str(row.user_id), row.thumbprint) for row in rows]
    return {key: replace(row, devices=held.get(key, 0)) for key, row in zip(keys, rows, strict=True)}


def _chosen(tenant_id: TenantId, *, user: UserId | None, text: str) -> Select[Any]:
    record = pfx_certificates.c
    statement = (
        select(record.user_id, record.thumbprint)
        .join(users, same_tenant(users, record) & (users.c.id == record.user_id))
        .where(of_tenant(users, tenant_id))
    )
    if user is not None:
        statement = statement.where(users.c.id == user)
    if text:
        name = users.c.document["displayName"].as_string()
        statement = statement.where(
            or_(
                users.c.upn_key.contains(text.casefold(), autoescape=True),
                func.lower(name).contains(text.lower(), autoescape=True),
            )
        )
    return statement


def _details(tenant_id: TenantId, *, people: Sequence[str], thumbprints: Sequence[str]) -> Select[Any]:
    record, issued = pfx_certificates.c, certificates.c
    return (
        select(
            record.user_id,
            users.c.document["displayName"].as_string(),
            record.thumbprint,
            record.purpose,
            record.provider,
            record.key_name,
            record.verified,
            type_coerce(record.document["startDateTime"].as_string(), Moment),
            record.not_after,
            issued.serial,
            issued.revoked_at,
            issued.reason,
        )
        .join(users, same_tenant(users, record) & (users.c.id == record.user_id))
        .join(
            certificates,
            same_tenant(issued, record) & (issued.thumbprint == record.thumbprint),
            isouter=True,
        )
        .where(of_tenant(record, tenant_id), record.user_id.in_(people), record.thumbprint.in_(thumbprints))
    )


def _devices(
    connection: Connection, tenant_id: TenantId, *, people: Sequence[str], thumbprints: Sequence[str]
) -> dict[tuple[str, str], int]:
    """Return how many devices of a user have a certificate."""
    statement = (
        select(ledger.c.user_id, ledger.c.thumbprint, func.count())
        .where(
            of_tenant_unindexed(ledger, tenant_id),
            ledger.c.user_id.in_(people),
            ledger.c.thumbprint.in_(thumbprints),
            ledger.c.state.in_([ItemState.INSTALLED.value, ItemState.KEPT.value, ItemState.REMOVING.value]),
        )
        .group_by(ledger.c.user_id, ledger.c.thumbprint)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(statement)}
