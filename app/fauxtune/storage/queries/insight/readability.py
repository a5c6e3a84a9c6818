"""Who can read which mail: mailboxes up to a moment, certificates that mail is encrypted for, and the devices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from fauxtune.core.clock import iso
from fauxtune.core.model.ids import EnrollmentId, ItemKey, MessageId, TenantId, UserId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause, EnrollmentState, ItemState
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.reads import every, in_parts
from fauxtune.storage.tables import (
    certificates,
    enrollments,
    journal,
    ledger,
    mail_messages,
    mail_recipients,
    mailbox_entries,
    managed_devices,
    pfx_certificates,
    published_certificates,
    users,
)
from fauxtune.storage.tenancy import of_tenant, of_tenant_unindexed, same_tenant


@dataclass(frozen=True, slots=True)
class ReceivedMailRow:
    """A message in a mailbox, without its bytes."""

    uid: int
    message_id: MessageId
    received_at: datetime
    size: int
    document: JsonObject


@dataclass(frozen=True, slots=True)
class ReadingDeviceRow:
    """An enrolment with the names of its device and its user; None without a user that still exists."""

    enrollment_id: EnrollmentId
    hardware_key: str
    variant: Variant
    user_id: UserId | None
    state: EnrollmentState
    cause: Cause | None
    enrolled_at: datetime
    device_name: str | None
    user_principal_name: str | None


@dataclass(frozen=True, slots=True)
class IssuedKeyRow:
    """A certificate of the register, with what it was issued for."""

    thumbprint: str
    certificate: bytes
    enrollment_id: EnrollmentId | None
    device_name: str | None
    user_principal_name: str | None


@dataclass(frozen=True, slots=True)
class ImportedKeyRow:
    """An imported certificate; None where no connector has opened the file yet."""

    thumbprint: str
    certificate: bytes | None
    user_principal_name: str | None


@dataclass(frozen=True, slots=True)
class AwaitedKeyRow:
    """A certificate on its way to a device, with the reason why it is not there yet."""

    enrollment_id: EnrollmentId
    item_key: ItemKey
    thumbprint: str
    state: ItemState
    message: str | None


@dataclass(frozen=True, slots=True)
class EncryptedForRow:
    """A certificate that a message is encrypted for, by one of its names, and a mailbox with the message."""

    message_id: MessageId
    name: str
    user_id: UserId


@dataclass(frozen=True, slots=True)
class LifeEventRow:
    """The beginning or the end of an enrolment, by its number in the journal."""

    enrollment_id: EnrollmentId
    number: int
    time: datetime
    type: str


_DEVICE_NAME = func.coalesce(managed_devices.c.device_name, enrollments.c.facts["deviceName"].as_string())
#: The journal's words for the beginning and the ends of an enrolment.
LIFE = ("enrolled", "wiped", "retired", "unenrolled", "deleted")


def number_at(connection: Connection, tenant_id: TenantId, *, at: datetime) -> int:
    """Return the number of the last entry in the journal that was written at or before a moment; 0 before the first.

    A clock that was put back shows a moment twice: then it is the later time of the two.
    """
    statement = (
        select(journal.c.seq)
        .where(of_tenant(journal, tenant_id), journal.c.time <= at)
        .order_by(journal.c.seq.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar() or 0


def time_of(connection: Connection, tenant_id: TenantId, *, number: int) -> datetime | None:
    """Return when the entry with this number was written; None if no entry has it."""
    statement = select(journal.c.time).where(of_tenant(journal, tenant_id), journal.c.seq == number)
    time: datetime | None = connection.execute(statement).scalar_one_or_none()
    return time


def received_mail(
    connection: Connection, tenant_id: TenantId, *, user_id: UserId, after: int, limit: int, number: int | None
) -> list[ReceivedMailRow]:
    """Return a user's messages after a number, oldest first; with `number`, without those that came after that entry
    of the journal.
    """
    statement = (
        select(
            mailbox_entries.c.uid,
            mailbox_entries.c.message_id,
            mail_messages.c.received_at,
            mail_messages.c.size,
            mail_messages.c.document,
        )
        .join(mail_messages, _same(mail_messages.c, mailbox_entries.c))
        .where(
            of_tenant(mailbox_entries, tenant_id),
            mailbox_entries.c.user_id == user_id,
            mailbox_entries.c.uid > after,
        )
    )
    if number is not None:
        later = select(journal.c.detail["message"].as_string()).where(
            of_tenant(journal, tenant_id), journal.c.seq > number, journal.c.type == "mailDelivered"
        )
        statement = statement.where(mailbox_entries.c.message_id.not_in(later))
    return every(connection, statement.order_by(mailbox_entries.c.uid).limit(limit), row=ReceivedMailRow)


def _same(messages: Any, entries: Any) -> ColumnElement[bool]:
    return and_(same_tenant(messages, entries), messages.id == entries.message_id)


def has_encrypted_mail(connection: Connection, tenant_id: TenantId) -> bool:
    """Return whether any mailbox has mail that is encrypted for a certificate."""
    statement = select(mail_recipients.c.message_id).where(of_tenant(mail_recipients, tenant_id)).limit(1)
    return connection.execute(statement).first() is not None


def encrypted_for(connection: Connection, tenant_id: TenantId, *, names: Collection[str]) -> list[EncryptedForRow]:
    """Return the messages that are encrypted for one of these names, each with all of its recipients and mailboxes."""
    rows: dict[EncryptedForRow, None] = {}
    for some in in_parts(names):
        wanted = mail_recipients.alias()
        concerned = select(wanted.c.message_id).where(of_tenant(wanted, tenant_id), wanted.c.name.in_(some))
        statement = (
            select(mail_recipients.c.message_id, mail_recipients.c.name, mailbox_entries.c.user_id)
            .join(mailbox_entries, _same_message(mailbox_entries.c, mail_recipients.c))
            .where(of_tenant(mail_recipients, tenant_id), mail_recipients.c.message_id.in_(concerned))
        )
        rows |= dict.fromkeys(every(connection, statement, row=EncryptedForRow))
    return list(rows)


def _same_message(left: Any, right: Any) -> ColumnElement[bool]:
    return and_(same_tenant(left, right), left.message_id == right.message_id)


def subjects(connection: Connection, tenant_id: TenantId, *, messages: Collection[MessageId], limit: int) -> list[str]:
    """Return the subjects of the newest of these messages."""
    newest: list[tuple[str, str]] = []
    for some in in_parts(messages):
        statement = (
            select(mail_messages.c.received_at, mail_messages.c.document["subject"].as_string())
            .where(of_tenant(mail_messages, tenant_id), mail_messages.c.id.in_(some))
            .order_by(mail_messages.c.received_at.desc())
            .limit(limit)
        )
        newest += [(iso(received), subject or "") for received, subject in connection.execute(statement)]
    return [subject for _received, subject in sorted(newest, reverse=True)[:limit]]


def imported_among(connection: Connection, tenant_id: TenantId, *, thumbprints: Collection[str]) -> set[str]:
    """Return those of these thumbprints whose certificates are imported at present."""
    present: set[str] = set()
    for some in in_parts(thumbprints):
        statement = select(pfx_certificates.c.thumbprint).where(
            of_tenant(pfx_certificates, tenant_id),
            pfx_certificates.c.thumbprint.in_(some),
        )
        present |= set(connection.scalars(statement))
    return present


def issued_with(connection: Connection, tenant_id: TenantId, *, serials: Collection[str]) -> list[IssuedKeyRow]:
    """Return the certificates of the register with these serial numbers."""
    rows: list[IssuedKeyRow] = []
    for some in in_parts(serials):
        statement = (
            select(
                certificates.c.thumbprint,
                certificates.c.certificate,
                certificates.c.enrollment_id,
                _DEVICE_NAME,
                users.c.document["userPrincipalName"].as_string(),
            )
            .join(users, _user_of(certificates.c), isouter=True)
            .join(enrollments, enrollments.c.id == certificates.c.enrollment_id, isouter=True)
            .join(managed_devices, managed_devices.c.enrollment_id == certificates.c.enrollment_id, isouter=True)
            .where(of_tenant(certificates, tenant_id), certificates.c.serial.in_(some))
            .order_by(certificates.c.serial, certificates.c.authority)
        )
        rows += every(connection, statement, row=IssuedKeyRow)
    return rows


def imported_of(connection: Connection, tenant_id: TenantId, *, user_id: UserId) -> list[ImportedKeyRow]:
    """Return a user's imported certificates."""
    statement = (
        select(
            pfx_certificates.c.thumbprint,
            pfx_certificates.c.certificate,
            users.c.document["userPrincipalName"].as_string(),
        )
        .join(users, _user_of(pfx_certificates.c), isouter=True)
        .where(of_tenant(pfx_certificates, tenant_id), pfx_certificates.c.user_id == user_id)
        .order_by(pfx_certificates.c.thumbprint)
    )
    return every(connection, statement, row=ImportedKeyRow)


