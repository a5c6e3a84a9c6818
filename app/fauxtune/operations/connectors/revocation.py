"""Revocation and rollover: what an authority takes back, for an administrator or a connector, and its new key.

Reasons are those of RFC 5280 5.3.1. A certificate on hold can be released (`removeFromCRL`) or revoked for good; any
other stays revoked with its first date and reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fauxtune.connector.refusals import AuthorityUnavailable, RaCertificateMissing, RevocationRefused
from fauxtune.core.errors import Conflict, ConnectorRefused, NotFound, Unavailable
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.core.pki.crl import HOLD, RELEASE, check_reason
from fauxtune.operations.ca import authorities, crl_and_ocsp, issuance
from fauxtune.operations.connectors import event_log
from fauxtune.operations.connectors.selection import check_ra_certificate, for_revocation, revoking, who_is_waited_for
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import give_way
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.rows.certificates import AuthorityRow, CertificateRow, ConnectorRow, RevocationState

# Revocations that a connector could not carry out, in the journal: `refused`, with Graph's number for such a refusal,
# and `waiting`, for an authority or a connector that cannot be reached. (A certificate that could not be issued is
# journalled with the item that failed.)


@dataclass(frozen=True, slots=True)
class Case:
    """The certificate that was to be revoked, and whose it is; `certificate`: thumbprint, serial, source."""

    device: EnrollmentId | None
    user: str | None
    profile: str | None
    item: str | None
    template: str | None = None
    authority: str | None = None
    certificate: JsonObject | None = None


def revocation_refused(tx: Transaction, case: Case, *, refusal: ConnectorRefused) -> None:
    """Note that a certificate stays valid, since its revocation was refused."""
    _note(tx, case, event="refused", asked="revocation", errorCode=refusal.code, reason=refusal.message)


def revocation_waits(tx: Transaction, case: Case, *, why: str) -> None:
    """Note that a certificate stays valid until its authority, or a connector, can be reached."""
    _note(tx, case, event="waiting", asked="revocation", reason=why)


def _note(tx: Transaction, case: Case, *, event: str, **detail: Any) -> None:
    about = {"item": case.item, "template": case.template, "authority": case.authority}
    detail = {name: value for name, value in about.items() if value is not None} | detail
    tx.record(
        event,
        user=case.user,
        device=case.device,
        profile=case.profile,
        certificate=case.certificate,
        **detail,
    )


#: The reason of connectors' revocations: the device is no longer managed, or no longer gets the certificate.
CONNECTOR_REASON = "cessationOfOperation"
_AT_ONCE = 500


def revoke(
    tx: Transaction,
    serial: str,
    *,
    reason: str,
    authority_name: str,
    device: EnrollmentId | None = None,
    user: str | None = None,
    source: str | None = None,
) -> bool:
    """Revoke a certificate; the authority's next CRL has it. Return False and change nothing if it is revoked already.

    The reason `removeFromCRL` releases a certificate that is on hold; raises Conflict for one that is not. Raises
    Unavailable while the authority is off line, NotFound for a certificate that it did not issue.
    """
    row = _issued(tx, serial, authority_name=authority_name)
    if reason != RELEASE:
        check_reason(reason)
    _check_available(authority_queries.authority(tx.connection, tx.tenant.id, name=authority_name))
    return _revoke(tx, row, reason=reason, device=device, user=user, source=source)


def _revoke(
    tx: Transaction,
    row: CertificateRow,
    *,
    reason: str,
    device: EnrollmentId | None,
    user: str | None,
    source: str | None,
) -> bool:
    authority_name, serial = row.authority, row.serial
    where = {"authority_name": authority_name, "serial": serial}
    if reason == RELEASE:
        changed = certificate_queries.release(tx.connection, tx.tenant.id, **where)
        if not changed:
            raise Conflict("Only a certificate on hold (certificateHold) can be taken from the CRL.", target="reason")
    else:
        changed = certificate_queries.revoke(tx.connection, tx.tenant.id, **where, at=tx.now, reason=reason)
        if not changed and reason != HOLD:
            # RFC 5280 5.3.1: what was on hold is now revoked for good, since it was put on hold.
            changed = certificate_queries.change_reason(tx.connection, tx.tenant.id, **where, reason=reason)
    if changed:
        crl_and_ocsp.sign_crl_again(tx, authority_name)
        described = {"thumbprint": row.thumbprint, "serial": serial, "source": source}
        word = "released" if reason == RELEASE else "revoked"
        tx.record(word, user=user, device=device, certificate=described, reason=reason)
    return changed


def revoke_for_connector(
    tx: Transaction, serial: str, *, device: EnrollmentId | None, user: str | None, source: str
) -> bool:
    """Have a connector ask the CA to revoke a certificate. Safe to repeat. Return False where it is not revoked now: no
    connector with the role serves at the moment (one revokes it later), the template forbids it (the certificate stays
    valid), or the authority is off line (it is revoked when the authority is back).
    """
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial)
    if row is None:
        raise _unknown(serial)
    if _is_revoked_for_good(row):
        return True
    case = _case(row, device=device, user=user, source=source)
    asked_at = row.revocation_asked_at or tx.now
    connector = for_revocation(tx, asked_at=asked_at)
    if connector is not None:
        return _ask(tx, row, case=case, connector=connector)
    if row.revocation_state != "asked":
        _note_state(tx, row, state="asked", asked_at=asked_at)
        revocation_waits(tx, case, why=f"It waits for {who_is_waited_for(tx, 'revocation')}.")
        tx.connectors_called = True
    return False


def revocable(tx: Transaction, serials: Collection[str]) -> frozenset[str]:
    """Return those of these certificates that `revoke_for_connector` would revoke now, without those that are revoked
    already. Nothing is written. Raises NotFound as it does.
    """
    if not serials:
        return frozenset()
    rows = certificate_queries.certificates_of_enterprise(tx.connection, tx.tenant.id, serials=serials)
    connectors = connector_queries.connector_rows(tx.connection, tx.tenant.id)
    authorities = {row.name: row for row in authority_queries.authorities_of(tx.connection, tx.tenant.id)}
    documents = {
        keeper: authority_queries.template_documents(tx.connection, tx.tenant.id, authority_name=keeper)
        for keeper in {issuance.keeper(row.authority) for row in rows.values()}
    }
    result = set()
    for serial in serials:
        row = rows.get(serial)
        if row is None:
            raise _unknown(serial)
        connector = revoking(connectors, asked_at=row.revocation_asked_at or tx.now, now=tx.now)
        if connector is None or _is_revoked_for_good(row):
            continue
        template = documents[issuance.keeper(row.authority)].get(row.template or "")
        with suppress(RevocationRefused, RaCertificateMissing, Unavailable):
            _check(row, connector=connector, authority=authorities.get(row.authority), template=template)
            result.add(serial)
    return frozenset(result)


def carry_out(tx: Transaction, *, connector: ConnectorRow | None = None, serial: str | None = None) -> int:
    """Revoke some of the certificates that connectors were asked to revoke: by those inside the server that are due, or
    by this `connector`, a process. With a `serial`: only that certificate. Return how many were tried.
    """
    tried = 0
    for row in certificate_queries.asked_revocations(tx.connection, tx.tenant.id, before=tx.now, serial=serial):
        asked_at = row.revocation_asked_at or tx.now
        chosen = connector or for_revocation(tx, asked_at=asked_at)
        if chosen is not None:
            case = _case(row, device=row.enrollment_id, user=_user_name(tx, row), source="pkcs")
            _ask(tx, row, case=case, connector=chosen)
            tried += 1
    return tried


def _ask(tx: Transaction, row: CertificateRow, *, case: Case, connector: ConnectorRow) -> bool:
    """Let the connector ask the authority, and write the outcome into the connector's log."""
    log = event_log.Writer(tx, connector, role="revocation", device=case.device, user=case.user)
    log.about(ca=row.authority, template=row.template, item=row.item_key)
    log.about(thumbprint=row.thumbprint, serial=row.serial, digicert=row.authority == DIGICERT)
    kept_at = issuance.keeper(row.authority)
    template = authority_queries.template_document(
        tx.connection, tx.tenant.id, authority_name=kept_at, name=row.template or ""
    )
    authority = authority_queries.authority(tx.connection, tx.tenant.id, name=row.authority)
    try:
        _check(row, connector=connector, authority=authority, template=template)
        _revoke(
            tx,
            row,
            reason=CONNECTOR_REASON,
            device=case.device,
            user=case.user,
            source=(case.certificate or {}).get("source"),
        )
    except (RevocationRefused, RaCertificateMissing) as refusal:
        _note_state(tx, row, state="refused")
        if row.revocation_state != "refused":
            revocation_refused(tx, case, refusal=refusal)
            log.request_failed(refusal)
        return False
    except Unavailable as error:
        _note_state(tx, row, state="waiting")
        if row.revocation_state != "waiting":
            revocation_waits(tx, case, why=error.message)
            log.request_failed(AuthorityUnavailable(error.message))
        return False
    log.request_succeeded()
    return True


