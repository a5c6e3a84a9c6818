"""What NDES with Intune's policy module decides about a certificate request: it is issued, waits, or is refused.

The service validates each request by its challenge (`scep_challenges`), as for authorities of partners. A message that
comes again is answered with the same certificate: it has the same challenge, and a request for the same key.
Microsoft: "Configure infrastructure to support SCEP certificate profiles with Intune"; RFC 8894 4.3 to 4.5.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.refusals import AuthorityRefused, RequestNotValidated
from fauxtune.core.errors import ConnectorRefused
from fauxtune.core.model.connector_events import CHALLENGE_EXPIRED, CHALLENGE_UNREADABLE, UNKNOWN_ERROR, Happening
from fauxtune.core.model.connectors import SCEP_ROLE
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.pki import scep
from fauxtune.core.pki.names import serial_hex, subject_text
from fauxtune.core.pki.scep import FailInfo, Kind, Refusal
from fauxtune.core.scep.challenge import Challenge
from fauxtune.core.scep.results import ResultCode, Verdict
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.ndes_issuance import Case, digest, issue, note_failed
from fauxtune.operations.checkin.scep_challenges import AuthorityRequest
from fauxtune.operations.connectors import event_log
from fauxtune.operations.devices.users import user_name
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.certificates import CertificateRow, ConnectorRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scep import ScepRequestRow

#: The diagnostic codes of the connector of 2020 for what the service refuses.
_DIAGNOSTICS = {
    ResultCode.EXPIRED: CHALLENGE_EXPIRED,
    ResultCode.CHALLENGE_DECODING: CHALLENGE_UNREADABLE,
    ResultCode.CHALLENGE_DECRYPTION: CHALLENGE_UNREADABLE,
    ResultCode.CHALLENGE_DESERIALIZATION: CHALLENGE_UNREADABLE,
}
#: The failInfo of what the service refuses; others are a badRequest.
_REASONS = {ResultCode.SIGNER_MISMATCH: FailInfo.BAD_CERTIFICATE_ID}


@dataclass(frozen=True, slots=True)
class Pending:
    """The request waits for an approval."""


#: What a message is answered with.
Outcome: TypeAlias = x509.Certificate | Pending | Refusal


def decide(tx: Transaction, request: scep.Request, *, connector: ConnectorRow, keys: KeyStore) -> Outcome:
    """Return the answer to a message with a certificate request, or to a poll for one."""
    if request.kind is not Kind.POLL:
        return _Request(tx, request, connector=connector, keys=keys).decide()
    known = _polled(tx, request)
    if known is not None:
        return _present_state(tx, request, row=known)
    return Refusal(request.exchange, FailInfo.BAD_CERTIFICATE_ID, "No request with this transaction ID is known here.")


def _polled(tx: Transaction, request: scep.Request) -> ScepRequestRow | None:
    """Return the request with this transaction ID whose key, or whose message's signer, signed the poll.

    Clients choose the ID, and many use one for all requests of a key: the one that waits, else the newest.
    """
    exchange = request.exchange
    signer = digest(exchange.signer)
    rows = queries.requests_of_transaction(tx.connection, tx.tenant.id, transaction=exchange.transaction)
    own = [row for row in rows if signer in (row.signer_digest, row.key_digest)]
    return next((row for row in own if row.state == "pending"), own[0] if own else None)


def _present_state(tx: Transaction, request: scep.Request, *, row: ScepRequestRow) -> Outcome:
    if row.state == "pending":
        return Pending()
    if row.state == "denied":
        return Refusal(request.exchange, FailInfo.BAD_REQUEST, f"The request was denied: {row.message}")
    issued = certificate_queries.certificate_by_serial(
        tx.connection, tx.tenant.id, authority_name=row.authority or "", serial=row.serial or ""
    )
    if issued is None or issued.revoked_at is not None:
        return Refusal(request.exchange, FailInfo.BAD_REQUEST, "The certificate of this request was revoked.")
    return x509.load_der_x509_certificate(issued.certificate)


def _registered(tx: Transaction, certificate: x509.Certificate) -> CertificateRow | None:
    """Return the entry of a certificate in the register of the tenant's authorities."""
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial_hex(certificate))
    return row if row is not None and row.certificate == certificate.public_bytes(Encoding.DER) else None


