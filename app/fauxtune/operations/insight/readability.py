"""Who can read what: a user's mail against the user's devices, now or at any moment of the tenant's history.

The server holds no key of a device: what is decided rests on the recipients that each mail names, and on which device
held which key (`key_holdings`). Enrolments of one piece of hardware, one after the other, are one device.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from fauxtune.core.clock import from_iso
from fauxtune.core.errors import Invalid
from fauxtune.core.mail.message import MailDescription
from fauxtune.core.mail.readability import (
    Cell,
    DeviceKeys,
    Held,
    KnownKey,
    certificate_names,
    damaged,
    decide,
    not_encrypted,
    recipient_names,
    split_names,
)
from fauxtune.core.model.certificates import Marks
from fauxtune.core.model.ids import EnrollmentId, UserId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.pki.cms import names_of
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import key_holdings as key_queries
from fauxtune.storage.queries.insight import readability as queries
from fauxtune.storage.queries.insight.readability import AwaitedKeyRow, LifeEventRow, ReadingDeviceRow, ReceivedMailRow
from fauxtune.storage.rows.ledger import KeyHoldingRow

#: Digits of a number of the journal.
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of the tenant's history: a time of its clock, or a number of its journal. Neither, or a later time: now.

    A clock that was put back shows a time twice; then the later one is meant. A number is exact.
    """

    time: datetime | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class MatrixDevice:
    """A column: a device of the user, by its newest enrolment at the moment. `left`: how that enrolment had ended by
    then (wiped, retired, unenrolled, deleted); None while it was enrolled.
    """

    enrollment_id: EnrollmentId
    name: str
    variant: Variant
    left: str | None


@dataclass(frozen=True, slots=True)
class OtherReader:
    """A device that is not among the columns and can read the mail."""

    enrollment_id: EnrollmentId
    name: str
    user_principal_name: str | None


