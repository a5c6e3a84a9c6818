"""How often, and when, devices were given a challenge for certificates that they do not have yet. Only reads."""

from __future__ import annotations

from collections.abc import Mapping

from fauxtune.core.engine.planning.ledger import is_requested
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.items import LedgerRow, scep_key
from fauxtune.core.model.scep import ScepAttempt
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import scep as queries

#: The states of a challenge after which a device may still be waiting for its certificate.
_ANSWERED = ("validated", "issued")


def attempts_of(
    tx: Transaction, ledgers: Mapping[EnrollmentId, Mapping[ItemKey, LedgerRow]]
) -> dict[EnrollmentId, dict[tuple[ItemKey, str], ScepAttempt]]:
    """Return what devices were given to get certificates by SCEP that they do not have yet, by item and fingerprint.
    No statement is run if no device is to get one.
    """
    trying = [device for device, rows in ledgers.items() if any(is_requested(row) for row in rows.values())]
    attempts: dict[EnrollmentId, dict[tuple[ItemKey, str], ScepAttempt]] = {device: {} for device in ledgers}
    if not trying:
        return attempts
    for row in queries.challenges_of(tx.connection, tx.tenant.id, enrollment_ids=trying):
        known, key = attempts[row.enrollment_id], (scep_key(row.profile_id), row.fingerprint or "")
        known[key] = ScepAttempt(
            count=known[key].count + 1 if key in known else 1,
            given_at=row.created_at,
            expires_at=row.expires_at,
            is_answered=row.state in _ANSWERED,
        )
    return attempts