class _Request:
    """One message with a certificate request that NDES has not accepted yet."""

    def __init__(self, tx: Transaction, request: scep.Request, *, connector: ConnectorRow, keys: KeyStore) -> None:
        self._tx = tx
        self._request = request
        self._connector = connector
        self._keys = keys
        self._exchange = request.exchange
        assert request.request is not None  # only a poll has none
        self._csr = request.request
        self._known_signer = _registered(tx, request.exchange.signer)
        # Clients that do not know RenewalReq sign a PKCSReq with their certificate (RFC 8894 2.3).
        self._renews = request.kind is not Kind.REQUEST or self._known_signer is not None
        self._to_service = AuthorityRequest(
            request.exchange.transaction,
            base64.b64encode(request.csr).decode(),
            signer=request.exchange.signer if self._renews else None,
        )
        self._log = event_log.Writer(tx, connector, role=SCEP_ROLE)

    def decide(self) -> Outcome:
        """Return the answer, and write down what happened."""
        tx = self._tx
        opened = scep_challenges.open_challenge(tx, self._request.challenge or "", keys=self._keys)
        enrollment = None
        if isinstance(opened, Challenge):
            self._to_service = replace(self._to_service, challenge=opened)
            known = queries.challenge_to_use(tx.connection, tx.tenant.id, challenge_id=opened.id)
            if known is not None:
                enrollment = device_queries.enrollment(tx.connection, known.enrollment_id)
                used = queries.request_of_challenge(tx.connection, tx.tenant.id, challenge_id=opened.id)
                if used is not None:
                    return self._again(used)
        self._begin_log(enrollment)
        verdict = scep_challenges.validate_request(tx, self._to_service, keys=self._keys)
        if not verdict.is_success:
            return self._not_validated(verdict)
        # A validated request has a challenge of this tenant, and a device that it manages.
        assert isinstance(opened, Challenge)
        assert enrollment is not None
        self._log.write(Happening.VALIDATED)
        renews = self._renewed()
        if isinstance(renews, Refusal):
            return self._not_issued(renews.reason, AuthorityRefused(renews.text))
        return self._accepted(opened, enrollment=enrollment, renews=renews)

    def _again(self, used: ScepRequestRow) -> Outcome:
        """A challenge is for one request: the same key gets the same certificate, another one gets none."""
        if used.key_digest == digest(self._csr):
            return _present_state(self._tx, self._request, row=used)
        return Refusal(
            self._exchange, FailInfo.BAD_REQUEST, "The challenge was used already, for a request with another key."
        )

    def _begin_log(self, enrollment: EnrollmentRow | None) -> None:
        if enrollment is not None:
            user = user_name(self._tx, enrollment)
            self._log = event_log.Writer(self._tx, self._connector, role=SCEP_ROLE, device=enrollment.id, user=user)
        self._log.about(transaction=self._exchange.transaction)
        self._log.write(Happening.DOWNLOADED)

    def _not_validated(self, verdict: Verdict) -> Refusal:
        words = f"{verdict.code.value}: {verdict.description}"
        refusal = RequestNotValidated(words, diagnostic=_DIAGNOSTICS.get(verdict.code, UNKNOWN_ERROR))
        self._log.write(Happening.NOT_VALIDATED, refusal=refusal)
        self._log.write(Happening.NOT_SUCCEEDED, refusal=refusal)
        reason = _REASONS.get(verdict.code, FailInfo.BAD_REQUEST)
        return Refusal(self._exchange, reason, words)

    def _renewed(self) -> Refusal | str | None:
        """Return the serial number of the certificate that is renewed, or why its authority does not renew it.

        None: the signer is one that the device made itself, for its first certificate.
        """
        if not self._renews:
            return None
        known = self._known_signer
        if known is None:
            why = FailInfo.BAD_CERTIFICATE_ID, "The certificate that signed this renewal is not one of this authority."
        elif known.revoked_at is not None:
            why = FailInfo.BAD_CERTIFICATE_ID, "The certificate that signed this renewal was revoked."
        elif known.not_after <= self._tx.now:
            why = FailInfo.BAD_TIME, "The certificate that signed this renewal has expired."
        else:
            return known.serial
        return Refusal(self._exchange, *why)

    def _accepted(self, challenge: Challenge, *, enrollment: EnrollmentRow, renews: str | None) -> Outcome:
        """Issue the certificate, or keep the request until somebody approves it."""
        tx, row = self._tx, self._row(challenge, enrollment=enrollment, renews=renews)
        if tx.tenant.setting("ndes.approval"):
            queries.put_request(tx.connection, row)
            subject = subject_text(self._csr.subject)
            tx.record(
                "scepRequestPending", device=row.enrollment_id, profile=row.profile_id, request=row.id, subject=subject
            )
            return Pending()
        try:
            issued = issue(tx, Case(row, enrollment=enrollment, challenge=challenge, log=self._log), keys=self._keys)
        except ConnectorRefused as refusal:
            return self._not_issued(FailInfo.BAD_REQUEST, refusal)
        return _present_state(tx, self._request, row=issued)

    def _row(self, challenge: Challenge, *, enrollment: EnrollmentRow, renews: str | None) -> ScepRequestRow:
        return ScepRequestRow(
            tenant_id=self._tx.tenant.id,
            id=self._tx.ids.uuid(),
            transaction=self._exchange.transaction,
            key_digest=digest(self._csr),
            signer_digest=digest(self._exchange.signer),
            challenge_id=challenge.id,
            connector_id=self._connector.id,
            enrollment_id=enrollment.id,
            profile_id=ProfileId(challenge.profile),
            state="pending",
            csr=self._request.csr,
            renews=renews,
            authority=None,
            serial=None,
            message=None,
            created_at=self._tx.now,
            decided_at=None,
        )

    def _not_issued(self, reason: FailInfo, refusal: ConnectorRefused) -> Refusal:
        """The service has validated the request, and the authority does not grant it: the service is told."""
        self._log.write(Happening.FAILED, refusal=refusal)
        self._log.write(Happening.NOT_SUCCEEDED, refusal=refusal)
        note_failed(self._tx, self._to_service, code=refusal.code, reason=refusal.message, keys=self._keys)
        return Refusal(self._exchange, reason, refusal.message)
