"""What a SCEP challenge that a device was given contains, without the challenge itself. Only reads.

Intune shows it to nobody. It is put together from what the device was offered, since nobody keeps challenges.
"""

from __future__ import annotations

from fauxtune.core.errors import NotFound
from fauxtune.core.model.items import scep_key
from fauxtune.core.model.scep import ScepOrder, ScepRequest
from fauxtune.core.scep.challenge import Challenge
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.situations import situations
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.scep import ScepChallengeRow


def known_challenge(tx: Transaction, challenge_id: str) -> Challenge:
    """Return the content of a challenge. Raises NotFound for one that was never given, or whose device or profile has
    changed since.
    """
    row = queries.challenge(tx.connection, tx.tenant.id, challenge_id=challenge_id)
    if row is None:
        raise NotFound(f"No device was given a challenge with the id '{challenge_id[:80]}'.")
    record = device_queries.managed_device_of(tx.connection, row.enrollment_id)
    request = _request(tx, row)
    if record is None or request is None:
        raise NotFound(
            "The device or its profile has changed since: what this challenge was for is not known any more."
        )
    return scep_challenges.challenge_of(row, device=record.id, request=request)


def _request(tx: Transaction, row: ScepChallengeRow) -> ScepRequest | None:
    """Return the request for which a challenge was given, if it is still what the device is offered."""
    key = scep_key(row.profile_id)
    ledger = device_queries.ledger_rows(tx.connection, row.enrollment_id)
    offered = ledger.get(key)
    if offered is not None and offered.fingerprint == row.fingerprint and offered.payload is not None:
        return ScepOrder.decode(offered.payload).request
    enrollment = device_queries.enrollment(tx.connection, row.enrollment_id)
    if enrollment is None:
        return None
    present = situations(tx, [enrollment], ledgers={enrollment.id: ledger}).get(enrollment.id)
    item = None if present is None else present.situation.items.get(key)
    return item.request if item is not None and item.fingerprint == row.fingerprint else None
