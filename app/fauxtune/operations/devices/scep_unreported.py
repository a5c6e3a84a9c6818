"""Certificates that the tenant's own authority issued by SCEP and that their device has not reported: it may have them.

The ledger does not name them yet. Where the removal table revokes what a device holds, they are revoked too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fauxtune.core.engine.planning.ledger import is_requested
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Authority
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries


def unreported(tx: Transaction, enrollment_id: EnrollmentId, *, rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """Return these rows of a device's ledger as they would be with each certificate that it has not reported. Only
    reads; no statement is run if it is to request none.
    """
    requested = [row for row in rows if is_requested(row)]
    if not requested:
        return []
    issued = certificate_queries.certificates_on_device(
        tx.connection, tx.tenant.id, enrollment_id=enrollment_id, thumbprints=()
    )
    with_serials = []
    for row in requested:
        mine = [certificate for certificate in issued if certificate.item_key == row.key]
        serials = [certificate.serial for certificate in mine]
        # Older ones than the present one were replaced by it.
        begin = serials.index(row.serial) + 1 if row.serial in serials else 0
        with_serials += [
            replace(row, serial=certificate.serial, thumbprint=certificate.thumbprint, authority=Authority.MICROSOFT)
            for certificate in mine[begin:]
            if certificate.revoked_at is None
        ]
    return with_serials