def published_with(connection: Connection, tenant_id: TenantId, *, thumbprints: Collection[str]) -> dict[str, bytes]:
    """Return the published certificates (DER) with these thumbprints, by thumbprint."""
    certificates_by_mark: dict[str, bytes] = {}
    for some in in_parts(thumbprints):
        statement = select(published_certificates.c.thumbprint, published_certificates.c.certificate).where(
            of_tenant(published_certificates, tenant_id),
            published_certificates.c.thumbprint.in_(some),
        )
        certificates_by_mark |= {mark: bytes(certificate) for mark, certificate in connection.execute(statement)}
    return certificates_by_mark


def _user_of(columns: Any) -> ColumnElement[bool]:
    return and_(same_tenant(users, columns), users.c.id == columns.user_id)


def devices_of(connection: Connection, tenant_id: TenantId, *, user_id: UserId) -> list[ReadingDeviceRow]:
    """Return a user's enrolments, those that have ended as well, in the order in which they were enrolled."""
    statement = _DEVICES.where(of_tenant(enrollments, tenant_id), enrollments.c.user_id == user_id)
    return every(connection, statement.order_by(enrollments.c.enrolled_at, enrollments.c.id), row=ReadingDeviceRow)


def devices_by_id(
    connection: Connection, tenant_id: TenantId, *, ids: Collection[EnrollmentId]
) -> list[ReadingDeviceRow]:
    """Return these enrolments."""
    rows: list[ReadingDeviceRow] = []
    for some in in_parts(ids):
        # With an index for the tenant, SQLite would read all of its enrolments; `coalesce` prevents that.
        ours = of_tenant_unindexed(enrollments, tenant_id)
        statement = _DEVICES.where(enrollments.c.id.in_(some), ours)
        rows += every(connection, statement, row=ReadingDeviceRow)
    return rows


