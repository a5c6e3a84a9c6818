"""A device's ledger, and the end of its enrolment.

The ledger knows the present; what a device had earlier decides whether it could read a mail then.

Certificates by SCEP that were issued but not yet reported by the device are not in the ledger. Where the removal table
revokes what a device holds, they are revoked too: those of the tenant's own authority are in the register, those of a
partner's are known from its reports.

Graph's record (managedDevice) and the enrolment are two things: the record can go at once, the enrolment ends later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cryptography import x509

from fauxtune.core.engine.planning.ledger import KeyChange, KeyEvent, is_requested, key_changes
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.engine.removal import decisions
from fauxtune.core.engine.removal.decisions import DeviceKind, directory_device_stays, managed_device_stays
from fauxtune.core.errors import NotAllowed
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.items import LedgerRow, scep_key
from fauxtune.core.model.platforms import FACTS
from fauxtune.core.model.states import Authority, Cause, EnrollmentState, Incident, ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.cms import names_of
from fauxtune.operations.ca import partner_revocations
from fauxtune.operations.connectors import revocation
from fauxtune.operations.devices.audience import user_name
from fauxtune.operations.devices.autopilot import let_go, note_left
from fauxtune.operations.devices.escrow import forget_with_directory_device, forget_with_managed_device
from fauxtune.operations.runtime.transaction import ENROLLMENT, Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import compliance as compliance_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import key_holdings
from fauxtune.storage.queries import scep as scep_queries
from fauxtune.storage.queries import script_runs as script_queries
from fauxtune.storage.queries import visits as step_queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.ledger import NotedKeyChange


def write_ledger(
    tx: Transaction,
    enrollment_id: EnrollmentId,
    *,
    before: Mapping[ItemKey, LedgerRow],
    changed: Iterable[LedgerRow],
    causes: Mapping[ItemKey, Cause | Incident] | None = None,
) -> None:
    """Write new or changed rows of a ledger that was `before`. `causes`: why items are not wanted any more."""
    rows = list(changed)
    write_items(tx, enrollment_id, changed=rows)
    note_keys(tx, enrollment_id, before=before, changed=rows, causes=causes)


def write_items(tx: Transaction, enrollment_id: EnrollmentId, *, changed: Iterable[LedgerRow]) -> None:
    """Write rows whose keys `note_keys` has noted."""
    device_queries.put_ledger_rows(tx.connection, tx.tenant.id, enrollment_id=enrollment_id, changed=changed, at=tx.now)


def note_keys(
    tx: Transaction,
    enrollment_id: EnrollmentId,
    *,
    before: Mapping[ItemKey, LedgerRow],
    changed: Iterable[LedgerRow],
    causes: Mapping[ItemKey, Cause | Incident] | None = None,
    issued: Mapping[str, x509.Certificate] | None = None,
    has_keys: bool = True,
) -> None:
    """Note which keys come and go with changed rows of a ledger that was `before`. `issued`: certificates that are
    known already, by thumbprint; `has_keys`: whether the device may have had keys before the transaction.
    """
    changes = key_changes(before, changed, causes=causes)
    names = _names(tx, changes, issued=issued or {})
    for change in changes:
        named, key_id = names.get(change.thumbprint or "", ("", None))
        tx.key_changes.append(NotedKeyChange(enrollment_id, change, named, key_id, has_keys=has_keys))


def forget_kept(tx: Transaction, *, hardware_key: str) -> None:
    """Write down that everything which ended enrolments left on this piece of hardware was erased."""
    for enrollment_id, item in device_queries.forget_kept(
        tx.connection, tx.tenant.id, hardware_key=hardware_key, at=tx.now
    ):
        change = KeyChange(item, KeyEvent.GOES, cause=Cause.WIPE)
        tx.key_changes.append(NotedKeyChange(enrollment_id, change))


def _names(
    tx: Transaction, changes: Iterable[KeyChange], *, issued: Mapping[str, x509.Certificate]
) -> Mapping[str, tuple[str, str | None]]:
    """Return the names of the certificates whose keys come, by thumbprint. No statement is run if all are known."""
    coming = {change.thumbprint for change in changes if change.event is KeyEvent.COMES and change.thumbprint}
    certificates = {mark: issued[mark] for mark in coming & issued.keys()}
    if unknown := coming - issued.keys():
        stored = key_holdings.certificates_of(tx.connection, tx.tenant.id, thumbprints=unknown)
        certificates |= {mark: x509.load_der_x509_certificate(data) for mark, data in stored.items()}
    return {mark: names_of(certificate) for mark, certificate in certificates.items()}


@dataclass(frozen=True, slots=True)
class _Issued:
    thumbprint: str
    serial: str
    authority: Authority
    is_revoked: bool = False


def unreported(tx: Transaction, enrollment_id: EnrollmentId, *, rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """Return these rows of a device's ledger as they would be with each certificate that it has not reported. Only
    reads; no statement is run if it is to request none.
    """
    requested = [row for row in rows if is_requested(row)]
    if not requested:
        return []
    own = certificate_queries.certificates_on_device(
        tx.connection, tx.tenant.id, enrollment_id=enrollment_id, thumbprints=()
    )
    registered = {certificate_row.thumbprint for certificate_row in own}
    reported = [
        (
            scep_key(certificate.profile_id),
            _Issued(certificate.thumbprint, _serial(certificate.report), Authority.PARTNER),
        )
        for certificate in scep_queries.certificates_of(tx.connection, tx.tenant.id, enrollment_id=enrollment_id)
        if certificate.thumbprint not in registered
    ]
    with_serials = []
    for row in requested:
        mine = [
            _Issued(
                certificate_row.thumbprint,
                certificate_row.serial,
                Authority.MICROSOFT,
                is_revoked=certificate_row.revoked_at is not None,
            )
            for certificate_row in own
            if certificate_row.item_key == row.key
        ]
        for issued in (mine, [each for key, each in reported if key == row.key]):
            with_serials += [
                replace(row, serial=each.serial, thumbprint=each.thumbprint, authority=each.authority)
                for each in _newer(issued, row)
                if not each.is_revoked
            ]
    return with_serials


def _newer(issued: Sequence[_Issued], row: LedgerRow) -> Sequence[_Issued]:
    """Those that were issued after the present one, which took the place of the older ones."""
    marks = [each.thumbprint for each in issued]
    return issued[marks.index(row.thumbprint) + 1 :] if row.thumbprint in marks else issued


def _serial(report: JsonObject) -> str:
    return str(report.get("serialNumber") or "").lower()


def unenroll(tx: Transaction, enrollment: EnrollmentRow) -> None:
    """End the enrolment because the user leaves. Raises NotAllowed if the user may not (a fully managed device)."""
    variant = enrollment.variant
    if not FACTS[variant].user_may_unenroll:
        raise NotAllowed(f"The user of a device of the kind {variant.value} cannot unenrol it; an admin can wipe it.")
    end(tx, enrollment, cause=Cause.UNENROLL)


def end(tx: Transaction, enrollment: EnrollmentRow, *, cause: Cause) -> None:
    """End the enrolment: revoke the certificates that the removal table names, close the ledger, drop the records that
    do not stay. Items that the table leaves on the device stay in the ledger too.
    """
    enrollment_id, upn, device = enrollment.id, user_name(tx, enrollment), _kind(tx, enrollment)
    revoke_held(tx, enrollment, cause=cause, user=upn)
    ledger = device_queries.ledger_rows(tx.connection, enrollment_id)
    rows = [row for row in ledger.values() if row.state is not ItemState.REMOVED]
    over = [decisions.row_after_end(row, device, cause=cause) for row in rows]
    write_ledger(tx, enrollment_id, before=ledger, changed=over, causes={row.key: cause for row in rows})
    if decisions.erases_device(device, cause=cause):
        # Items that earlier enrolments of the same hardware left on the device are erased too.
        forget_kept(tx, hardware_key=enrollment.hardware_key)
    device_queries.change_enrollment(
        tx.connection, enrollment_id, state=EnrollmentState.ENDED, cause=cause, due_at=NEVER
    )
    step_queries.delete_steps(tx.connection, enrollment_id)
    configuration_queries.drop_states(tx.connection, enrollment_id)
    compliance_queries.drop_device(tx.connection, enrollment_id)
    if tx.tenant.has_agents:
        script_queries.drop_device(tx.connection, enrollment_id)
    _drop_records(tx, enrollment, cause=cause)
    for row, after in zip(rows, over, strict=True):
        if decisions.was_removed(row, after):
            held = {"thumbprint": row.thumbprint, "serial": row.serial, "source": row.source.value}
            tx.record("removed", user=upn, device=enrollment_id, certificate=held, item=row.key, cause=cause.value)
    words = {Cause.WIPE: "wiped", Cause.RETIRE: "retired", Cause.UNENROLL: "unenrolled", Cause.DELETE: "deleted"}
    tx.record(words[cause], user=upn, device=enrollment_id)
    tx.wake([enrollment_id])


def _drop_records(tx: Transaction, enrollment: EnrollmentRow, *, cause: Cause) -> None:
    variant, edition = enrollment.variant, tx.tenant.edition
    record = device_queries.managed_device_of(tx.connection, enrollment.id)
    if record is not None and not managed_device_stays(variant, cause, edition=edition):
        device_queries.delete_managed_device(tx.connection, tx.tenant.id, managed_device_id=record.id)
        forget_with_managed_device(tx, enrollment.directory_device_id)
        if tx.tenant.setting(ENROLLMENT):
            note_left(tx, enrollment.directory_device_id, record_id=record.id)
    if tx.tenant.setting(ENROLLMENT) and let_go(tx, enrollment):
        return
    if not directory_device_stays(variant, cause, edition=edition):
        forget_with_directory_device(tx, enrollment.directory_device_id)
        directory_queries.delete_directory_device(tx.connection, tx.tenant.id, device_id=enrollment.directory_device_id)


def revoke_held(tx: Transaction, enrollment: EnrollmentRow, *, cause: Cause | Incident, user: str | None) -> None:
    """Revoke the certificates of an ending enrolment that the removal table names. Safe to repeat. `user`: the name of
    its user.
    """
    held = device_queries.ledger_rows(tx.connection, enrollment.id).values()
    rows = [*held, *unreported(tx, enrollment.id, rows=held)]
    to_revoke = decisions.rows_to_revoke(rows, _kind(tx, enrollment), cause=cause)
    _queue_at_partner(tx, enrollment.id, rows=[row for row in to_revoke if row.authority is Authority.PARTNER])
    for row in to_revoke:
        if row.authority is Authority.PARTNER:
            continue
        assert row.serial is not None
        revocation.revoke_for_connector(tx, row.serial, device=enrollment.id, user=user, source=row.source.value)


def _queue_at_partner(tx: Transaction, enrollment_id: EnrollmentId, *, rows: Sequence[LedgerRow]) -> None:
    """Let the authority of a partner be asked to revoke these; nobody knows the issuer of what it did not report."""
    if not rows:
        return
    reported = scep_queries.certificates_of(tx.connection, tx.tenant.id, enrollment_id=enrollment_id)
    reports = {certificate.thumbprint: certificate.report for certificate in reported}
    for row in rows:
        if row.thumbprint in reports:
            partner_revocations.queue_lost(tx, reports[row.thumbprint], device=enrollment_id)


def revoke_issued_late(tx: Transaction, enrollment: EnrollmentRow, *, serials: Iterable[str]) -> None:
    """Revoke certificates that were issued after the device's end was accepted, where the removal table revokes those
    that the device holds.
    """
    assert enrollment.cause is not None
    cause, device = enrollment.cause, _kind(tx, enrollment)
    for serial in serials:
        issued = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial)
        authority = Authority.named(None if issued is None else issued.authority)
        if decisions.is_revoked_when_issued_late(device, cause=cause, authority=authority):
            user = user_name(tx, enrollment)
            revocation.revoke_for_connector(tx, serial, device=enrollment.id, user=user, source=Source.PKCS.value)


def _kind(tx: Transaction, enrollment: EnrollmentRow) -> DeviceKind:
    return DeviceKind(enrollment.variant, tx.tenant.edition)
