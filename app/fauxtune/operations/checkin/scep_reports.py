"""What is known of a certificate that a device got by SCEP and reports.

The device tells its thumbprint, shows it whole, or says only that it is there. The rest is known from the register, if
an authority of the tenant issued it, or from what a partner's authority reported. Only reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from fauxtune.core.clock import from_iso
from fauxtune.core.engine.planning.renewal import renewal
from fauxtune.core.engine.planning.reported_items import Inventory, IssuedByScep
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.items import LedgerRow, scep_key
from fauxtune.core.model.scep import ScepOrder, ScepRequest
from fauxtune.core.model.states import Authority, ItemState, Source
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.core.pki.names import serial_hex, thumbprint
from fauxtune.core.scep.comparison import deviation
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.certificates import CertificateRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scep import ScepCertificateRow, ScepChallengeRow


@dataclass(frozen=True, slots=True)
class _Reported:
    """A certificate that an authority reported, with the challenge that it was issued for."""

    certificate: ScepCertificateRow
    challenge: ScepChallengeRow


def with_issued(
    tx: Transaction, device: EnrollmentRow, *, rows: Mapping[ItemKey, LedgerRow], inventory: Inventory
) -> Inventory:
    """Return a device's report with what is known of its certificates by SCEP. No statement is run if it has no news
    of them.
    """
    news = news_in(inventory, rows=rows)
    if not news:
        return inventory
    reported = queries.certificates_of(tx.connection, tx.tenant.id, enrollment_id=device.id)
    challenges = queries.challenges_of(tx.connection, tx.tenant.id, enrollment_ids=[device.id])
    offers = {challenge.id: challenge for challenge in challenges}
    certificates = _readable(inventory.certificates)
    known = {row.thumbprint for row in rows.values()} - {None}
    issued = {}
    for row in news:
        mine = [
            _Reported(certificate, offers[certificate.challenge_id])
            for certificate in reversed(reported)
            if scep_key(certificate.profile_id) == row.key and certificate.challenge_id in offers
        ]
        mark = inventory.identities[row.key].lower() or _mark_of(
            row, reported=mine, certificates=certificates, known=known
        )
        issued[row.key] = _issued(tx, row, device=device.id, mark=mark, reported=mine, certificates=certificates)
    return replace(inventory, issued=issued)


def news_in(inventory: Inventory, *, rows: Mapping[ItemKey, LedgerRow]) -> list[LedgerRow]:
    """Return the certificates by SCEP of which a device's report may have news."""
    return [rows[key] for key, mark in inventory.identities.items() if key in rows and _is_news(rows[key], mark)]


def _is_news(row: LedgerRow, mark: str) -> bool:
    """Whether a report of this item with this thumbprint may say something new."""
    if row.source is not Source.SCEP or row.payload is None:
        return False
    is_other = row.state is ItemState.INSTALLED and mark.lower() != (row.thumbprint or "")
    return is_other or row.state in (ItemState.SENT, ItemState.FAILED)


def _readable(documents: Mapping[str, bytes]) -> dict[str, x509.Certificate]:
    """The certificates that a device shows, by thumbprint, without those that cannot be read."""
    readable = {}
    for der in documents.values():
        try:
            certificate = certificate_from(der)
        except Invalid:
            continue
        readable[thumbprint(certificate)] = certificate
    return readable


def _mark_of(
    row: LedgerRow,
    *,
    reported: Sequence[_Reported],
    certificates: Mapping[str, x509.Certificate],
    known: Iterable[str | None],
) -> str | None:
    """The thumbprint of the certificate where a device says only that it is there: of the last one that was issued for
    this offer, or of one that it shows and that is what was asked for. None if neither is known.
    """
    for each in reported:
        mark = each.certificate.thumbprint
        if each.challenge.fingerprint == row.fingerprint and mark and (not certificates or mark in certificates):
            return mark
    request = _request(row)
    fitting = [
        (certificate.not_valid_before_utc, mark)
        for mark, certificate in certificates.items()
        if mark not in known and not deviation(certificate, request)
    ]
    return max(fitting)[1] if fitting else None


def _issued(
    tx: Transaction,
    row: LedgerRow,
    *,
    device: EnrollmentId,
    mark: str | None,
    reported: Sequence[_Reported],
    certificates: Mapping[str, x509.Certificate],
) -> IssuedByScep:
    if mark is None:
        return IssuedByScep(None)
    registered = certificate_queries.certificate(tx.connection, tx.tenant.id, key=mark)
    if registered is not None and registered.thumbprint == mark:
        if (registered.enrollment_id, registered.item_key) != (device, row.key):
            # Without its number it is not revoked when this device gives it back.
            return IssuedByScep(mark, differs="The certificate on the device was not issued to it by this profile.")
        return _by_own_authority(row, registered)
    known = next((each for each in reported if each.certificate.thumbprint == mark), None)
    report: Mapping[str, Any] = {} if known is None else known.certificate.report
    request, certificate = _request(row), certificates.get(mark)
    if certificate is None:
        ends = _moment(report.get("expiration"))
        begins = tx.now if known is None else known.challenge.created_at
        serial = str(report.get("serialNumber") or "").lower() or None
        # Nobody says when it ends: it is renewed as if the authority had granted what was asked for.
        expected = ends or (None if request.days is None else begins + timedelta(days=request.days))
        return IssuedByScep(mark, serial=serial, not_after=ends, renew_at=_renew_at(request, begins, ends=expected))
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return IssuedByScep(
        mark,
        serial=serial_hex(certificate),
        not_after=ends,
        renew_at=_renew_at(request, begins, ends=ends),
        differs=deviation(certificate, request),
    )


def _by_own_authority(row: LedgerRow, registered: CertificateRow) -> IssuedByScep:
    request, begins, ends = _request(row), registered.not_before, registered.not_after
    return IssuedByScep(
        registered.thumbprint,
        serial=registered.serial,
        authority=Authority.MICROSOFT,
        not_after=ends,
        renew_at=_renew_at(request, begins, ends=ends),
        differs=deviation(certificate_from(registered.certificate), request),
    )


def _request(row: LedgerRow) -> ScepRequest:
    assert row.payload is not None, row.key
    return ScepOrder.decode(row.payload).request


def _renew_at(request: ScepRequest, begins: datetime, *, ends: datetime | None) -> datetime | None:
    return None if ends is None else renewal(begins, ends, percent=request.renew_percent)


def _moment(text: object) -> datetime | None:
    """The moment of a text that an authority reported; None if it is in a form of its own."""
    try:
        return from_iso(str(text))
    except ValueError:
        return None
