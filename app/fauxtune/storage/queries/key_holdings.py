"""Which device held which private key, and when."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, union_all

from fauxtune.core.engine.planning.ledger import KeyEvent
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.states import Incident, ItemState
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.reads import every, in_parts, many
from fauxtune.storage.rows.devices import HolderRow
from fauxtune.storage.rows.ledger import KeyHoldingRow, NotedKeyChange
from fauxtune.storage.tables import certificates, enrollments, key_holdings, ledger, pfx_certificates
from fauxtune.storage.tenancy import of_tenant, rows_of

_Key = tuple[str, str, str, int]
_CERTIFICATES = Prepared(
    union_all(
        *(
            select(table.c.thumbprint, table.c.certificate).where(
                of_tenant(table),
                table.c.thumbprint.in_(bindparam("thumbprints", expanding=True)),
                table.c.certificate.is_not(None),
            )
            for table in (certificates, pfx_certificates)
        )
    )
)


def certificates_of(
    connection: Connection, tenant_id: TenantId, *, thumbprints: Collection[str]
) -> Mapping[str, bytes]:
    """Return the issued and imported certificates (DER) with these thumbprints, by thumbprint."""
    values = {"tenant": tenant_id, "thumbprints": sorted(thumbprints)}
    return {mark: bytes(certificate) for mark, certificate in _CERTIFICATES.every(connection, values)}


def write_key_changes(
    connection: Connection, tenant_id: TenantId, *, changes: Sequence[NotedKeyChange], number: int, at: datetime
) -> None:
    """Write changes in their order, as of a number of the journal and a moment."""
    ids = {change.enrollment_id for change in changes if change.has_keys}
    before = {_key(row): row for row in present_keys(connection, tenant_id, enrollments=ids)}
    rows = dict(before)
    for noted in changes:
        _apply(rows, noted, tenant_id=tenant_id, number=number, at=at)
    # One that came and went in one transaction was never there.
    changed = [row for key, row in rows.items() if row != before.get(key) and row.until_number != row.since_number]
    writes.put_rows(connection, key_holdings, rows=changed)


def present_keys(
    connection: Connection, tenant_id: TenantId, *, enrollments: Collection[EnrollmentId]
) -> list[KeyHoldingRow]:
    """Return the keys that these enrolments have now."""
    return many(connection, _PRESENT, row=KeyHoldingRow, ids=enrollments, values={"tenant": tenant_id})


def holdings_of_recipients(
    connection: Connection, tenant_id: TenantId, *, named: Collection[str], key_ids: Collection[str]
) -> list[KeyHoldingRow]:
    """Return who held, at any time, a key of a certificate with one of these names; the oldest first."""
    rows: dict[_Key, KeyHoldingRow] = {}
    for column, values in ((key_holdings.c.issuer_and_serial, named), (key_holdings.c.key_id, key_ids)):
        for some in in_parts(values):
            statement = rows_of(key_holdings, tenant_id).where(column.in_(some))
            rows |= {_key(row): row for row in every(connection, statement, row=KeyHoldingRow)}
    return sorted(rows.values(), key=lambda row: (row.since_number, _key(row)))


def holders(connection: Connection, tenant_id: TenantId, *, thumbprint: str) -> list[HolderRow]:
    """Return the devices that hold a certificate according to their ledgers."""
    statement = (
        select(ledger.c.enrollment_id, enrollments.c.user_id, ledger.c.state)
        .join(enrollments, enrollments.c.id == ledger.c.enrollment_id)
        .where(
            of_tenant(ledger, tenant_id),
            ledger.c.thumbprint == thumbprint,
            ledger.c.state.in_([ItemState.INSTALLED.value, ItemState.KEPT.value]),
        )
        .order_by(ledger.c.enrollment_id)
    )
    return every(connection, statement, row=HolderRow)


_PRESENT = Prepared(
    rows_of(key_holdings).where(
        key_holdings.c.enrollment_id.in_(bindparam("ids", expanding=True)),
        key_holdings.c.until_number.is_(None),
    )
)


def _key(row: KeyHoldingRow) -> _Key:
    return (row.enrollment_id, row.item_key, row.thumbprint, row.since_number)


def _apply(
    rows: dict[_Key, KeyHoldingRow], noted: NotedKeyChange, *, tenant_id: TenantId, number: int, at: datetime
) -> None:
    """Apply one change to the holdings of its enrolment that are not over."""
    change = noted.change
    there = [
        row
        for row in rows.values()
        if row.enrollment_id == noted.enrollment_id and row.item_key == change.item and row.until_number is None
    ]
    same = [row for row in there if row.thumbprint == change.thumbprint]
    for row in there:
        rows[_key(row)] = _after(row, noted, number=number, at=at)
    if change.event is KeyEvent.COMES and not same and change.thumbprint is not None:
        new = KeyHoldingRow(
            enrollment_id=noted.enrollment_id,
            item_key=change.item,
            thumbprint=change.thumbprint,
            since_number=number,
            since=at,
            tenant_id=tenant_id,
            until_number=None,
            until=None,
            cause=None,
            issuer_and_serial=noted.issuer_and_serial,
            key_id=noted.key_id,
        )
        rows[_key(new)] = new


def _after(row: KeyHoldingRow, noted: NotedKeyChange, *, number: int, at: datetime) -> KeyHoldingRow:
    """Return a holding after a change of its item."""
    change = noted.change
    match change.event:
        case KeyEvent.COMES if row.thumbprint == change.thumbprint:
            return replace(row, cause=None)
        case KeyEvent.COMES:
            # What is on the device under this name is replaced.
            return replace(row, until_number=number, until=at, cause=row.cause or Incident.RENEWED)
        case KeyEvent.GOES:
            return replace(row, until_number=number, until=at, cause=change.cause or row.cause)
        case KeyEvent.UNWANTED:
            return replace(row, cause=change.cause)
        case KeyEvent.WANTED_AGAIN:
            return replace(row, cause=None)
