"""SCEP with Intune in between: the challenges of devices, and what Intune's service says of a request.

Microsoft: "Add partner certification authority in Intune using SCEP"; microsoft/Intune-Resource-Access,
src/CsrValidation. The order of the checks is that of "Use APIs to add third-party CAs for SCEP to Intune",
2025-07-03. What is checked and what is reported are two things: a reported certificate stays, whatever is asked
later.

As a stolen challenge, or an app on the phone that asks for more than it may: Microsoft: "Add partner certification
authority in Intune using SCEP" (why the service compares each request with the challenge in it).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keypool import key_of_length
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.ids import ManagedDeviceId, ProfileId, UserId
from fauxtune.core.model.items import Item, scep_key
from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.foreign import has_proof_of_possession, request_from
from fauxtune.core.pki.names import plain_thumbprint, thumbprint
from fauxtune.core.scep.challenge import LIFETIME, SUCCESS, Challenge, ResultCode, Verdict, seal, unseal
from fauxtune.core.scep.comparison import (
    challenge_password,
    compare,
    compare_signer,
    renewed_certificate,
    write_request,
)
from fauxtune.operations.ca import authorities
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.situations import situations
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scep import ChallengeState, ScepCertificateRow, ScepChallengeRow

#: The authority of the tenant that seals challenges: it never leaves the service.
_SEALER = "devices"
#: Certificates that are kept for one challenge, each with its report. A device needs one.
_MOST_CERTIFICATES = 50


@dataclass(frozen=True, slots=True)
class GivenChallenge:
    """A challenge as the device gets it (`password`, base64), and its content."""

    password: str
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class AuthorityRequest:
    """A certificate request that an authority has received: base64 of PKCS#10, DER.

    `signer`: the certificate that signed the message of a renewal; a partner's authority has no means to tell it.
    `challenge`: that of the request, if the caller has opened it already.
    """

    transaction: str
    csr: str
    signer: x509.Certificate | None = None
    challenge: Challenge | None = None


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A request that was read, with the challenge in it, the row that remembers it, and its device."""

    csr: x509.CertificateSigningRequest
    challenge: Challenge
    row: ScepChallengeRow
    enrollment: EnrollmentRow


def give_challenge(tx: Transaction, *, device: ManagedDeviceId, profile: ProfileId, keys: KeyStore) -> GivenChallenge:
    """Give a device a challenge for its request by a SCEP profile that reaches it.

    Raises NotFound for an unknown device, Invalid if no such profile reaches it or a variable has no value for it.
    """
    record = device_queries.managed_device(tx.connection, tx.tenant.id, managed_device_id=device)
    enrollment = None if record is None else device_queries.enrollment(tx.connection, record.enrollment_id)
    if enrollment is None:
        raise NotFound(f"There is no device '{device}'.")
    item = _scep_item(tx, enrollment, profile=profile)
    if item is None:
        raise Invalid(f"The SCEP profile '{profile}' does not reach this device: assign it first.", target="profile")
    if item.request is None:
        raise Invalid("" if item.problem is None else item.problem.message, target="profile")
    row = new_challenge(tx, enrollment, profile=profile, fingerprint=item.fingerprint)
    challenge = challenge_of(row, device=device, request=item.request)
    return GivenChallenge(sealed(tx, [challenge], keys=keys)[0], challenge)


def new_challenge(
    tx: Transaction, enrollment: EnrollmentRow, *, profile: ProfileId, fingerprint: str | None
) -> ScepChallengeRow:
    """Write down a new challenge of a device for its request by a profile. `fingerprint`: of the item as offered."""
    row = ScepChallengeRow(
        tenant_id=tx.tenant.id,
        id=tx.ids.uuid(),
        enrollment_id=enrollment.id,
        profile_id=profile,
        user_id=enrollment.user_id,
        created_at=tx.now,
        expires_at=tx.now + LIFETIME,
        state="given",
        fingerprint=fingerprint,
    )
    queries.add_challenge(tx.connection, row)
    _record(tx, "scepChallengeGiven", row=row)
    return row