def _case(row: CertificateRow, *, device: EnrollmentId | None, user: str | None, source: str) -> Case:
    return Case(
        device=device,
        user=user,
        profile=row.profile_id,
        item=row.item_key,
        template=row.template,
        authority=row.authority,
        certificate={"thumbprint": row.thumbprint, "serial": row.serial, "source": source},
    )


def revoke_waiting(tx: Transaction, authority_name: str) -> int:
    """Revoke some of the certificates that waited for the authority; return how many. Repeat until it returns 0."""
    _check_available(authority_queries.authority(tx.connection, tx.tenant.id, name=authority_name))
    rows = certificate_queries.waiting_revocations(
        tx.connection, tx.tenant.id, authority_name=authority_name, limit=_AT_ONCE
    )
    for row in rows:
        user = _user_name(tx, row)
        _revoke(tx, row, reason=CONNECTOR_REASON, device=row.enrollment_id, user=user, source="pkcs")
    return len(rows)


def _user_name(tx: Transaction, row: CertificateRow) -> str | None:
    if row.user_id is None:
        return None
    return certificate_queries.name_of_user(tx.connection, tx.tenant.id, user_id=row.user_id)


def _check(
    row: CertificateRow, *, connector: ConnectorRow, authority: AuthorityRow | None, template: JsonObject | None
) -> None:
    """Raise RaCertificateMissing, RevocationRefused or Unavailable where the connector cannot have the certificate
    revoked. `template`: that of the certificate; a deleted one, None, forbids nothing.

    Differs from AD CS: there the permission ("Issue and Manage Certificates") is that of an authority as a whole.
    """
    check_ra_certificate(connector, row.authority)
    if template is not None and not template["connectorMayRevoke"]:
        raise RevocationRefused(
            f"The certificate template {row.template} does not let the connector revoke (connectorMayRevoke)."
        )
    _check_available(authority)


