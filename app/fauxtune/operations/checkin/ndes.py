"""NDES with Intune's policy module: the SCEP server of the tenant's certification authority (RFC 8894).

A connector with the role `scep` serves it. Without the connector nothing is answered, and with RA certificates that
have expired neither (in IIS, the application does not start).

The service validates each request by its challenge (`scep_challenges`), as for authorities of partners. A message
that comes again is answered with the same certificate: it has the same challenge, and a request for the same key.
Microsoft: "Configure infrastructure to support SCEP certificate profiles with Intune"; RFC 8894 4.3 to 4.5.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.refusals import AuthorityRefused, RequestNotValidated
from fauxtune.core.errors import ConnectorRefused, FauxtuneError, Invalid, NotFound
from fauxtune.core.model.connectors import CHALLENGE_EXPIRED, CHALLENGE_UNREADABLE, SCEP_ROLE, UNKNOWN_ERROR, Happening
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import scep, signed
from fauxtune.core.pki.names import serial_hex, subject_text
from fauxtune.core.pki.scep import FailInfo, Kind, Refusal, Rules
from fauxtune.core.scep.challenge import Challenge, ResultCode, Verdict
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.ndes_issuance import Case, digest, issue, note_failed
from fauxtune.operations.checkin.scep_challenges import AuthorityRequest, KnownRequest
from fauxtune.operations.connectors import event_log
from fauxtune.operations.connectors.ra_certificates import RegistrationAuthority, registration_authority
from fauxtune.operations.devices.audience import user_name
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.certificates import CertificateRow, ConnectorRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scep import ScepRequestRow

_CAPABILITIES = (
    "POSTPKIOperation", "Renewal", "SHA-1", "SHA-256", "SHA-512", "AES", "DES3", "SCEPStandard", "GetNextCACert",
)  # fmt: skip
_ALL = frozenset(Kind)


async def capabilities(emulator: Emulator, tenant: Tenant) -> str:
    """Return the answer to GetCACaps: a word on each line."""
    await registration_authority(emulator, tenant)
    refused = {"SHA-1"} if tenant.setting("ndes.strict") else set()
    return "".join(f"{word}\n" for word in _CAPABILITIES if word not in refused)


async def ca_certificates(emulator: Emulator, tenant: Tenant) -> bytes:
    """Return the answer to GetCACert: the RA certificates, and those of the authority and its root (PKCS#7)."""
    ra = await registration_authority(emulator, tenant)
    chain = await emulator.runner.run(tenant, chain_of, [ra.encryption.certificate, ra.signing.certificate])
    return signed.certificates_only(chain)


async def next_ca_certificate(emulator: Emulator, tenant: Tenant) -> bytes:
    """Return the answer to GetNextCACert: the authority's new certificate, signed by the RA that the old one certified.

    Raises NotFound if the authority has no newer one. (It issues with a new key at once; until the RA certificates are
    renewed, the client learns of it here.)
    """
    ra = await registration_authority(emulator, tenant)
    chain = await emulator.runner.run(tenant, next_of, ra.signing.certificate)
    return signed.sign(signed.certificates_only(chain), certificate=ra.signing.certificate, key=ra.signing.key)


async def answer(emulator: Emulator, tenant: Tenant, *, message: bytes) -> bytes:
    """Return the CertRep for a pkiMessage. Raises Invalid for bytes to which SCEP has no answer, and what
    `registration_authority` raises.
    """
    ra = await registration_authority(emulator, tenant)
    rules = Rules(_ALL, strict=bool(emulator.runner.current(tenant).setting("ndes.strict")))
    request = scep.read(message, certificate=ra.encryption.certificate, key=ra.encryption.key, rules=rules)
    result = request if isinstance(request, Refusal) else await _result(emulator, tenant, request=request, ra=ra)
    nonce = uuid.UUID(emulator.runner.ids.uuid()).bytes
    certificate, key = ra.signing.certificate, ra.signing.key
    match result:
        case Refusal():
            return scep.refuse(result, certificate=certificate, key=key, nonce=nonce)
        case Pending():
            return scep.postpone(request.exchange, certificate=certificate, key=key, nonce=nonce)
        case bytes():
            return scep.succeed(request.exchange, result, certificate=certificate, key=key, nonce=nonce)
        case _:
            return scep.grant(request.exchange, result, certificate=certificate, key=key, nonce=nonce)


async def _result(
    emulator: Emulator, tenant: Tenant, *, request: scep.Request, ra: RegistrationAuthority
) -> Outcome | bytes:
    """Return what the message is answered with; for a GetCert or GetCRL a SignedData."""
    if request.kind in (Kind.GET_CERTIFICATE, Kind.GET_CRL):
        return await requested(emulator, tenant, request=request)
    return await emulator.runner.run_check_in(tenant, decide, request, connector=ra.connector, keys=emulator.keys)


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
        checked = scep_challenges.known_request(tx, self._to_service, keys=self._keys)
        if isinstance(checked, Verdict):
            return self._not_validated(checked)
        verdict = scep_challenges.judge(tx, checked, request=self._to_service)
        if not verdict.is_success:
            return self._not_validated(verdict)
        self._log.write(Happening.VALIDATED)
        renews = self._renewed()
        if isinstance(renews, Refusal):
            return self._not_issued(renews.reason, AuthorityRefused(renews.text))
        return self._accepted(checked, renews=renews)

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

    def _accepted(self, known: KnownRequest, *, renews: str | None) -> Outcome:
        """Issue the certificate, or keep the request until somebody approves it."""
        tx, row = self._tx, self._row(known.challenge, enrollment=known.enrollment, renews=renews)
        if tx.tenant.setting("ndes.approval"):
            queries.put_request(tx.connection, row)
            subject = subject_text(self._csr.subject)
            tx.record(
                "scepRequestPending", device=row.enrollment_id, profile=row.profile_id, request=row.id, subject=subject
            )
            return Pending()
        try:
            return issue(tx, Case(row, known, log=self._log), keys=self._keys)[1]
        except ConnectorRefused as refusal:
            return self._not_issued(FailInfo.BAD_REQUEST, refusal)

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


def chain_of(tx: Transaction, certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the RA certificates with those of the authorities that a client needs: the one that issues now, the one
    that issued these, and the root.
    """
    root, issuing = _authorities(tx)
    current = issuing[-1]
    issuers = [each for each in issuing[:-1] if any(_is_from(certificate, each) for certificate in certificates)]
    return [*certificates, *issuers, current, root]


def next_of(tx: Transaction, certificate: x509.Certificate) -> list[x509.Certificate]:
    """Return the certificate of the authority that has succeeded the issuer of this RA certificate, and the root.

    Raises NotFound if none has.

    Differs from AD CS: there the next certificate is known before it issues; here a rollover takes effect at once.
    """
    root, (*_, current) = _authorities(tx)
    if _is_from(certificate, current):
        raise NotFound("The certification authority has no next certificate.")
    return [current, root]


async def requested(emulator: Emulator, tenant: Tenant, *, request: scep.Request) -> bytes | Refusal:
    """Return the SignedData that a GetCert or GetCRL asks for, or the refusal."""
    try:
        issuer, serial = scep.identified(request.content)
    except Invalid as error:
        return Refusal(request.exchange, FailInfo.BAD_REQUEST, error.message)
    named = await emulator.runner.run(tenant, _named, issuer, serial=serial)
    if named is None:
        return Refusal(
            request.exchange,
            FailInfo.BAD_CERTIFICATE_ID,
            "No authority of this name issued a certificate of this number.",
        )
    authority, certificate = named
    if request.kind is Kind.GET_CERTIFICATE:
        return signed.certificates_only([certificate])
    try:
        crl = await crl_and_ocsp.crl(emulator, tenant, name=authority)
    except FauxtuneError as error:
        return Refusal(request.exchange, FailInfo.BAD_REQUEST, error.message)
    return signed.certificates_only([], crls=[crl])


def _named(tx: Transaction, issuer: bytes, *, serial: int) -> tuple[str, x509.Certificate] | None:
    """Return the issuing authority's name and the certificate of this issuer (DER) and number."""
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial_hex(serial))
    if row is None:
        return None
    certificate = x509.load_der_x509_certificate(row.certificate)
    return (row.authority, certificate) if certificate.issuer.public_bytes() == issuer else None


def _authorities(tx: Transaction) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """The certificate of the root, and those of the issuing authority's keys, the newest last."""
    rows = sorted(authority_queries.authorities_of(tx.connection, tx.tenant.id), key=lambda row: row.generation)
    (root,) = [x509.load_der_x509_certificate(row.certificate) for row in rows if row.role == "root"]
    return root, [x509.load_der_x509_certificate(row.certificate) for row in rows if row.role == "issuing"]


def _is_from(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the key of this authority signed the certificate, by their key identifiers."""
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == own