def devices_of_hardware(
    connection: Connection, tenant_id: TenantId, *, hardware_keys: Collection[str]
) -> list[ReadingDeviceRow]:
    """Return all enrolments of these pieces of hardware."""
    rows: list[ReadingDeviceRow] = []
    for some in in_parts(hardware_keys):
        statement = _DEVICES.where(of_tenant(enrollments, tenant_id), enrollments.c.hardware_key.in_(some))
        rows += every(connection, statement, row=ReadingDeviceRow)
    return rows


_DEVICES = (
    select(
        enrollments.c.id,
        enrollments.c.hardware_key,
        enrollments.c.variant,
        enrollments.c.user_id,
        enrollments.c.state,
        enrollments.c.cause,
        enrollments.c.enrolled_at,
        _DEVICE_NAME,
        users.c.document["userPrincipalName"].as_string(),
    )
    .join(managed_devices, managed_devices.c.enrollment_id == enrollments.c.id, isouter=True)
    .join(users, _user_of(enrollments.c), isouter=True)
)


def life_events(
    connection: Connection, tenant_id: TenantId, *, enrollments: Collection[EnrollmentId]
) -> list[LifeEventRow]:
    """Return when these enrolments began and ended, in the order of the journal."""
    rows: list[LifeEventRow] = []
    for some in in_parts(enrollments):
        statement = select(journal.c.device, journal.c.seq, journal.c.time, journal.c.type).where(
            of_tenant(journal, tenant_id),
            journal.c.device.in_(some),
            journal.c.type.in_(LIFE),
            journal.c.certificate.is_(None),
        )
        rows += every(connection, statement, row=LifeEventRow)
    return sorted(rows, key=lambda row: row.number)


def awaited_keys(
    connection: Connection, tenant_id: TenantId, *, enrollments: Collection[EnrollmentId]
) -> list[AwaitedKeyRow]:
    """Return the certificates that are on their way to these devices, or failed."""
    rows: list[AwaitedKeyRow] = []
    states = [state.value for state in (ItemState.WANTED, ItemState.SENT, ItemState.FAILED)]
    for some in in_parts(enrollments):
        statement = select(
            ledger.c.enrollment_id, ledger.c.item_key, ledger.c.thumbprint, ledger.c.state, ledger.c.message
        ).where(
            of_tenant(ledger, tenant_id),
            ledger.c.enrollment_id.in_(some),
            ledger.c.state.in_(states),
            ledger.c.thumbprint.is_not(None),
        )
        rows += every(connection, statement, row=AwaitedKeyRow)
    return rows