def _is_revoked_for_good(row: CertificateRow) -> bool:
    return row.revoked_at is not None and row.reason != HOLD


def _unknown(serial: str) -> NotFound:
    return NotFound(f"The enterprise CA issued no certificate {serial}.")


def _issued(tx: Transaction, serial: str, *, authority_name: str) -> CertificateRow:
    row = certificate_queries.certificate_by_serial(
        tx.connection, tx.tenant.id, authority_name=authority_name, serial=serial
    )
    if row is None:
        raise NotFound(f"The authority '{authority_name}' issued no certificate {serial}.")
    return row


def _check_available(row: AuthorityRow | None) -> None:
    if row is not None and row.state != "available":
        raise Unavailable(f"The authority '{row.name}' is off line: it revokes nothing now.")


def _note_state(
    tx: Transaction, row: CertificateRow, *, state: RevocationState, asked_at: datetime | None = None
) -> None:
    certificate_queries.change_certificate(
        tx.connection,
        tx.tenant.id,
        authority_name=row.authority,
        serial=row.serial,
        revocation_state=state,
        revocation_asked_at=asked_at,
    )


async def roll_over(emulator: Emulator, tenant: Tenant, *, name: str) -> AuthorityRow:
    """Make a key, and give it to the authority: see `authorities.roll_over`. The key is deleted where that fails."""
    await emulator.runner.read(authorities.authority_row, tenant, name=name)
    key_name = f"{emulator.runner.ids.uuid()}-issuing"
    key = await asyncio.to_thread(emulator.key_source.take)
    await asyncio.to_thread(emulator.keys.store, key_name, key)
    done = False
    try:
        row = await emulator.runner.run(
            tenant, authorities.roll_over, name, key=key, key_name=key_name, keys=emulator.keys
        )
        done = True
    finally:
        if not done:
            await asyncio.to_thread(emulator.keys.delete, key_name)
    return row


async def set_state(emulator: Emulator, tenant: Tenant, *, name: str, state: str) -> AuthorityRow:
    """Change an authority's state: see `authorities.set_state`. One that comes back revokes what waited for it."""
    row = await emulator.runner.run(tenant, authorities.set_state, name, state=state)
    if state == "available":
        while await emulator.runner.run(tenant, revoke_waiting, name):
            await give_way()
    return row