def challenge_of(row: ScepChallengeRow, *, device: ManagedDeviceId, request: ScepRequest) -> Challenge:
    """Return the content of a challenge that was written down. `request`: what the device is to request."""
    return Challenge(
        id=row.id,
        tenant=row.tenant_id,
        profile=row.profile_id,
        device=device,
        user=row.user_id,
        created=row.created_at,
        expires=row.expires_at,
        request=request,
    )


def sealed(tx: Transaction, challenges: Sequence[Challenge], *, keys: KeyStore) -> list[str]:
    """Return challenges as devices get them, which only this service can open."""
    authority = authorities.load(tx.connection, tx.tenant, name=_SEALER, keys=keys)
    return [seal(challenge, certificate=authority.certificate, key=authority.key) for challenge in challenges]


def open_challenge(tx: Transaction, password: str, *, keys: KeyStore) -> Challenge | Verdict:
    """Return the content of a challenge, for people; or why it is not one of this tenant."""
    authority = tx.known(
        ("sealer of challenges",), lambda: authorities.load(tx.connection, tx.tenant, name=_SEALER, keys=keys)
    )
    return unseal(password, certificate=authority.certificate, key=authority.key)


def validate_request(tx: Transaction, request: AuthorityRequest, *, keys: KeyStore) -> Verdict:
    """Return whether a partner's authority may issue the certificate that a device requests."""
    known = known_request(tx, request, keys=keys)
    return known if isinstance(known, Verdict) else judge(tx, known, request=request)


def judge(tx: Transaction, checked: KnownRequest, *, request: AuthorityRequest) -> Verdict:
    """Return whether an authority may issue the certificate, and write that down."""
    verdict = _times(tx, checked.challenge)
    if verdict.is_success and _scep_item(tx, checked.enrollment, profile=checked.row.profile_id) is None:
        verdict = Verdict(ResultCode.NOT_TARGETED, "The SCEP profile does not reach the device any more.")
    if verdict.is_success:
        verdict = compare(checked.csr, checked.challenge.request)
    if verdict.is_success:
        verdict = _signer(tx, checked, signer=request.signer)
    state: ChallengeState = "validated" if verdict.is_success else "refused"
    outcome = {"transactionId": request.transaction, "code": verdict.code.value, "description": verdict.description}
    _note(tx, checked.row, state=state, outcome=outcome)
    event = "scepRequestValidated" if verdict.is_success else "scepRequestRefused"
    _record(tx, event, row=checked.row, detail={"code": verdict.code.value, "reason": verdict.description})
    return verdict


def note_issued(tx: Transaction, request: AuthorityRequest, *, report: JsonObject, keys: KeyStore) -> Verdict:
    """Note that the authority has issued a certificate. `report`: what it says of it. Raises Conflict where too many
    were reported for the challenge.

    Unverified: that a certificate counts which was issued although the request was refused; it exists, so it can be
    revoked.
    """
    known = known_request(tx, request, keys=keys)
    if isinstance(known, Verdict):
        return known
    write_issued(tx, known, transaction=request.transaction, report=report)
    return SUCCESS


def write_issued(tx: Transaction, checked: KnownRequest, *, transaction: str, report: JsonObject) -> None:
    """Do what `note_issued` does, for a request that is known."""
    row, mark = checked.row, plain_thumbprint(str(report.get("thumbprint") or ""))
    report = {**report, "thumbprint": mark}
    outcome = {"transactionId": transaction, **report}
    known = queries.certificates_of_challenge(tx.connection, tx.tenant.id, challenge_id=row.id)
    before = known.get(mark.lower())
    if before is not None and before.report == outcome:
        return  # authorities repeat a notification whose answer was lost: it counts once
    if before is None and len(known) >= _MOST_CERTIFICATES:
        raise Conflict(f"{_MOST_CERTIFICATES} certificates were reported for this challenge already.")
    reported_at = tx.now if before is None else before.reported_at
    certificate = ScepCertificateRow(
        tx.tenant.id, row.id, mark.lower(), row.enrollment_id, row.profile_id, outcome, reported_at
    )
    queries.put_certificate(tx.connection, certificate)
    _note(tx, row, state="issued", outcome=outcome)
    _record(tx, "scepCertificateIssued", row=row, detail=report)


