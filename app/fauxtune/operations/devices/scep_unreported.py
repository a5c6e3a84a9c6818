"""Certificates that were issued by SCEP and that their device has not reported: it may have them.

The ledger does not name them yet. Where the removal table revokes what a device holds, they are revoked too: those of
the tenant's own authority are in the register, those of a partner's are known from its reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fauxtune.core.engine.planning.ledger import is_requested
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.items import LedgerRow, scep_key
from fauxtune.core.model.states import Authority
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import scep as queries


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
    registered = {each.thumbprint for each in own}
    reported = [
        (scep_key(each.profile_id), _Issued(each.thumbprint, _serial(each.report), Authority.PARTNER))
        for each in queries.certificates_of(tx.connection, tx.tenant.id, enrollment_id=enrollment_id)
        if each.thumbprint not in registered
    ]
    with_serials = []
    for row in requested:
        mine = [
            _Issued(each.thumbprint, each.serial, Authority.MICROSOFT, is_revoked=each.revoked_at is not None)
            for each in own
            if each.item_key == row.key
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
