"""Identity certificates that a device has before it is enrolled: Apple's MDM (SCEP, then Authenticate, TokenUpdate).

The token's user gets an identity; Authenticate binds it to one piece of hardware for good; the first TokenUpdate makes
the enrolment. From then on a device is known only by its certificate, whatever its messages claim: as NanoMDM does it
(service/certauth).
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Invalid, NotAllowed, NotFound, NotLicensed
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.states import Cause
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.caller import is_live, live, refuse_ended
from fauxtune.operations.devices.credentials import digest, issue_certificate
from fauxtune.operations.devices.enrollment import (
    Enrolled,
    EnrollmentCredentials,
    EnrollmentRequest,
    admit,
    candidate_of,
    end_earlier_enrollments,
)
from fauxtune.operations.devices.enrollment_restrictions import admitted
from fauxtune.operations.devices.enrollment_tokens import redeem
from fauxtune.operations.profiles.switches import ENROLLMENT
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import visits as queries
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
    row = queries.identity(tx.connection, digest(certificate))
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
    queries.change_identity(tx.connection, identity.digest, hardware_key=request.hardware_key, facts=facts)


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
    queries.add_identity(tx.connection, row)
    return certificate
