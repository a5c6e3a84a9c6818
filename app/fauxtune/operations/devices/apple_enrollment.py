"""Identity certificates that are there before the device is enrolled: Apple's MDM (SCEP, then Authenticate).

The token's user gets an identity; Authenticate binds it to one piece of hardware for good; the first TokenUpdate makes
the enrolment. From then on a device is known by its certificate alone, whatever a message says of itself: as NanoMDM
does it (service/certauth).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import EnrollmentEnded, Invalid, NotAllowed, NotFound, NotLicensed
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.states import Cause, EnrollmentState
from fauxtune.operations.devices.enrollment import (
    Enrolled,
    EnrollmentCredentials,
    EnrollmentRequest,
    admit,
    digest,
    issue_certificate,
    redeem,
    supersede,
)
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import steps as queries

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """An identity of ours, and the enrolment that it is or was the proof of."""

    digest: str
    identity: Row
    enrollment: Row | None

    @property
    def is_live(self) -> bool:
        """Does the device that comes with it belong to us now?"""
        return self.enrollment is not None and self.enrollment["state"] != EnrollmentState.ENDED.value


def issue(tx: Transaction, csr: bytes, *, token: str, keys: KeyStore) -> bytes:
    """An identity certificate (DER) for the user of an enrolment token, which loses a use. Unauthenticated or
    NotLicensed as `redeem`, Invalid for a broken request: then nothing was changed.
    """
    return _issued(tx, csr, user_id=redeem(tx, token)["id"], keys=keys)


def renew(tx: Transaction, csr: bytes, *, signer: bytes, keys: KeyStore) -> bytes:
    """Another identity for whom `signer` (DER) is the proof of, bound to the same hardware; the device takes it into
    use by an Authenticate. NotFound or EnrollmentEnded for a signer that is none of ours, or none any more.
    """
    known = recognise(tx, signer)
    if known.enrollment is not None and not known.is_live:
        raise EnrollmentEnded("The enrolment whose certificate signed this renewal has ended.")
    return _issued(tx, csr, user_id=known.identity["user_id"], keys=keys, hardware_key=known.identity["hardware_key"])


def recognise(tx: Transaction, certificate: bytes) -> Known:
    """Whose certificate (DER) this is. NotFound for one that this tenant has not issued in this way to a device."""
    found = queries.identity(tx.connection, digest(certificate))
    # A Windows device's former certificate is kept in the same place, with its enrolment.
    is_other = found is not None and "enrollment" in (found["facts"] or {})
    if found is None or is_other or found["tenant_id"] != tx.tenant.id:
        raise NotFound("The certificate with which the device comes was not issued by this service.")
    return Known(
        digest=found["digest"],
        identity=found,
        enrollment=device_queries.enrollment_by_credential(tx.connection, found["digest"]),
    )


def authenticate(tx: Transaction, known: Known, *, request: EnrollmentRequest) -> None:
    """The device says who it is (Apple: Authenticate): the identity is bound to it, and what it was before is over.
    Safe to repeat. NotAllowed for an identity that is bound to other hardware; EnrollmentEnded where an
    administrator ended its enrolment, or ordered that: such a device needs another token. One whose user left may
    come back with what it has, as at NanoMDM.
    """
    bound = known.identity["hardware_key"]
    if bound not in (None, request.hardware_key):
        raise NotAllowed("This identity certificate belongs to another device.")
    if known.enrollment is not None and known.enrollment["cause"] not in (None, Cause.UNENROLL.value):
        raise EnrollmentEnded("The enrolment of this identity certificate was ended: the device has to enrol anew.")
    supersede(tx, request.hardware_key)
    if known.enrollment is not None:
        # The same certificate may be the proof of one enrolment only.
        device_queries.change_enrollment(tx.connection, known.enrollment["id"], credential_digest=None)
    facts = {"platform": request.platform.value, "facts": request.facts}
    queries.change_identity(tx.connection, known.digest, hardware_key=request.hardware_key, facts=facts)


def complete(tx: Transaction, known: Known, *, push_token: str, wire_state: Row) -> Enrolled | None:
    """The device tells where it listens (Apple: TokenUpdate). The first time after `authenticate` that enrols it; later
    it only listens elsewhere: None. NotLicensed when the user is gone; Invalid without `authenticate`.
    """
    if known.enrollment is not None and known.is_live:
        kept = {**(known.enrollment["wire_state"] or {}), **wire_state}
        device_queries.change_enrollment(tx.connection, known.enrollment["id"], push_token=push_token, wire_state=kept)
        return None
    said = known.identity["facts"]
    if said is None:
        raise Invalid("The device has to authenticate first.")
    if known.enrollment is not None:
        raise EnrollmentEnded("The enrolment of this device has ended: it has to authenticate anew.")
    user = directory_queries.user(tx.connection, tx.tenant.id, user_id=known.identity["user_id"])
    if user is None:
        raise NotLicensed("The user for whom this device was to be enrolled no longer exists.")
    means = EnrollmentCredentials(
        credential=known.digest,
        identity_certificate=known.identity["certificate"],
        push_token=push_token,
        wire_state=wire_state,
    )
    request = EnrollmentRequest(
        platform=Platform(said["platform"]),
        mode=None,
        hardware_key=known.identity["hardware_key"],
        facts=said["facts"],
    )
    return admit(tx, request, user=user, means=means)


def _issued(tx: Transaction, csr: bytes, *, user_id: str, keys: KeyStore, hardware_key: str | None = None) -> bytes:
    certificate = issue_certificate(tx, csr, common_name=tx.ids.uuid(), keys=keys)
    queries.add_identity(
        tx.connection,
        digest=digest(certificate),
        tenant_id=tx.tenant.id,
        user_id=user_id,
        certificate=certificate,
        hardware_key=hardware_key,
    )
    return certificate
