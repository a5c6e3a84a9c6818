"""Pages of the register of issued certificates, with the names of their users and devices: for the console.

One page is read by its keys first: nothing is joined for the rows before it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, and_, func, or_, select, union

from fauxtune.core.model.ids import TenantId, UserId
from fauxtune.core.pki.crl import HOLD
from fauxtune.storage.queries.authorities import DEVICES, ROOT
from fauxtune.storage.reads import every
from fauxtune.storage.rows.certificates import HoldingRow, RegisteredRow
from fauxtune.storage.rows.tenants import JournalRow
from fauxtune.storage.tables import (
    certificates,
    enrollments,
    journal,
    ledger,
    managed_devices,
    pfx_certificates,
    tenants,
    users,
)
from fauxtune.storage.tenancy import of_tenant, rows_of

#: The events of one certificate are looked for among so many of the newest ones: the journal has no index of them.
_NEWEST_EVENTS = 20_000


class Standing(StrEnum):
    """How a certificate stands at a moment, by the register and its times. Those on the CRL are revoked or on hold."""

    GOOD = "good"
    EXPIRED = "expired"
    NOT_YET_VALID = "notYetValid"
    REVOKED = "revoked"
    ON_HOLD = "onHold"
    ON_CRL = "onCrl"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which certificates are wanted. `authority` None: those of all but the root and the devices' authority."""

    authority: str | None = None
    user: UserId | None = None
    text: str = ""
    template: str | None = None
    standing: Standing | None = None


def page(
    connection: Connection, tenant_id: TenantId, *, wanted: Wanted, at: datetime, offset: int, limit: int
) -> list[RegisteredRow]:
    """Return one page of the wanted certificates, newest validity first."""
    chosen = _chosen(tenant_id, wanted, at=at).subquery()
    keys = select(chosen.c.authority, chosen.c.serial).order_by(chosen.c.not_before.desc(), chosen.c.serial.desc())
    order = {(row[0], row[1]): place for place, row in enumerate(connection.execute(keys.offset(offset).limit(limit)))}
    if not order:
        return []
    rows = every(connection, _named(tenant_id, sorted({serial for _, serial in order})), row=RegisteredRow)
    wanted_rows = [row for row in rows if (row.authority, row.serial) in order]
    return sorted(wanted_rows, key=lambda row: order[row.authority, row.serial])


def _named(tenant_id: TenantId, serials: list[str]) -> Select[Any]:
    """Select certificates by their numbers, with the names of their users and devices."""
    column = certificates.c
    name = users.c.document["displayName"].as_string()
    device = func.coalesce(managed_devices.c.device_name, enrollments.c.facts["deviceName"].as_string())
    imported = (
        select(pfx_certificates.c.thumbprint)
        .where(of_tenant(pfx_certificates, tenant_id), pfx_certificates.c.thumbprint == column.thumbprint)
        .exists()
    )
    return (
        select(
            column.authority,
            column.serial,
            column.thumbprint,
            column.subject,
            column.template,
            column.user_id,
            name,
            column.enrollment_id,
            column.item_key,
            device,
            column.not_before,
            column.not_after,
            column.revoked_at,
            column.reason,
            column.revocation_state,
            imported,
        )
        .join(users, of_tenant(users, tenant_id) & (users.c.id == column.user_id), isouter=True)
        .join(enrollments, enrollments.c.id == column.enrollment_id, isouter=True)
        .join(managed_devices, managed_devices.c.enrollment_id == column.enrollment_id, isouter=True)
        .where(of_tenant(column, tenant_id), column.serial.in_(serials))
    )


def with_thumbprints(
    connection: Connection, tenant_id: TenantId, *, thumbprints: Collection[str]
) -> list[RegisteredRow]:
    """Return those of these certificates that an authority of the tenant issued."""
    column = certificates.c
    numbers = select(column.serial).where(of_tenant(column, tenant_id), column.thumbprint.in_(sorted(thumbprints)))
    rows = every(connection, _named(tenant_id, list(connection.scalars(numbers))), row=RegisteredRow)
    return [row for row in rows if row.thumbprint in thumbprints]


def count(connection: Connection, tenant_id: TenantId, *, wanted: Wanted, at: datetime) -> int:
    """Return how many certificates are wanted."""
    statement = select(func.count()).select_from(_chosen(tenant_id, wanted, at=at).subquery())
    return int(connection.execute(statement).scalar_one())


