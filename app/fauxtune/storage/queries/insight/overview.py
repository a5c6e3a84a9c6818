"""What the console's pages show of many devices at once: people by page, their devices, and what those hold; the list
of all devices, one page of it, filtered and sorted; and how many devices are in which state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal_column, or_, select

from fauxtune.core.model.ids import EnrollmentId, TenantId, UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.storage.queries.authorities import DEVICES
from fauxtune.storage.queries.devices import with_names
from fauxtune.storage.queries.insight.diagnosis import devices_by_id
from fauxtune.storage.reads import every
from fauxtune.storage.rows.devices import ListedDeviceRow, NamedEnrollmentRow
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.ledger import ledger_row
from fauxtune.storage.tables import certificates, enrollments, ledger, managed_devices, pfx_certificates, users
from fauxtune.storage.tenancy import by_keys, of_tenant, rows_of, same_tenant


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
    rows = devices_by_id(connection, tenant_id, ids=ids)
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


class DeviceState(StrEnum):
    """What a list is filtered by. A device can be enrolled, wait, and have failed items at the same time."""

    ENROLLED = "enrolled"
    WAITING = "waiting"
    FAILED = "failed"
    ENDING = "ending"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """The devices that a list shows. `text`: a part of the device's name or serial number, or of its user's name."""

    now: datetime
    text: str = ""
    platform: Platform | None = None
    state: DeviceState | None = None


def devices(
    connection: Connection,
    tenant_id: TenantId,
    *,
    matching: DeviceFilter,
    by_check_in: bool = False,
    offset: int = 0,
    limit: int,
    total: int | None = None,
) -> tuple[list[ListedDeviceRow], int]:
    """Return one page of the enrolments, in the order of their names or of their last check-ins, the latest first, and
    how many there are in all: `total`, if that is known. Those that have ended come last.
    """
    if total is not None and total <= offset:
        return [], total
    name = func.lower(_NAME)
    order = enrollments.c.last_checkin_at.desc().nulls_last() if by_check_in else name
    # One pass finds the page and counts all, if need be. Wide columns are read only for the page.
    chosen = _chosen(tenant_id, matching)
    has_ended = case((enrollments.c.state == EnrollmentState.ENDED.value, 1), else_=0)
    counted = chosen if total is not None else chosen.add_columns(func.count().over())
    ordered = counted.order_by(has_ended, order, name, enrollments.c.id)
    page = connection.execute(ordered.offset(offset).limit(limit)).all()
    if not page and offset:  # behind the last page
        return [], int(connection.execute(chosen.with_only_columns(func.count())).scalar_one())
    if total is None:
        total = int(page[0][1]) if page else 0
    return _rows(connection, ids=[row[0] for row in page]), total


def total_of(matching: DeviceFilter, counts: Mapping[DeviceState, int]) -> int | None:
    """Return how many devices a list has, from how many are in each state; None where that does not tell."""
    if matching.text or matching.platform is not None:
        return None
    if matching.state is not None:
        return counts[matching.state]
    return sum(counts[state] for state in (DeviceState.ENROLLED, DeviceState.ENDING, DeviceState.ENDED))


def device_counts(connection: Connection, tenant_id: TenantId, *, now: datetime) -> dict[DeviceState, int]:
    """Return how many devices are in each state."""
    sums = [func.count(case((_is_in(state, tenant_id=tenant_id, now=now), 1))) for state in DeviceState]
    row = connection.execute(select(*sums).where(of_tenant(enrollments, tenant_id))).one()
    return dict(zip(DeviceState, map(int, row), strict=True))


_NAME = func.coalesce(managed_devices.c.device_name, enrollments.c.facts["deviceName"].as_string())
_SERIAL = func.coalesce(managed_devices.c.serial_number, enrollments.c.facts["serialNumber"].as_string())
_RECORD = managed_devices.c.enrollment_id == enrollments.c.id
_USER_NAME = users.c.document["displayName"].as_string()
_USER = and_(same_tenant(users, enrollments), users.c.id == enrollments.c.user_id)


def _chosen(tenant_id: TenantId, matching: DeviceFilter) -> Select[Any]:
    """Select the ids of the enrolments of a list, in no order."""
    statement = (
        select(enrollments.c.id).join(managed_devices, _RECORD, isouter=True).where(of_tenant(enrollments, tenant_id))
    )
    if matching.platform is not None:
        statement = statement.where(enrollments.c.platform == matching.platform)
    if matching.state is not None:
        statement = statement.where(_is_in(matching.state, tenant_id=tenant_id, now=matching.now))
    if matching.text:
        statement = statement.where(_has_text(tenant_id, matching.text))
    return statement


def _has_text(tenant_id: TenantId, text: str) -> ColumnElement[bool]:
    part = text.lower()
    people = select(users.c.id).where(
        of_tenant(users, tenant_id),
        or_(
            users.c.upn_key.contains(text.casefold(), autoescape=True),
            func.lower(_USER_NAME).contains(part, autoescape=True),
        ),
    )
    return or_(
        func.lower(_NAME).contains(part, autoescape=True),
        func.lower(_SERIAL).contains(part, autoescape=True),
        enrollments.c.user_id.in_(people),
    )


def _rows(connection: Connection, *, ids: list[EnrollmentId]) -> list[ListedDeviceRow]:
    """Return these enrolments in the order of the ids."""
    if not ids:
        return []
    # Only by their ids: told the tenant too, SQLite reads all devices of the tenant instead.
    statement = (
        select(enrollments, _NAME, _USER_NAME, users.c.document["userPrincipalName"].as_string())
        .join(managed_devices, _RECORD, isouter=True)
        .join(users, _USER, isouter=True)
        .where(by_keys(enrollments.c.id, ids))
    )
    rows = {row.id: row for row in every(connection, statement, row=ListedDeviceRow)}
    return [rows[id_] for id_ in ids]


def _is_in(state: DeviceState, *, tenant_id: TenantId, now: datetime) -> ColumnElement[bool]:
    match state:
        case DeviceState.ENDING:
            return enrollments.c.state == EnrollmentState.ENDING.value
        case DeviceState.ENDED:
            return enrollments.c.state == EnrollmentState.ENDED.value
        case DeviceState.FAILED:
            # The state as a literal: by it the database sees that the index of failed items serves.
            is_failed = ledger.c.state == literal_column(f"'{ItemState.FAILED.value}'")
            failed = select(ledger.c.enrollment_id).where(of_tenant(ledger, tenant_id), is_failed)
            return and_(enrollments.c.state != EnrollmentState.ENDED.value, enrollments.c.id.in_(failed))
    active = enrollments.c.state == EnrollmentState.ACTIVE.value
    if state is DeviceState.ENROLLED:
        return active
    behind = enrollments.c.generation != enrollments.c.settled_generation
    return and_(active, or_(behind, enrollments.c.due_at <= now))


def enrollments_of_hardware(
    connection: Connection, tenant_id: TenantId, *, hardware_key: str, limit: int
) -> list[NamedEnrollmentRow]:
    """Return the newest enrolments of one piece of hardware, past ones too; the newest first."""
    if not hardware_key:
        return []
    statement = with_names(tenant_id).where(enrollments.c.hardware_key == hardware_key).order_by(None)
    newest = statement.order_by(enrollments.c.enrolled_at.desc(), enrollments.c.id).limit(limit)
    return every(connection, newest, row=NamedEnrollmentRow)
