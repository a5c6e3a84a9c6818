"""Apple devices: identity certificates before and at the enrolment, who calls by them, and check-in messages.

The SCEP challenge of an identity is an enrolment token, and the identity's user is the token's. A token is used up when
an identity is issued, not when the enrolment profile that holds it is read. Authenticate binds the identity to one
piece of hardware permanently; the first TokenUpdate completes the enrolment. From then on a device is known only by its
certificate: what a message says about its sender is believed as far as it agrees with that, as NanoMDM does it
(service/certauth). Apple: "Device Management", Check-in and SCEP.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import EnrollmentEnded, Invalid, NotAllowed, NotFound, NotLicensed
from fauxtune.core.model.ids import EnrollmentId, UserId
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.states import Cause
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki import scep
from fauxtune.core.pki.authority import Authority
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import ending
from fauxtune.operations.devices.caller import (
    DeviceCaller,
    digest,
    identified,
    is_live,
    issue_certificate,
    live,
    refuse_ended,
)
from fauxtune.operations.devices.enrollment import (
    Enrolled,
    EnrollmentCredentials,
    EnrollmentRequest,
    admit,
    candidate_of,
    end_earlier_enrollments,
    redeem,
)
from fauxtune.operations.devices.enrollment_restrictions import admitted
from fauxtune.operations.devices.records import note_facts
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import ENROLLMENT, Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import visits as visit_queries
from fauxtune.storage.rows.devices import DeviceIdentityRow, EnrollmentRow


@dataclass(frozen=True, slots=True)
class Known:
    """A device identity of this tenant, and the enrolment that it is or was the credential of."""

    identity: DeviceIdentityRow
    enrollment: EnrollmentRow | None


def issue(tx: Transaction, csr: bytes, *, token: str, keys: KeyStore) -> bytes:
    """Issue an identity certificate for the user of an enrolment token, which loses a use; return its DER. Raises
    Unauthenticated or NotLicensed as `redeem`, Invalid for a broken request: then nothing was changed.
    """
    return _issued(tx, csr, user_id=redeem(tx, token).id, keys=keys)


def renew(tx: Transaction, csr: bytes, *, signer: bytes, keys: KeyStore) -> bytes:
    """Issue another identity certificate to the device whose present one is `signer` (DER), bound to the same hardware;
    the device begins to use it with an Authenticate. Raises NotFound for a signer that was not issued to a device here,
    EnrollmentEnded.
    """
    known = recognise(tx, signer)
    if known.enrollment is not None:
        live(known.enrollment)
    return _issued(tx, csr, user_id=known.identity.user_id, keys=keys, hardware_key=known.identity.hardware_key)


def recognise(tx: Transaction, certificate: bytes) -> Known:
    """Return the identity with this certificate (DER). Raises NotFound if this tenant has not issued it in this way to
    a device.
    """
    row = visit_queries.identity(tx.connection, digest(certificate))
    # A Windows device's former certificate is kept in the same place, with its enrolment.
    if row is None or "enrollment" in (row.facts or {}) or row.tenant_id != tx.tenant.id:
        raise NotFound("The device's certificate was not issued by this service.")
    return Known(row, device_queries.enrollment_by_credential(tx.connection, row.digest))


def authenticate(tx: Transaction, known: Known, *, request: EnrollmentRequest) -> None:
    """Bind the identity to the device (Apple: Authenticate); earlier enrolments of its hardware end. Safe to repeat.

    Raises NotAllowed for an identity that is bound to other hardware; EnrollmentRestricted; EnrollmentEnded if an
    administrator ended its enrolment, or ordered that: such a device needs another token. A device whose user left may
    enrol again with the same identity, as with NanoMDM.
    """
    identity, enrollment = known.identity, known.enrollment
    if identity.hardware_key not in (None, request.hardware_key):
        raise NotAllowed("This identity certificate belongs to another device.")
    if enrollment is not None and enrollment.cause not in (None, Cause.UNENROLL):
        refuse_ended(enrollment)
    if tx.tenant.setting(ENROLLMENT):
        user = directory_queries.user(tx.connection, tx.tenant.id, user_id=identity.user_id)
        if user is not None:
            admitted(tx, candidate_of(request, user=user))
    end_earlier_enrollments(tx, request.hardware_key)
    if enrollment is not None:
        # A certificate may be the credential of one enrolment only.
        device_queries.change_enrollment(tx.connection, enrollment.id, credential_digest=None)
    facts = {"platform": request.platform.value, "facts": request.facts}
    visit_queries.change_identity(tx.connection, identity.digest, hardware_key=request.hardware_key, facts=facts)


def complete(tx: Transaction, known: Known, *, push_token: str, wire_state: JsonObject) -> Enrolled | None:
    """Store the device's push token (Apple: TokenUpdate). The first one after `authenticate` enrols the device, and
    returns the enrolment. Raises NotLicensed if the user is gone; Invalid without `authenticate`; EnrollmentEnded.
    """
    identity, enrollment = known.identity, known.enrollment
    if enrollment is not None and is_live(enrollment):
        state = {**(enrollment.wire_state or {}), **wire_state}
        # Apple: a device sends it when its tokens have changed, which a new system or a new passcode can do. So it is
        # asked what it is.
        device_queries.change_enrollment(
            tx.connection,
            enrollment.id,
            push_token=push_token,
            wire_state=state,
            inventory_at=tx.now,
            due_at=min(enrollment.due_at, tx.now),
        )
        return None
    if identity.facts is None or identity.hardware_key is None:
        raise Invalid("The device has to authenticate first.")
    if enrollment is not None:
        refuse_ended(enrollment)
    user = directory_queries.user(tx.connection, tx.tenant.id, user_id=identity.user_id)
    if user is None:
        raise NotLicensed("The user for whom this device was to be enrolled no longer exists.")
    credentials = EnrollmentCredentials(
        credential=identity.digest,
        identity_certificate=identity.certificate,
        push_token=push_token,
        wire_state=wire_state,
    )
    request = EnrollmentRequest(
        platform=Platform(identity.facts["platform"]),
        mode=None,
        hardware_key=identity.hardware_key,
        facts=identity.facts["facts"],
    )
    return admit(tx, request, user=user, credentials=credentials)


def _issued(tx: Transaction, csr: bytes, *, user_id: UserId, keys: KeyStore, hardware_key: str | None = None) -> bytes:
    certificate = issue_certificate(tx, csr, common_name=tx.ids.uuid(), keys=keys)
    row = DeviceIdentityRow(
        digest=digest(certificate),
        tenant_id=tx.tenant.id,
        user_id=user_id,
        certificate=certificate,
        hardware_key=hardware_key,
        facts=None,
    )
    visit_queries.add_identity(tx.connection, row)
    return certificate


def holder(tx: Transaction, certificate: x509.Certificate) -> Known:
    """Return the identity that the certificate stands for.

    Raises Invalid if another authority issued it, EnrollmentEnded if this tenant did and has forgotten it since.
    """
    try:
        return recognise(tx, certificate.public_bytes(Encoding.DER))
    except NotFound:
        authority = authorities.certificate(tx.connection, tx.tenant, name="devices")
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        raise Invalid("The identity certificate was not issued by this tenant's device authority.") from None
    return refuse_ended(None)


def authenticated(tx: Transaction, certificate: x509.Certificate, *, hardware_key: str) -> Known:
    """Return the identity, which is bound to this hardware.

    Raises NotAllowed if it is bound to other hardware, Invalid if no Authenticate bound it yet; else as `holder`.
    """
    known = holder(tx, certificate)
    bound_to = known.identity.hardware_key
    if bound_to is None:
        raise Invalid("This identity belongs to no device yet: the first message is Authenticate.")
    if bound_to != hardware_key:
        raise NotAllowed("The identity certificate belongs to another device than the one that the message names.")
    return known


def enrolled(tx: Transaction, certificate: x509.Certificate, *, hardware_key: str) -> EnrollmentRow:
    """Return the enrolment of the device.

    Raises EnrollmentEnded if it has ended, Invalid if no TokenUpdate completed it yet; else as `authenticated`.
    """
    known = authenticated(tx, certificate, hardware_key=hardware_key)
    if known.enrollment is None:
        raise Invalid("The device is not enrolled yet: after Authenticate comes TokenUpdate.")
    return live(known.enrollment)


#: Apple's push tokens have 32 bytes. One of mdmb is the text "fakeToken", the same for every device.
_TOKEN_LENGTHS = range(16, 65)
_BOOTSTRAP_TOKEN = "bootstrapToken"  # noqa: S105 - a key


def token_update(tx: Transaction, known: Known, *, token: bytes, wire_state: JsonObject) -> Enrolled | None:
    """Note where the device can be pushed; the first time this completes the enrolment, and returns it. Raises as
    `apple_enrollment.complete`.
    """
    return complete(tx, known, push_token=_push_token(tx, known, token=token), wire_state=wire_state)


def check_out(tx: Transaction, caller: DeviceCaller) -> None:
    """End the enrolment: the device has left, because an administrator ordered it or because its user removed it.

    Raises NotAllowed if the user may not unenrol the device.
    """
    row = identified(tx, caller, lock=True)
    order = next((order for order in device_actions.pending(tx, row) if order.scope), None)
    if order is None:
        ending.unenroll(tx, row)
    else:
        device_actions.complete(tx, row, action_id=order.id)


def set_bootstrap_token(tx: Transaction, enrollment_id: EnrollmentId, *, token: str | None) -> None:
    """Keep the bootstrap token (base64) of a Mac; None deletes it."""
    state = device_queries.wire_state(tx.connection, enrollment_id)
    state.pop(_BOOTSTRAP_TOKEN, None)
    if token is not None:
        state[_BOOTSTRAP_TOKEN] = token
    device_queries.change_enrollment(tx.connection, enrollment_id, wire_state=state)
    row = device_queries.enrollment(tx.connection, enrollment_id)
    if row is not None:
        note_facts(tx, row, facts={"bootstrapTokenEscrowed": token is not None})


def bootstrap_token(tx: Transaction, enrollment_id: EnrollmentId) -> str | None:
    """Return the bootstrap token (base64) that the Mac has set, if any."""
    token: str | None = device_queries.wire_state(tx.connection, enrollment_id).get(_BOOTSTRAP_TOKEN)
    return token


def _push_token(tx: Transaction, known: Known, *, token: bytes) -> str:
    """The token in hex if no other device has it, else a digest of it and the identity."""
    if len(token) in _TOKEN_LENGTHS:
        holder = device_queries.enrollment_by_push_token(tx.connection, token.hex())
        is_own = known.enrollment is not None and holder is not None and holder.id == known.enrollment.id
        if holder is None or is_own:
            return token.hex()
    return hashlib.sha256(known.identity.digest.encode() + token).hexdigest()


async def authority_certificate(emulator: Emulator, tenant: Tenant) -> bytes:
    """Return the answer to GetCACert: the one certificate (DER) that decrypts and signs."""
    certificate = await emulator.runner.read(authorities.certificate, tenant, name="devices")
    return certificate.public_bytes(Encoding.DER)


async def device_authority(emulator: Emulator, tenant: Tenant) -> Authority:
    """Return the authority that issues the identities, with its key."""
    return await emulator.runner.read(authorities.load, tenant, name="devices", keys=emulator.keys)


async def answer(emulator: Emulator, tenant: Tenant, *, message: bytes) -> bytes:
    """Return the CertRep for a pkiMessage. Raises Invalid for bytes to which SCEP has no answer."""
    authority = await device_authority(emulator, tenant)
    nonce = uuid.UUID(emulator.runner.ids.uuid()).bytes
    certificate, key = authority.certificate, authority.key
    request = scep.read(message, certificate=certificate, key=key)
    result = request if isinstance(request, scep.Refusal) else await _decide(emulator, tenant, request=request)
    if isinstance(result, scep.Refusal):
        return scep.refuse(result, certificate=certificate, key=key, nonce=nonce)
    return scep.grant(request.exchange, result, certificate=certificate, key=key, nonce=nonce)


async def _decide(emulator: Emulator, tenant: Tenant, *, request: scep.Request) -> x509.Certificate | scep.Refusal:
    """The certificate, or the refusal. A refusal changes nothing: it is written after the transaction that failed."""
    has_expired = request.exchange.signer.not_valid_after_utc < emulator.runner.now(tenant)
    if _is_renewal(request) and has_expired:
        return scep.Refusal(
            request.exchange, scep.FailInfo.BAD_TIME, "The certificate that signed this renewal has expired."
        )
    try:
        return await emulator.runner.run(tenant, _issue, request, emulator=emulator)
    except (NotFound, EnrollmentEnded) as error:
        return scep.Refusal(request.exchange, scep.FailInfo.BAD_CERTIFICATE_ID, error.message)
    except (Invalid, NotAllowed) as error:
        return scep.Refusal(request.exchange, scep.FailInfo.BAD_REQUEST, error.message)


def _is_renewal(request: scep.Request) -> bool:
    """Whether the certificate that signed the message proves who the caller is. Before RFC 8894 a renewal was a PKCSReq
    that the present certificate signs (draft-nourse-scep); sscep and jscep still send that, without a challenge.
    """
    is_first = request.kind is scep.Kind.REQUEST and request.challenge
    return not is_first and request.kind is not scep.Kind.POLL


def _issue(tx: Transaction, request: scep.Request, *, emulator: Emulator) -> x509.Certificate:
    """Issue the certificate for a request. Raises the error that refuses it."""
    if request.kind is scep.Kind.POLL:
        raise NotFound("No request is pending: each is answered at once.")
    if _is_renewal(request):
        der = _renew(tx, request, emulator=emulator)
    else:
        der = issue(tx, request.csr, token=request.challenge or "", keys=emulator.keys)
    return x509.load_der_x509_certificate(der)


def _renew(tx: Transaction, request: scep.Request, *, emulator: Emulator) -> bytes:
    signer = request.exchange.signer.public_bytes(Encoding.DER)
    try:
        return renew(tx, request.csr, signer=signer, keys=emulator.keys)
    except NotFound:
        if request.kind is not scep.Kind.REQUEST:
            raise
        raise Invalid(
            "The request has no challengePassword (the one in the enrolment profile), and the certificate that signed "
            "it is not one that this service issued to a device."
        ) from None