def _chosen(tenant_id: TenantId, wanted: Wanted, *, at: datetime) -> Select[Any] | CompoundSelect[Any]:
    """Select the keys of the wanted certificates. A text is looked for in each of its places by itself: a database
    without statistics would read the whole register for an OR.
    """
    column = certificates.c
    statement = select(column.authority, column.serial, column.not_before).where(
        of_tenant(column, tenant_id),
        column.authority.not_in([ROOT, DEVICES]) if wanted.authority is None else column.authority == wanted.authority,
    )
    if wanted.user is not None:
        statement = statement.where(column.user_id == wanted.user)
    if wanted.template is not None:
        statement = statement.where(column.template == wanted.template)
    if wanted.standing is not None:
        statement = statement.where(_stands(wanted.standing, at=at))
    if not wanted.text:
        return statement
    return union(*(statement.where(place) for place in _places(tenant_id, wanted.text)))


def _stands(standing: Standing, *, at: datetime) -> ColumnElement[bool]:
    column = certificates.c
    valid = column.revoked_at.is_(None)
    match standing:
        case Standing.GOOD:
            return and_(valid, column.not_before <= at, column.not_after > at)
        case Standing.EXPIRED:
            return and_(valid, column.not_after <= at)
        case Standing.NOT_YET_VALID:
            return and_(valid, column.not_before > at)
        case Standing.REVOKED:
            return and_(column.revoked_at.is_not(None), column.reason != HOLD)
        case Standing.ON_HOLD:
            return and_(column.revoked_at.is_not(None), column.reason == HOLD)
        case Standing.ON_CRL:
            return column.revoked_at.is_not(None)
        case Standing.WAITING:
            return column.revocation_state.is_not(None)


def _places(tenant_id: TenantId, text: str) -> list[ColumnElement[bool]]:
    """The name of the user; the subject of certificates without one; the beginning of serial number or thumbprint."""
    column = certificates.c
    named = select(users.c.id).where(
        of_tenant(users, tenant_id),
        or_(
            users.c.upn_key.contains(text.casefold(), autoescape=True),
            func.lower(users.c.document["displayName"].as_string()).contains(text.lower(), autoescape=True),
        ),
    )
    places = [
        column.user_id.in_(named),
        and_(column.user_id.is_(None), func.lower(column.subject).contains(text.lower(), autoescape=True)),
    ]
    digits = text.lower().replace(" ", "").replace(":", "")
    if re.fullmatch(r"[0-9a-f]+", digits):
        places += [(number >= digits) & (number < f"{digits}g") for number in (column.serial, column.thumbprint)]
    return places


def where_held(connection: Connection, tenant_id: TenantId, *, thumbprint: str, limit: int) -> list[HoldingRow]:
    """Return the devices that were given a certificate, or are to be given it, with the names of device and user."""
    name = users.c.document["displayName"].as_string()
    device = func.coalesce(managed_devices.c.device_name, enrollments.c.facts["deviceName"].as_string())
    statement = (
        select(ledger.c.enrollment_id, device, enrollments.c.user_id, name, ledger.c.state, ledger.c.changed_at)
        .join(enrollments, enrollments.c.id == ledger.c.enrollment_id)
        .join(managed_devices, managed_devices.c.enrollment_id == enrollments.c.id, isouter=True)
        .join(users, of_tenant(users, tenant_id) & (users.c.id == enrollments.c.user_id), isouter=True)
        .where(of_tenant(ledger, tenant_id), ledger.c.thumbprint == thumbprint)
        .order_by(device, ledger.c.enrollment_id)
        .limit(limit)
    )
    return every(connection, statement, row=HoldingRow)


def events_of(connection: Connection, tenant_id: TenantId, *, thumbprint: str, limit: int) -> list[JournalRow]:
    """Return the newest events about one certificate, the newest first, of the newest events of the tenant."""
    newest = select(tenants.c.journal_seq).where(tenants.c.id == tenant_id).scalar_subquery()
    statement = (
        rows_of(journal, tenant_id)
        .where(
            journal.c.seq > newest - _NEWEST_EVENTS,
            journal.c.certificate["thumbprint"].as_string() == thumbprint,
        )
        .order_by(journal.c.seq.desc())
        .limit(limit)
    )
    return every(connection, statement, row=JournalRow)
