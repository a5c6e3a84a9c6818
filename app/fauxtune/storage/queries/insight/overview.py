"""What the console's pages show of many devices at once: people by page, their devices, and what those hold."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from fauxtune.core.model.ids import EnrollmentId, TenantId, UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.storage.queries.authorities import DEVICES
from fauxtune.storage.queries.devices import with_names
from fauxtune.storage.reads import every
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.ledger import ledger_row
from fauxtune.storage.tables import certificates, enrollments, ledger, pfx_certificates, users
from fauxtune.storage.tenancy import of_tenant, rows_of


def people(
    connection: Connection, tenant_id: TenantId, *, text: str = "", offset: int = 0, limit: int
) -> tuple[list[UserRow], int]:
    """Return one page of the users whose name or address contains the text, in the order of their
    userPrincipalNames, and how many there are in all.
    """
    statement = rows_of(users, tenant_id)
    if text:
        name = users.c.document["displayName"].as_string()
        statement = statement.where(
            or_(
                users.c.upn_key.contains(text.casefold(), autoescape=True),
                func.lower(name).contains(text.lower(), autoescape=True),
            )
        )
    page = statement.order_by(users.c.upn_key).offset(offset).limit(limit)
    return every(connection, page, row=UserRow), _count(connection, statement)


def enrollments_of(
    connection: Connection, tenant_id: TenantId, *, users: Collection[UserId]
) -> list[NamedEnrollmentRow]:
    """Return the enrolments of these users, ended ones too, oldest first."""
    if not users:
        return []
    return every(
        connection, with_names(tenant_id).where(enrollments.c.user_id.in_(sorted(users))), row=NamedEnrollmentRow
    )


def enrollments_without_user(
    connection: Connection, tenant_id: TenantId, *, offset: int = 0, limit: int
) -> tuple[list[NamedEnrollmentRow], int]:
    """Return one page of the enrolments without a user, oldest first, and how many there are in all."""
    statement = with_names(tenant_id).where(enrollments.c.user_id.is_(None))
    rows = every(connection, statement.offset(offset).limit(limit), row=NamedEnrollmentRow)
    return rows, _count(connection, statement)


def device_names(
    connection: Connection, tenant_id: TenantId, *, ids: Collection[EnrollmentId]
) -> dict[EnrollmentId, str]:
    """Return the names of these devices, by enrolment; those without a name are left out."""
    if not ids:
        return {}
    rows = every(connection, with_names(tenant_id).where(enrollments.c.id.in_(sorted(ids))), row=NamedEnrollmentRow)
    return {row.id: row.device_name for row in rows if row.device_name}


def ledgers_of(
    connection: Connection, tenant_id: TenantId, *, devices: Collection[EnrollmentId]
) -> dict[EnrollmentId, list[LedgerRow]]:
    """Return the items of these devices, without those that were removed, in the order of their keys."""
    if not devices:
        return {}
    statement = rows_of(ledger, tenant_id).where(
        ledger.c.enrollment_id.in_(sorted(devices)),
        ledger.c.state != ItemState.REMOVED.value,
    )
    items: dict[EnrollmentId, list[LedgerRow]] = {}
    for row in connection.execute(statement.order_by(ledger.c.enrollment_id, ledger.c.item_key)).mappings():
        items.setdefault(EnrollmentId(row["enrollment_id"]), []).append(ledger_row(row))
    return items


def _count(connection: Connection, statement: Select[Any]) -> int:
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    return int(connection.execute(counted).scalar_one())


def live_device_counts(connection: Connection, tenant_id: TenantId, *, users: Collection[UserId]) -> dict[UserId, int]:
    """Return how many enrolments of each of these users have not ended; one statement for all."""
    statement = (
        select(enrollments.c.user_id, func.count())
        .where(
            of_tenant(enrollments, tenant_id),
            enrollments.c.user_id.in_(sorted(users)),
            enrollments.c.state != EnrollmentState.ENDED.value,
        )
        .group_by(enrollments.c.user_id)
    )
    return {UserId(user): int(number) for user, number in connection.execute(statement)}


def certificate_counts_of(
    connection: Connection, tenant_id: TenantId, *, users: Collection[UserId]
) -> dict[UserId, int]:
    """Return how many certificates each of these users has, imported and issued, each once; one statement for all."""
    issued = select(certificates.c.user_id, certificates.c.thumbprint).where(
        of_tenant(certificates, tenant_id),
        certificates.c.user_id.in_(sorted(users)),
        certificates.c.authority != DEVICES,
    )
    imported = select(pfx_certificates.c.user_id, pfx_certificates.c.thumbprint).where(
        of_tenant(pfx_certificates, tenant_id), pfx_certificates.c.user_id.in_(sorted(users))
    )
    every_one = issued.union(imported).subquery()
    statement = select(every_one.c.user_id, func.count()).group_by(every_one.c.user_id)
    return {UserId(user): int(number) for user, number in connection.execute(statement)}