@dataclass(frozen=True, slots=True)
class MatrixMail:
    """A row: a message, and for each device of the matrix whether it can read it. `files`: thumbprints of imported
    certificates that it is encrypted for: whoever has such a file can read it anywhere.
    """

    uid: int
    received_at: datetime
    mail: MailDescription
    cells: tuple[Cell, ...]
    others: tuple[OtherReader, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The mail of one page against the devices of the user. `number`: of the journal; None: now."""

    at: datetime
    number: int | None
    devices: tuple[MatrixDevice, ...]
    mail: tuple[MatrixMail, ...]
    #: The number after which the next page begins; None: this is the last.
    next_after: int | None


def moment_of(text: str) -> Moment:
    """Return the moment that a text means: a time, a number of the journal, or nothing for now. Raises Invalid."""
    written = text.strip()
    if not written:
        return Moment()
    if written.isascii() and written.isdigit() and len(written) <= _DIGITS:
        return Moment(number=int(written))
    try:
        return Moment(time=from_iso(written.replace(" ", "T")))
    except (ValueError, OverflowError):
        raise Invalid(
            "A moment is a time such as 2026-11-24T10:00:00Z, or the number of an entry in the journal.", target="at"
        ) from None


def readability(
    tx: Transaction, user_id: UserId, *, marks: Marks, moment: Moment = Moment(), after: int = 0, limit: int = 50
) -> Matrix:
    """Return who can read a page of a user's mail. `marks`: the tenant's. Raises Invalid for a number that the journal
    does not have.
    """
    at, number = _point(tx, moment)
    mail = queries.received_mail(
        tx.connection, tx.tenant.id, user_id=user_id, after=after, limit=limit + 1, number=number
    )
    page = [_Received.of(row) for row in mail[:limit]]
    names = frozenset(name for certificate in page for name in certificate.names)
    holdings = _holdings(tx, names, number=number)
    devices = _devices(tx, user_id, holdings=holdings, number=number)
    known = _known(tx, user_id, names=names, holdings=holdings, devices=devices)
    columns = [device for device in devices if device.owner == user_id]
    columns.sort(key=lambda device: device.left is not None)  # those that are there come first
    pending = {} if number is not None else _pending(tx, columns)
    keys = [device.keys(holdings, pending=pending) for device in columns]
    others = [(device, device.keys(holdings, pending={})) for device in devices if device.owner != user_id]
    return Matrix(
        at=at,
        number=number,
        devices=tuple(device.column() for device in columns),
        mail=tuple(_row(certificate, keys=keys, others=others, known=known, marks=marks) for certificate in page),
        next_after=page[-1].row.uid if len(mail) > limit else None,
    )


@dataclass(frozen=True, slots=True)
class _Received:
    row: ReceivedMailRow
    mail: MailDescription
    names: frozenset[str]

    @classmethod
    def of(cls, row: ReceivedMailRow) -> _Received:
        mail = MailDescription.of_document(row.document)
        return cls(row, mail, frozenset() if mail.encryption is None else recipient_names(mail.encryption))


@dataclass(frozen=True, slots=True)
class _Device:
    """A piece of hardware with its enrolments so far, and how the newest of them ended, if it did."""

    enrollments: tuple[ReadingDeviceRow, ...]
    left: str | None

    @property
    def newest(self) -> ReadingDeviceRow:
        return self.enrollments[-1]

    @property
    def owner(self) -> UserId | None:
        return self.newest.user_id

    @property
    def name(self) -> str:
        return next(
            (row.device_name for row in reversed(self.enrollments) if row.device_name), self.newest.enrollment_id
        )

    def column(self) -> MatrixDevice:
        return MatrixDevice(self.newest.enrollment_id, self.name, self.newest.variant, self.left)

    def keys(
        self, holdings: Mapping[EnrollmentId, Sequence[Held]], *, pending: Mapping[EnrollmentId, Mapping[str, str]]
    ) -> DeviceKeys:
        held = tuple(key for row in self.enrollments for key in holdings.get(row.enrollment_id, ()))
        return DeviceKeys(self.name, held, pending=pending.get(self.newest.enrollment_id, {}))


def _point(tx: Transaction, moment: Moment) -> tuple[datetime, int | None]:
    """Return the time that is meant, and its number of the journal; None for now."""
    if moment.number is not None:
        time = queries.time_of(tx.connection, tx.tenant.id, number=moment.number)
        if time is None:
            raise Invalid(f"The journal has no entry with the number {moment.number}.", target="at")
        return time, moment.number
    if moment.time is None or moment.time >= tx.now:
        return tx.now, None
    return moment.time, queries.number_at(tx.connection, tx.tenant.id, at=moment.time)


def _holdings(tx: Transaction, names: frozenset[str], *, number: int | None) -> dict[EnrollmentId, list[Held]]:
    """Return who held a key of these recipients, as of a number of the journal."""
    named, key_ids = split_names(names)
    rows = key_queries.holdings_of_recipients(tx.connection, tx.tenant.id, named=named, key_ids=key_ids)
    held: dict[EnrollmentId, list[Held]] = {}
    for row in rows:
        held.setdefault(row.enrollment_id, []).append(_held(row, number=number))
    return held


def _held(row: KeyHoldingRow, *, number: int | None) -> Held:
    over = row.until_number is not None and (number is None or row.until_number <= number)
    return Held(
        thumbprint=row.thumbprint,
        names=certificate_names(row.issuer_and_serial, row.key_id),
        since=row.since,
        until=row.until if over else None,
        # Of a key that went later, the cause was not known then.
        cause=row.cause if over or row.until_number is None else None,
        later=number is not None and row.since_number > number,
    )


def _devices(
    tx: Transaction, user_id: UserId, *, holdings: Mapping[EnrollmentId, Sequence[Held]], number: int | None
) -> list[_Device]:
    """Return the user's devices and those that held a key, as they were then, without those that came later."""
    rows = {row.enrollment_id: row for row in queries.devices_of(tx.connection, tx.tenant.id, user_id=user_id)}
    strangers = queries.devices_by_id(tx.connection, tx.tenant.id, ids=holdings.keys() - rows.keys())
    rows |= {row.enrollment_id: row for row in strangers}
    hardware = {row.hardware_key for row in rows.values()} - {""}
    same = queries.devices_of_hardware(tx.connection, tx.tenant.id, hardware_keys=hardware)
    rows |= {row.enrollment_id: row for row in same}
    lives = _lives(queries.life_events(tx.connection, tx.tenant.id, enrollments=rows.keys()), number=number)
    by_hardware: dict[str, list[ReadingDeviceRow]] = {}
    for row in sorted(rows.values(), key=lambda row: (lives.begun.get(row.enrollment_id, 0), row.enrollment_id)):
        if row.enrollment_id in lives.later:
            continue
        by_hardware.setdefault(row.hardware_key or row.enrollment_id, []).append(row)
    devices = []
    for enrollments in by_hardware.values():
        left = lives.left.get(enrollments[-1].enrollment_id)
        # A device that is gone and never had a key for any of this mail says nothing.
        if left is None or any(row.enrollment_id in holdings for row in enrollments):
            devices.append(_Device(tuple(enrollments), left))
    return devices


@dataclass(frozen=True, slots=True)
class _Lives:
    """The beginnings and ends of enrolments, by number and by word. `later`: those that began afterwards."""

    begun: Mapping[EnrollmentId, int]
    left: Mapping[EnrollmentId, str]
    later: frozenset[EnrollmentId]


def _lives(events: Iterable[LifeEventRow], *, number: int | None) -> _Lives:
    begun, left, later = {}, {}, set()
    for event in events:
        is_later = number is not None and event.number > number
        if event.type == "enrolled":
            begun[event.enrollment_id] = event.number
            if is_later:
                later.add(event.enrollment_id)
        elif not is_later:
            left[event.enrollment_id] = event.type
    return _Lives(begun, left, frozenset(later))


def _known(
    tx: Transaction,
    user_id: UserId,
    *,
    names: frozenset[str],
    holdings: Mapping[EnrollmentId, Sequence[Held]],
    devices: Iterable[_Device],
) -> list[KnownKey]:
    """Return the certificates among the recipients that the tenant issued or imported, the user's own first."""
    if not names:
        return []
    owners = {row.enrollment_id: device.name for device in devices for row in device.enrollments}
    known = _imported(tx, user_id)
    serials = {name.partition("/")[0] for name in split_names(names)[0]}
    for issued in queries.issued_with(tx.connection, tx.tenant.id, serials=serials):
        key_names = certificate_names(*names_of(x509.load_der_x509_certificate(issued.certificate)))
        for_device = None if issued.enrollment_id is None else owners.get(issued.enrollment_id, issued.device_name)
        source = Source.IMPORTED if issued.enrollment_id is None else Source.PKCS
        known.setdefault(
            issued.thumbprint,
            KnownKey(issued.thumbprint, key_names, source, owner=for_device or issued.user_principal_name),
        )
    for keys in holdings.values():
        for key in keys:
            known.setdefault(key.thumbprint, KnownKey(key.thumbprint, key.names, Source.IMPORTED))
    return [key for key in known.values() if key.names & names]


def _imported(tx: Transaction, user_id: UserId) -> dict[str, KnownKey]:
    """Return the user's imported certificates, by thumbprint. One that no connector has opened yet is known if it was
    published.
    """
    rows = queries.imported_of(tx.connection, tx.tenant.id, user_id=user_id)
    closed = {row.thumbprint for row in rows if row.certificate is None}
    published = queries.published_with(tx.connection, tx.tenant.id, thumbprints=closed) if closed else {}
    known = {}
    for row in rows:
        data = row.certificate or published.get(row.thumbprint)
        if data is not None:
            names = certificate_names(*names_of(x509.load_der_x509_certificate(data)))
            known[row.thumbprint] = KnownKey(row.thumbprint, names, Source.IMPORTED, owner=row.user_principal_name)
    return known


def _pending(tx: Transaction, devices: Iterable[_Device]) -> dict[EnrollmentId, dict[str, str]]:
    """Return why certificates are not yet on the devices that are enrolled, by thumbprint."""
    ids = [device.newest.enrollment_id for device in devices if device.newest.state is not EnrollmentState.ENDED]
    pending: dict[EnrollmentId, dict[str, str]] = {}
    for row in queries.awaited_keys(tx.connection, tx.tenant.id, enrollments=ids):
        pending.setdefault(row.enrollment_id, {})[row.thumbprint] = _why(row)
    return pending


def _why(row: AwaitedKeyRow) -> str:
    if row.state is ItemState.SENT:
        return "it was offered, and the device has not confirmed it"
    message = (row.message or "").rstrip(".")
    if row.state is ItemState.FAILED:
        return f"it failed: {message}" if message else "it failed"
    return f"it waits for {message}" if message else "it waits to be offered"


def _row(
    certificate: _Received,
    *,
    keys: Sequence[DeviceKeys],
    others: Sequence[tuple[_Device, DeviceKeys]],
    known: Sequence[KnownKey],
    marks: Marks,
) -> MatrixMail:
    mine = [key for key in known if key.names & certificate.names]
    readers = [device for device, held in others if held.readable_with(certificate.names) is not None]
    return MatrixMail(
        uid=certificate.row.uid,
        received_at=certificate.row.received_at,
        mail=certificate.mail,
        cells=tuple(_cell(certificate, device, known=mine, marks=marks) for device in keys),
        others=tuple(
            OtherReader(device.newest.enrollment_id, device.name, device.newest.user_principal_name)
            for device in readers
        ),
        files=tuple(key.thumbprint for key in mine if key.source is Source.IMPORTED),
    )


def _cell(certificate: _Received, device: DeviceKeys, *, known: Sequence[KnownKey], marks: Marks) -> Cell:
    if certificate.mail.encryption is None:
        return not_encrypted() if certificate.mail.problem is None else damaged(certificate.mail.problem)
    return decide(certificate.names, device, known=known, marks=marks)
