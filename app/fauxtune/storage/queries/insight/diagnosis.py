"""Queries of the diagnosis: a user's certificates and their holders, devices by name, profiles of some kinds."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from fauxtune.core.model.ids import EnrollmentId, GroupId, TenantId, UserId
from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.core.model.text import JsonObject
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads
from fauxtune.storage.queries.authorities import DEVICES
from fauxtune.storage.queries.devices import with_names
from fauxtune.storage.reads import every, in_parts, many
from fauxtune.storage.rows.certificates import CertificateRow
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune.storage.tables import (
    certificates,
    enrollments,
    groups,
    ledger,
    managed_devices,
    pfx_certificates,
    profiles,
)
from fauxtune.storage.tenancy import of_tenant, of_tenant_unindexed, rows_of, same_tenant


@dataclass(frozen=True, slots=True)
class ImportedCertificateRow:
    """An imported certificate without its file. `serial`, `template`, `revoked_at` and `reason` are the register's, if
    one of the tenant's authorities issued it; `certificate` (DER) is the register's, else the connector's copy.
    """

    user_id: UserId
    thumbprint: str
    purpose: str
    provider: str
    key_name: str
    not_after: datetime | None
    document: JsonObject
    certificate: bytes | None
    serial: str | None
    template: str | None
    revoked_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A device that holds a certificate, and the state of the item there."""

    thumbprint: str
    enrollment_id: EnrollmentId
    state: ItemState


# Asked whenever somebody looks at the recorded exchanges, which the console polls; built once.
_THESE = Prepared(with_names(bindparam("tenant"), ids=bindparam("ids", expanding=True)))


def certificates_of_users(
    connection: Connection, tenant_id: TenantId, *, user_ids: Collection[UserId]
) -> list[CertificateRow]:
    """Return the certificates that the tenant's authorities issued for these users, oldest first, without identities
    of devices.
    """
    # In the order of an index, SQLite would read all of the tenant's certificates.
    statement = rows_of(certificates, tenant_id).where(
        certificates.c.user_id.in_(bindparam("ids", expanding=True)),
        certificates.c.authority != DEVICES,
    )
    rows = many(connection, statement, row=CertificateRow, ids=user_ids)
    return sorted(rows, key=lambda row: (row.not_before, row.serial))


def imported_of_users(
    connection: Connection, tenant_id: TenantId, *, user_ids: Collection[UserId]
) -> list[ImportedCertificateRow]:
    """Return the imported certificates of these users."""
    register, imported = certificates.c, pfx_certificates.c
    columns = (
        imported.user_id,
        imported.thumbprint,
        imported.purpose,
        imported.provider,
        imported.key_name,
        imported.not_after,
        imported.document,
        func.coalesce(register.certificate, imported.certificate),
        register.serial,
        register.template,
        register.revoked_at,
        register.reason,
    )
    issued = same_tenant(register, imported) & (register.thumbprint == imported.thumbprint)
    statement = (
        select(*columns)
        .select_from(pfx_certificates)
        .join(certificates, issued, isouter=True)
        .where(of_tenant(imported, tenant_id), imported.user_id.in_(bindparam("ids", expanding=True)))
        .order_by(imported.not_after, imported.thumbprint)
    )
    return many(connection, statement, row=ImportedCertificateRow, ids=user_ids)


def holders_of_certificates(
    connection: Connection, tenant_id: TenantId, *, thumbprints: Collection[str]
) -> dict[str, list[HolderRow]]:
    """Return the devices that hold each of these certificates, by thumbprint."""
    statement = (
        select(ledger.c.thumbprint, ledger.c.enrollment_id, ledger.c.state)
        .where(
            of_tenant_unindexed(ledger, tenant_id),
            ledger.c.thumbprint.in_(bindparam("ids", expanding=True)),
            ledger.c.state.in_([ItemState.INSTALLED.value, ItemState.KEPT.value]),
        )
        .order_by(ledger.c.enrollment_id)
    )
    holders: dict[str, list[HolderRow]] = {}
    for row in many(connection, statement, row=HolderRow, ids=thumbprints):
        holders.setdefault(row.thumbprint, []).append(row)
    return holders