def note_failed(tx: Transaction, request: AuthorityRequest, *, report: JsonObject, keys: KeyStore) -> Verdict:
    """Note that the authority has not issued a certificate. `report`: its error."""
    checked = known_request(tx, request, keys=keys)
    if isinstance(checked, Verdict):
        return checked
    outcome = {"transactionId": request.transaction, **report}
    if (checked.row.state, checked.row.outcome) != ("failed", outcome):
        _note(tx, checked.row, state="failed", outcome=outcome)
        _record(tx, "scepIssuanceFailed", row=checked.row, detail=report)
    return SUCCESS


def known_request(tx: Transaction, request: AuthorityRequest, *, keys: KeyStore) -> KnownRequest | Verdict:
    """Return the request with its challenge, which this tenant gave to one of its devices; or what is wrong with it."""
    try:
        csr = request_from(base64.b64decode("".join(request.csr.split()), validate=True))
        _ = csr.subject, csr.extensions
        password = challenge_password(csr)
    except (Invalid, ValueError, binascii.Error) as error:
        return Verdict(ResultCode.REQUEST_DECODING_FAILED, f"The certificate request cannot be read: {error}")
    if password is None:
        return Verdict(ResultCode.CHALLENGE_MISSING, "The certificate request has no challengePassword.")
    challenge = request.challenge or open_challenge(tx, password, keys=keys)
    if isinstance(challenge, Verdict):
        return challenge
    if not has_proof_of_possession(csr):
        return Verdict(ResultCode.SIGNATURE_FAILED, "The certificate request is not signed with its own key.")
    return _known(tx, csr, challenge=challenge)


def _known(tx: Transaction, csr: x509.CertificateSigningRequest, *, challenge: Challenge) -> KnownRequest | Verdict:
    row = queries.challenge(tx.connection, tx.tenant.id, challenge_id=challenge.id)
    if row is None or row.profile_id != challenge.profile:
        return Verdict(ResultCode.BAD_REQUEST_ID, "The service knows no request with this id.")
    record = device_queries.managed_device_of(tx.connection, row.enrollment_id)
    enrollment = device_queries.enrollment(tx.connection, row.enrollment_id)
    is_managed = enrollment is not None and enrollment.state is EnrollmentState.ACTIVE
    if record is None or not is_managed or record.id != challenge.device:
        return Verdict(ResultCode.BAD_DEVICE_ID, "The device is not managed any more, or the challenge names another.")
    assert enrollment is not None
    if not _has_user(tx, enrollment, challenge=challenge):
        return Verdict(ResultCode.BAD_USER_ID, "The user of the challenge was deleted, or the device has another one.")
    return KnownRequest(csr, challenge, row, enrollment)


def _has_user(tx: Transaction, enrollment: EnrollmentRow, *, challenge: Challenge) -> bool:
    """Whether the device still has the user of the challenge. Unverified: that a deleted user counts as another one."""
    if enrollment.user_id != challenge.user:
        return False
    if challenge.user is None:
        return True
    return directory_queries.user(tx.connection, tx.tenant.id, user_id=UserId(challenge.user)) is not None


