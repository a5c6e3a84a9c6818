"""Writing a device's ledger, and with it which private keys the device has from then on.

The ledger knows the present; what a device had earlier decides whether it could read a mail then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cryptography import x509

from fauxtune.core.engine.planning.held_keys import KeyChange, KeyEvent, key_changes
from fauxtune.core.mail.recipients import names_of
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Cause, Incident
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import key_holdings
from fauxtune.storage.rows.keys import NotedKeyChange


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
    queries.put_ledger_rows(tx.connection, tx.tenant.id, enrollment_id=enrollment_id, changed=changed, at=tx.now)


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
    for enrollment_id, item in queries.forget_kept(tx.connection, tx.tenant.id, hardware_key=hardware_key, at=tx.now):
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