def device_counts(connection: Connection, tenant_id: TenantId, *, user_ids: Collection[UserId]) -> dict[UserId, int]:
    """Return how many active enrolments each of these users has; without users who have none."""
    statement = (
        select(enrollments.c.user_id, func.count())
        .where(
            of_tenant(enrollments, tenant_id),
            enrollments.c.user_id.in_(bindparam("ids", expanding=True)),
            enrollments.c.state == EnrollmentState.ACTIVE.value,
        )
        .group_by(enrollments.c.user_id)
    )
    return dict(many(connection, statement, row=lambda user_id, count: (user_id, count), ids=user_ids))


def devices_of_user(connection: Connection, tenant_id: TenantId, *, user_id: UserId) -> list[NamedEnrollmentRow]:
    """Return the active enrolments of a user, oldest first."""
    statement = with_names(tenant_id).where(
        enrollments.c.user_id == user_id, enrollments.c.state == EnrollmentState.ACTIVE.value
    )
    return every(connection, statement, row=NamedEnrollmentRow)


def devices_named(connection: Connection, tenant_id: TenantId, *, name: str, limit: int) -> list[NamedEnrollmentRow]:
    """Return the enrolments whose record has this device name, oldest first; without one, the active enrolments
    whose record has it as the serial number.
    """
    statement = with_names(tenant_id).where(managed_devices.c.device_name == name).limit(limit)
    named = every(connection, statement, row=NamedEnrollmentRow)
    if named:
        return named
    by_serial = with_names(tenant_id).where(
        managed_devices.c.serial_number == name, enrollments.c.state == EnrollmentState.ACTIVE.value
    )
    return every(connection, by_serial.limit(limit), row=NamedEnrollmentRow)


def all_enrollments(
    connection: Connection, tenant_id: TenantId, *, state: EnrollmentState | None = None
) -> list[EnrollmentId]:
    """Return the ids of every enrolment, ended ones too, or of those in one state; oldest first."""
    statement = select(enrollments.c.id).where(of_tenant(enrollments, tenant_id))
    if state is not None:
        statement = statement.where(enrollments.c.state == state)
    statement = statement.order_by(enrollments.c.enrolled_at, enrollments.c.id)
    return [EnrollmentId(row[0]) for row in connection.execute(statement)]


def devices_by_id(connection: Connection, tenant_id: TenantId, *, ids: Collection[str]) -> list[NamedEnrollmentRow]:
    """Return these enrolments, oldest first."""
    rows = many(connection, _THESE, row=NamedEnrollmentRow, ids=ids, values={"tenant": tenant_id})
    return sorted(rows, key=lambda row: (row.enrolled_at, row.id))


def managed_device_ids(
    connection: Connection, tenant_id: TenantId, *, enrollment_ids: Iterable[str | None]
) -> dict[str | None, str]:
    """Return the ids of these enrolments' managedDevices, also of those whose record was deleted."""
    managed_ids: dict[str | None, str] = {}
    for some in in_parts({enrollment_id for enrollment_id in enrollment_ids if enrollment_id is not None}):
        statement = select(enrollments.c.id, enrollments.c.facts["managedDeviceId"].as_string()).where(
            of_tenant_unindexed(enrollments, tenant_id), enrollments.c.id.in_(some)
        )
        managed_ids |= {row[0]: row[1] for row in connection.execute(statement)}
    return managed_ids


def profiles_of_kinds(connection: Connection, tenant_id: TenantId, *, kinds: Iterable[str]) -> list[ProfileRow]:
    """Return the profiles of these kinds, oldest first."""
    statement = (
        rows_of(profiles, tenant_id)
        .where(profiles.c.kind.in_(sorted(kinds)))
        .order_by(profiles.c.created_at, profiles.c.id)
    )
    return reads.every(connection, statement, row=ProfileRow)


def profiles_named(connection: Connection, tenant_id: TenantId, *, name: str, limit: int) -> list[ProfileRow]:
    """Return the profiles with this displayName, oldest first."""
    statement = (
        rows_of(profiles, tenant_id)
        .where(profiles.c.document["displayName"].as_string() == name)
        .order_by(profiles.c.created_at, profiles.c.id)
        .limit(limit)
    )
    return reads.every(connection, statement, row=ProfileRow)


def group_names(connection: Connection, tenant_id: TenantId, *, ids: Collection[GroupId]) -> dict[str, str]:
    """Return the display names of these groups."""
    if not ids:
        return {}
    statement = select(groups.c.id, groups.c.document["displayName"].as_string()).where(
        of_tenant(groups, tenant_id), groups.c.id.in_(sorted(ids))
    )
    return {row[0]: str(row[1]) for row in connection.execute(statement)}
