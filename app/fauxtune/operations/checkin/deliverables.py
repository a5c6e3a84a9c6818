"""The items of a device's policy with their bytes, as they are delivered. Only challenges of SCEP are written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.engine.planning.ledger import in_policy
from fauxtune.core.model.accounts import Account
from fauxtune.core.model.ids import ItemKey, UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.scep import ScepDelivery
from fauxtune.core.model.settings import Unit
from fauxtune.core.model.states import Source
from fauxtune.operations.checkin.scep_delivery import scep_deliveries
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.rows.certificates import AnswerRow
from fauxtune.storage.rows.devices import EnrollmentRow

#: The sources of items whose bytes connectors have made.
_ANSWERED = (Source.PKCS, Source.IMPORTED, Source.EMAIL)


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One item: a root's DER in `certificate`, a PFX file with its password sealed for the device, an account, settings
    that the device takes as one, or what it is to request by SCEP.

    `sealed` is the content that the platform's packaging defines, sealed (DER CMS); `opened` the same in clear, if the
    tenant wants plain profiles.
    """

    row: LedgerRow
    certificate: bytes | None = None
    pfx: bytes | None = None
    sealed: bytes | None = None
    opened: bytes | None = None
    account: Account | None = None
    unit: Unit | None = None
    scep: ScepDelivery | None = None


def deliverables(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    ledger: Mapping[ItemKey, LedgerRow],
    key_store: KeyStore,
    keys: Collection[ItemKey] | None = None,
    fresh: Sequence[AnswerRow] = (),
) -> list[Deliverable]:
    """Return all items of the device's policy, or those of these keys, in order. One whose bytes are gone is left out:
    it is on its way to removal. A device that is to request a certificate by SCEP gets a challenge; one that failed to
    get it is given another challenge where its `keys` name it. `ledger`: all items of the device; `fresh`: answers of
    connectors that are known already.
    """
    connection = tx.connection
    rows = [row for row in ledger.values() if in_policy(row) and (keys is None or row.key in keys)]
    requested = scep_deliveries(tx, enrollment, rows=rows, ledger=ledger, again=keys is not None, key_store=key_store)
    answers = _answers(tx, enrollment, rows=rows, fresh=fresh)
    by_serial = {answer.serial: answer for answer in answers if answer.serial is not None}
    by_item = {(answer.item_key, answer.fingerprint): answer for answer in answers}
    pairs = [(row.user_id or UserId(""), row.thumbprint or "") for row in rows if row.source is Source.IMPORTED]
    files = pfx_queries.pfx_files(connection, enrollment.tenant_id, pairs=pairs)
    items = []
    for row in rows:
        if row.source is Source.ROOT and row.payload is not None:
            items.append(Deliverable(row=row, certificate=row.payload))
        elif row.source is Source.EMAIL and row.payload is not None:
            carried = by_item.get((row.key, row.fingerprint or ""))
            sealed = None if carried is None else carried.sealed
            items.append(Deliverable(row=row, account=Account.decode(row.payload), sealed=sealed))
        elif row.source is Source.SETTING and row.payload is not None:
            items.append(Deliverable(row=row, unit=Unit.decode(row.payload)))
        elif row.source is Source.PKCS and row.serial in by_serial:
            answer = by_serial[row.serial]
            items.append(Deliverable(row=row, pfx=answer.pfx, sealed=answer.sealed))
        elif row.source is Source.SCEP and row.key in requested:
            items.append(Deliverable(row=row, scep=requested[row.key]))
        elif row.source is Source.IMPORTED:
            answered = by_item.get((row.key, row.fingerprint or ""))
            pfx = files.get((row.user_id or UserId(""), row.thumbprint or ""))
            if answered is not None and pfx is not None:
                items.append(Deliverable(row=row, pfx=pfx, sealed=answered.sealed))
    return items


def _answers(
    tx: Transaction, enrollment: EnrollmentRow, *, rows: Iterable[LedgerRow], fresh: Sequence[AnswerRow]
) -> Sequence[AnswerRow]:
    """The answers of connectors that these items are delivered with."""
    known = {answer.serial for answer in fresh} | {(answer.item_key, answer.fingerprint) for answer in fresh}
    wanted = {
        row.serial if row.source is Source.PKCS else (row.key, row.fingerprint or "")
        for row in rows
        if row.source in _ANSWERED
    }
    return fresh if wanted <= known else request_queries.answers(tx.connection, enrollment.id)