def _times(tx: Transaction, challenge: Challenge) -> Verdict:
    if challenge.created > tx.now or challenge.expires <= challenge.created:
        created = iso(challenge.created)
        return Verdict(ResultCode.INVALID_TIMESTAMP, f"The challenge was made at {created}, in the future.")
    if challenge.expires <= tx.now:
        minutes = int(LIFETIME.total_seconds()) // 60
        return Verdict(
            ResultCode.EXPIRED,
            f"SCEP Challenge has expired. challengeExpInterval={minutes}, "
            f"challengeExpiration={iso(challenge.expires)}, challengeCreation={iso(challenge.created)}",
        )
    return SUCCESS


def _signer(tx: Transaction, checked: KnownRequest, *, signer: x509.Certificate | None) -> Verdict:
    """Return whether a renewal is of a certificate that the device holds. Any other request succeeds."""
    try:
        renewed = signer or renewed_certificate(checked.csr)
    except Invalid as error:
        return Verdict(ResultCode.REQUEST_DECODING_FAILED, error.message)
    if renewed is None:
        return SUCCESS
    device, profile = checked.row.enrollment_id, checked.row.profile_id
    row = device_queries.ledger_rows(tx.connection, device).get(scep_key(profile))
    reported = queries.certificates_of(tx.connection, tx.tenant.id, enrollment_id=device)
    held = {certificate.thumbprint for certificate in reported if certificate.profile_id == profile}
    if row is not None and row.thumbprint is not None:
        held.add(row.thumbprint)
    return compare_signer(thumbprint(renewed), held=held)


def _scep_item(tx: Transaction, enrollment: EnrollmentRow, *, profile: ProfileId) -> Item | None:
    """What a SCEP profile gives the device; None if it does not reach it."""
    ledger = {enrollment.id: device_queries.ledger_rows(tx.connection, enrollment.id)}
    return situations(tx, [enrollment], ledgers=ledger)[enrollment.id].situation.items.get(scep_key(profile))


def _note(tx: Transaction, row: ScepChallengeRow, *, state: ChallengeState, outcome: JsonObject) -> None:
    queries.change_challenge(tx.connection, tx.tenant.id, challenge_id=row.id, state=state, outcome=outcome)


def _record(tx: Transaction, event: str, *, row: ScepChallengeRow, detail: JsonObject | None = None) -> None:
    tx.record(event, device=row.enrollment_id, profile=row.profile_id, challenge=row.id, **(detail or {}))


_USUAL_BITS = 2048


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who requests, by which profile, and what the request says in place of what the challenge is for; None: that."""

    device: ManagedDeviceId
    profile: ProfileId
    subject: str | None = None
    key_usages: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """A request that was tried: its challenge, the request itself (PKCS#10, PEM), and what the service says."""

    given: GivenChallenge
    csr: bytes
    verdict: Verdict


async def try_request(emulator: Emulator, tenant: Tenant, *, wanted: Wanted) -> Trial:
    """Give the device a challenge, make a request with it, and ask the service as an authority does.

    Raises as `give_challenge`, and Invalid for a subject that cannot be written.
    """
    source = emulator.source_of_issued(tenant)
    key = await asyncio.to_thread(key_of_length, _USUAL_BITS, source=source)
    return await emulator.runner.run(tenant, _tried, wanted, key=key, emulator=emulator)


def _tried(tx: Transaction, wanted: Wanted, *, key: RSAPrivateKey, emulator: Emulator) -> Trial:
    given = give_challenge(tx, device=wanted.device, profile=wanted.profile, keys=emulator.keys)
    original = given.challenge.request
    changed = replace(
        original,
        subject=original.subject if wanted.subject is None else wanted.subject,
        key_usages=original.key_usages if wanted.key_usages is None else tuple(wanted.key_usages),
    )
    csr = write_request(changed, challenge=given.password, key=key)
    request = AuthorityRequest(given.challenge.id, base64.b64encode(csr.public_bytes(Encoding.DER)).decode())
    verdict = validate_request(tx, request, keys=emulator.keys)
    return Trial(given, csr.public_bytes(Encoding.PEM), verdict)
