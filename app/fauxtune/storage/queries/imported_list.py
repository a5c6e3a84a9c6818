"""Pages of the imported certificates, with their people and how many devices have them: for the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, type_coerce

from fauxtune.core.model.ids import TenantId, UserId
from fauxtune.core.model.states import ItemState
from fauxtune.storage.reads import every
from fauxtune.storage.rows.certificates import ImportedLineRow
from fauxtune.storage.tables import certificates, ledger, pfx_certificates, users
from fauxtune.storage.tables.base import Moment
from fauxtune.storage.tenancy import of_tenant, same_tenant


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
            of_tenant(ledger, tenant_id),
            ledger.c.user_id.in_(people),
            ledger.c.thumbprint.in_(thumbprints),
            ledger.c.state.in_([ItemState.INSTALLED.value, ItemState.KEPT.value, ItemState.REMOVING.value]),
        )
        .group_by(ledger.c.user_id, ledger.c.thumbprint)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(statement)}
