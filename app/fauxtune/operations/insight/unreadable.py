"""The mail that could not be read any more if a request were carried out: the part of what-if about private keys.

A request that takes keys from devices takes with them what is encrypted only for these keys. Nothing is asked of the
database as long as the tenant has no encrypted mail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from fauxtune.core.engine.removal.decisions import DeviceKind, erases_device
from fauxtune.core.mail.readability import certificate_names, split_names
from fauxtune.core.model.ids import EnrollmentId, MessageId, UserId
from fauxtune.core.model.states import Cause, Source
from fauxtune.operations.insight.whatif import DeviceConsequences, Unreadable
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import key_holdings as key_queries
from fauxtune.storage.queries.insight import readability as queries
from fauxtune.storage.queries.insight.readability import EncryptedForRow, ReadingDeviceRow
from fauxtune.storage.rows.ledger import KeyHoldingRow

#: Subjects that are shown.
_SUBJECTS = 5
#: Causes that take an imported certificate from the service as well.
_IMPORT_GONE = (Cause.CERTIFICATE_DELETED.value, Cause.USER_DELETED.value)


_Held = tuple[EnrollmentId, str]


def unreadable(tx: Transaction, devices: Sequence[DeviceConsequences]) -> Unreadable:
    """Return the mail that these consequences would make unreadable."""
    causes = {(device.device, item): cause for device in devices for item, cause in _lost_items(device).items()}
    if not causes or not queries.has_encrypted_mail(tx.connection, tx.tenant.id):
        return Unreadable()
    rows = _devices(tx, devices)
    present = key_queries.present_keys(tx.connection, tx.tenant.id, enrollments=rows)
    wiped = _wiped(tx, devices, rows=rows)
    lost = [row for row in present if row.enrollment_id in wiped or (row.enrollment_id, row.item_key) in causes]
    mail = queries.encrypted_for(tx.connection, tx.tenant.id, names=_names(lost))
    if not mail:
        return Unreadable()
    return _count(tx, mail, lost=lost, causes=causes, devices=rows)


def _lost_items(device: DeviceConsequences) -> dict[str, str | None]:
    """Return the items whose keys a device loses for good, with the causes."""
    replaced = {item.item: item.cause for item in device.reissue if item.reissued == "new"}
    return replaced | {item.item: item.cause for item in device.remove}


def _devices(tx: Transaction, devices: Sequence[DeviceConsequences]) -> dict[EnrollmentId, ReadingDeviceRow]:
    """Return the devices with the other enrolments of their hardware."""
    ids = {device.device for device in devices}
    rows = queries.devices_by_id(tx.connection, tx.tenant.id, ids=ids)
    hardware = {row.hardware_key for row in rows} - {""}
    rows += queries.devices_of_hardware(tx.connection, tx.tenant.id, hardware_keys=hardware)
    return {row.enrollment_id: row for row in rows}


def _wiped(
    tx: Transaction, devices: Sequence[DeviceConsequences], *, rows: Mapping[EnrollmentId, ReadingDeviceRow]
) -> set[EnrollmentId]:
    """Return all enrolments of hardware that is erased, which loses what earlier enrolments left on it as well."""
    erased = set()
    for device in devices:
        row = rows.get(device.device)
        if row is not None and device.ends is not None:
            kind = DeviceKind(row.variant, tx.tenant.edition)
            if erases_device(kind, cause=Cause(device.ends)):
                erased.add(_hardware(row))
    return {row.enrollment_id for row in rows.values() if _hardware(row) in erased}


def _count(
    tx: Transaction,
    mail: Sequence[EncryptedForRow],
    *,
    lost: Sequence[KeyHoldingRow],
    causes: Mapping[_Held, str | None],
    devices: Mapping[EnrollmentId, ReadingDeviceRow],
) -> Unreadable:
    recipients: dict[MessageId, set[str]] = defaultdict(set)
    mailboxes: dict[MessageId, set[UserId]] = defaultdict(set)
    for row in mail:
        recipients[row.message_id].add(row.name)
        mailboxes[row.message_id].add(row.user_id)
    gone = {_place(row) for row in lost}
    named, key_ids = split_names({name for names in recipients.values() for name in names})
    holdings = key_queries.holdings_of_recipients(tx.connection, tx.tenant.id, named=named, key_ids=key_ids)
    remaining = [row for row in holdings if row.until_number is None and _place(row) not in gone]
    readable = _names(remaining)
    on_device: dict[EnrollmentId, int] = defaultdict(int)
    for enrollment_id, names in _by_device(lost).items():
        device = devices[enrollment_id]
        kept = _names([row for row in remaining if _is_on(row, device, devices=devices)])
        for message, wanted in recipients.items():
            if device.user_id in mailboxes[message] and wanted & names and not wanted & kept:
                on_device[enrollment_id] += 1
    nobody = [message for message, wanted in recipients.items() if not wanted & readable]
    again = _names(_importable(tx, lost, causes=causes))
    return Unreadable(
        messages=len(nobody),
        subjects=tuple(queries.subjects(tx.connection, tx.tenant.id, messages=nobody, limit=_SUBJECTS)),
        until_given_again=sum(1 for message in nobody if recipients[message] & again),
        on_device=dict(on_device),
    )


def _by_device(lost: Sequence[KeyHoldingRow]) -> dict[EnrollmentId, frozenset[str]]:
    by_device: dict[EnrollmentId, list[KeyHoldingRow]] = defaultdict(list)
    for row in lost:
        by_device[row.enrollment_id].append(row)
    return {enrollment_id: _names(rows) for enrollment_id, rows in by_device.items()}


def _importable(
    tx: Transaction, lost: Sequence[KeyHoldingRow], *, causes: Mapping[_Held, str | None]
) -> list[KeyHoldingRow]:
    """Return the lost keys whose certificates stay imported: the next device of their users is given them."""
    prefix = f"{Source.IMPORTED}/"
    staying = [
        row
        for row in lost
        if row.item_key.startswith(prefix) and causes.get((row.enrollment_id, row.item_key)) not in _IMPORT_GONE
    ]
    there = queries.imported_among(tx.connection, tx.tenant.id, thumbprints={row.thumbprint for row in staying})
    return [row for row in staying if row.thumbprint in there]


def _names(rows: Sequence[KeyHoldingRow]) -> frozenset[str]:
    return frozenset(name for row in rows for name in certificate_names(row.issuer_and_serial, row.key_id))


def _place(row: KeyHoldingRow) -> tuple[EnrollmentId, str, str]:
    return (row.enrollment_id, row.item_key, row.thumbprint)


def _hardware(row: ReadingDeviceRow) -> str:
    return row.hardware_key or row.enrollment_id


def _is_on(row: KeyHoldingRow, device: ReadingDeviceRow, *, devices: Mapping[EnrollmentId, ReadingDeviceRow]) -> bool:
    holder = devices.get(row.enrollment_id)
    return holder is not None and _hardware(holder) == _hardware(device)
