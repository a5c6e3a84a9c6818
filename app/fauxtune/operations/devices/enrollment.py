"""How a device comes in and goes out: tokens, identities, enrolment, the end of one.

A device proves itself by a bearer credential (Android) or by its identity certificate (Apple, Windows); either is known
by its SHA-256. Graph's record (managedDevice) and the relation itself (enrolment) are two things: the record can go at
once, the relation ends when the device has confirmed, has left, or has been replaced by an enrolment of the same
hardware.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.clock import parse_duration
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.engine.removal import decisions
from fauxtune.core.engine.removal.decisions import DeviceKind
from fauxtune.core.engine.removal.records import directory_device_stays, managed_device_stays
from fauxtune.core.errors import Invalid, NotAllowed, NotFound, NotLicensed, Unauthenticated
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.platforms import ENROLLABLE, FACTS, Platform, Variant, modes_of, variant_of
from fauxtune.core.model.states import Authority, Cause, EnrollmentState, Incident, ItemState, Source
from fauxtune.core.pki.issuance import issue_identity
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations.ca import authorities
from fauxtune.operations.ca import register as certificate_register
from fauxtune.operations.connectors import revocation
from fauxtune.operations.devices.documents import entra_device, managed_device
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import steps as step_queries

TOKEN_SECONDS = 86400
_LONGEST_TOKEN = 365 * 86400
#: Real devices' clocks differ: an identity is good from a little before.
_BACKDATED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class EnrollmentRequest:
    """What a device is that enrols. `hardware_key` is what makes it the same piece of hardware as before; `facts` go by
    the names of Graph's managedDevice.
    """

    platform: Platform
    mode: str | None
    hardware_key: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EnrollmentCredentials:
    """How the device is known from now on: the digest of what it proves itself with, its identity certificate (DER),
    where it listens for pushes, and what its platform's surface has to remember (None for Android, which is not told
    step by step).
    """

    credential: str
    identity_certificate: bytes
    push_token: str
    wire_state: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new enrolment. `credential` is a bearer credential that nobody else knows: only its digest is stored; empty for
    a device that proves itself by its certificate. The user's id and name are empty for a device that is nobody's.
    """

    id: EnrollmentId
    credential: str
    push_token: str
    identity_certificate: bytes
    user_id: str
    user_principal_name: str


def create_token(tx: Transaction, upn: str, *, seconds: int = TOKEN_SECONDS, uses: int = 1) -> str:
    """A token with which devices enrol for this user. NotFound for an unknown user."""
    user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=upn)
    if user is None:
        raise NotFound(f"There is no user '{upn}' to enrol a device for.")
    if not 1 <= seconds <= _LONGEST_TOKEN:
        raise Invalid(f"expiresIn is 1 to {_LONGEST_TOKEN} seconds.", target="expiresIn")
    if uses < 1:
        raise Invalid("uses is at least 1.", target="uses")
    token = tx.ids.token(24)
    queries.add_token(
        tx.connection,
        digest=digest(token),
        tenant_id=tx.tenant.id,
        user_id=user["id"],
        expires_at=tx.now + timedelta(seconds=seconds),
        uses_left=uses,
    )
    return token


def enroll(tx: Transaction, request: EnrollmentRequest, *, token: str, csr: bytes, keys: KeyStore) -> Enrolled:
    """A device comes in with a token and is given a credential. A refusal changes nothing: the token can be used again.

    Invalid for a platform or mode that is not emulated or a broken CSR; Unauthenticated for a token that is unknown,
    over or used; NotLicensed for a user who may not.
    """
    enrollable(request)
    user = redeem(tx, token)
    name = tx.ids.uuid()
    credential = tx.ids.token(32)
    means = EnrollmentCredentials(
        credential=digest(credential),
        identity_certificate=issue_certificate(tx, csr, common_name=name, keys=keys),
        push_token=tx.ids.token(24),
    )
    return replace(admit(tx, request, user=user, means=means, enrollment_id=EnrollmentId(name)), credential=credential)


def admit(
    tx: Transaction,
    request: EnrollmentRequest,
    *,
    user: dict[str, Any],
    means: EnrollmentCredentials,
    enrollment_id: EnrollmentId | None = None,
) -> Enrolled:
    """A device comes in that has its identity already. What the same hardware was before ends. Invalid for a platform
    or mode that is not emulated; NotLicensed for a user who may not.

    Differs from Intune: a dedicated device, which is nobody's, comes with the token of a user; whose does not matter.
    """
    variant = enrollable(request)
    licensed(user)
    owner = user if FACTS[variant].has_user else None
    supersede(tx, request.hardware_key)
    enrolled = Enrolled(
        id=enrollment_id or EnrollmentId(tx.ids.uuid()),
        credential="",
        push_token=means.push_token,
        identity_certificate=means.identity_certificate,
        user_id="" if owner is None else owner["id"],
        user_principal_name="" if owner is None else owner["document"]["userPrincipalName"],
    )
    _add_rows(tx, request, enrolled=enrolled, variant=variant, user=owner, means=means)
    serial = serial_hex(x509.load_der_x509_certificate(means.identity_certificate))
    certificate_queries.change_certificate(
        tx.connection, tx.tenant.id, authority_name="devices", serial=serial, enrollment_id=enrolled.id
    )
    tx.record("enrolled", user=enrolled.user_principal_name or None, device=enrolled.id, variant=variant.value)
    return enrolled


def enrollable(request: EnrollmentRequest) -> Variant:
    """The variant of the device. Invalid for a platform or mode that is not emulated."""
    variant = variant_of(request.platform, request.mode)
    if variant not in ENROLLABLE:
        asked = request.platform.value if request.mode is None else f"{request.platform}/{request.mode}"
        modes = modes_of(request.platform)
        right = f"mode is one of {', '.join(modes)}" if modes else "this platform has no modes"
        raise Invalid(f"Devices of the kind {asked} are not emulated: {right}.")
    return variant


def supersede(tx: Transaction, hardware_key: str) -> None:
    """The hardware enrols again: what it was before is over."""
    if hardware_key:
        for old in queries.enrollments_by_hardware(tx.connection, tx.tenant.id, hardware_key=hardware_key):
            end(tx, old, cause=Cause.UNENROLL)
        # The new enrolment has a record of its own in place of one that has stayed.
        queries.delete_records_left(tx.connection, tx.tenant.id, hardware_key=hardware_key)


def unenroll(tx: Transaction, enrollment: dict[str, Any]) -> None:
    """The user leaves. NotAllowed where the user may not (a fully managed device)."""
    variant = Variant(enrollment["variant"])
    if not FACTS[variant].user_may_unenroll:
        raise NotAllowed(f"The user of a device of the kind {variant.value} cannot unenrol it; an admin can wipe it.")
    end(tx, enrollment, cause=Cause.UNENROLL)


def end(tx: Transaction, enrollment: dict[str, Any], *, cause: Cause) -> None:
    """The relation is over: revoke what the removal table says, close the ledger, drop the records that do not stay.
    What the table leaves on the device is kept in the ledger as well.
    """
    enrollment_id, upn, device = EnrollmentId(enrollment["id"]), user_name(tx, enrollment), _kind(tx, enrollment)
    revoke_held(tx, enrollment, cause=cause, user=upn)
    ledger = queries.ledger_rows(tx.connection, enrollment_id).values()
    rows = [row for row in ledger if row.state is not ItemState.REMOVED]
    over = [decisions.row_after_end(row, device, cause=cause) for row in rows]
    queries.put_ledger_rows(tx.connection, tx.tenant.id, enrollment_id=enrollment_id, changed=over, at=tx.now)
    if decisions.erases_device(device, cause=cause):
        # Nor is anything left that an earlier enrolment of the same hardware left there.
        queries.forget_kept(tx.connection, tx.tenant.id, hardware_key=enrollment["hardware_key"], at=tx.now)
    queries.change_enrollment(
        tx.connection, enrollment_id, state=EnrollmentState.ENDED.value, cause=cause.value, due_at=NEVER
    )
    step_queries.forget_steps(tx.connection, enrollment_id)
    for profile_id in configuration_queries.states_of_device(tx.connection, enrollment_id):
        configuration_queries.drop_state(tx.connection, enrollment_id, profile_id=profile_id)
    _drop_records(tx, enrollment, cause=cause)
    for row, after in zip(rows, over, strict=True):
        if decisions.was_removed(row, after):
            held = {"thumbprint": row.thumbprint, "serial": row.serial, "source": row.source.value}
            tx.record("removed", user=upn, device=enrollment_id, certificate=held, item=row.key, cause=cause.value)
    words = {Cause.WIPE: "wiped", Cause.RETIRE: "retired", Cause.UNENROLL: "unenrolled", Cause.DELETE: "deleted"}
    tx.record(words[cause], user=upn, device=enrollment_id)
    tx.wake([enrollment_id])


def _drop_records(tx: Transaction, enrollment: dict[str, Any], *, cause: Cause) -> None:
    variant, edition = Variant(enrollment["variant"]), tx.tenant.edition
    record = queries.managed_device_of(tx.connection, enrollment["id"])
    if record is not None and not managed_device_stays(variant, cause, edition=edition):
        queries.delete_managed_device(tx.connection, tx.tenant.id, device_id=record["id"])
    if not directory_device_stays(variant, cause, edition=edition):
        directory_queries.delete_directory_device(
            tx.connection, tx.tenant.id, device_id=enrollment["directory_device_id"]
        )


def revoke_held(tx: Transaction, enrollment: dict[str, Any], *, cause: Cause | Incident, user: str | None) -> None:
    """Revoke what an ending enrolment holds, where the removal table says so. Safe to repeat. `user`: the name of its
    user.
    """
    rows = queries.ledger_rows(tx.connection, enrollment["id"]).values()
    for row in decisions.rows_to_revoke(rows, _kind(tx, enrollment), cause=cause):
        assert row.serial is not None
        revocation.revoke_for_connector(tx, row.serial, device=enrollment["id"], user=user, source=row.source.value)


def revoke_issued_late(tx: Transaction, enrollment: dict[str, Any], *, serials: Iterable[str]) -> None:
    """Revoke certificates that were issued after the device's end was accepted, where the removal table revokes those
    that the device holds.
    """
    cause, device = Cause(enrollment["cause"]), _kind(tx, enrollment)
    for serial in serials:
        issued = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial)
        authority = Authority.named(None if issued is None else issued["authority"])
        if decisions.is_revoked_when_issued_late(device, cause=cause, authority=authority):
            user = user_name(tx, enrollment)
            revocation.revoke_for_connector(tx, serial, device=enrollment["id"], user=user, source=Source.PKCS.value)


def _kind(tx: Transaction, enrollment: dict[str, Any]) -> DeviceKind:
    return DeviceKind(Variant(enrollment["variant"]), tx.tenant.edition)


def user_name(tx: Transaction, enrollment: dict[str, Any]) -> str | None:
    """The userPrincipalName of the enrolment's user, while that user exists."""
    if enrollment["user_id"] is None:
        return None
    user = directory_queries.user(tx.connection, tx.tenant.id, user_id=enrollment["user_id"])
    return None if user is None else str(user["document"]["userPrincipalName"])


def digest(secret: str | bytes) -> str:
    """How tokens, credentials and certificates are known: the first two are random, so that a plain hash is enough."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).hexdigest()


def redeem(tx: Transaction, token: str) -> dict[str, Any]:
    """The user for whom the token was made; it takes a use. Unauthenticated for a token that is unknown, over or used,
    NotLicensed for a user who may not.
    """
    user_id = queries.use_token(tx.connection, tx.tenant.id, digest=digest(token), now=tx.now)
    return _token_user(tx, user_id)


def token_holder(tx: Transaction, token: str) -> dict[str, Any]:
    """As `redeem`, and the token keeps its uses."""
    return _token_user(tx, queries.token_user(tx.connection, tx.tenant.id, digest=digest(token), now=tx.now))


def licensed(user: dict[str, Any]) -> None:
    """NotLicensed for a user who may not have devices."""
    if not user["licensed"]:
        raise NotLicensed(
            f"{user['document']['userPrincipalName']} has no licence for device management: assign one first."
        )


def issue_certificate(tx: Transaction, csr: bytes, *, common_name: str, keys: KeyStore) -> bytes:
    """An identity certificate (DER) for the key of a PKCS#10 request. Invalid for a broken request."""
    authority = authorities.load(tx.connection, tx.tenant, name="devices", keys=keys)
    validity = parse_duration(str(tx.tenant.setting("identityValidity")))
    certificate = issue_identity(
        authority=authority,
        csr=csr,
        common_name=common_name,
        serial=tx.ids.serial(),
        not_before=tx.now - _BACKDATED,
        not_after=min(tx.now + validity, authority.certificate.not_valid_after_utc),
    )
    certificate_register.note(
        tx,
        certificate,
        authority_name="devices",
        subject=subject_text(certificate.subject),
        serial=serial_hex(certificate),
        thumbprint=thumbprint(certificate),
    )
    return certificate.public_bytes(Encoding.DER)


def _token_user(tx: Transaction, user_id: str | None) -> dict[str, Any]:
    if user_id is None:
        raise Unauthenticated("The enrolment token is unknown, expired, or was used already.")
    user = directory_queries.user(tx.connection, tx.tenant.id, user_id=user_id)
    if user is None:
        raise NotLicensed("The user for whom this enrolment token was made no longer exists.")
    licensed(user)
    return user


def _add_rows(
    tx: Transaction,
    request: EnrollmentRequest,
    *,
    enrolled: Enrolled,
    variant: Variant,
    user: dict[str, Any] | None,
    means: EnrollmentCredentials,
) -> None:
    device_id, directory_id, azure_id = (tx.ids.uuid() for _ in range(3))
    facts = {**request.facts, "managedDeviceId": device_id, "azureADDeviceId": azure_id}
    queries.add_enrollment(
        tx.connection,
        id=enrolled.id,
        tenant_id=tx.tenant.id,
        platform=request.platform.value,
        mode=request.mode,
        variant=variant.value,
        user_id=None if user is None else user["id"],
        hardware_key=request.hardware_key,
        directory_device_id=directory_id,
        state=EnrollmentState.ACTIVE.value,
        credential_digest=means.credential,
        push_token=enrolled.push_token,
        identity_certificate=enrolled.identity_certificate,
        enrolled_at=tx.now,
        generation=1,
        settled_generation=0,
        due_at=NEVER,
        policy_version=1,
        plans=0,
        facts=facts,
        inventory_at=None if means.wire_state is None else tx.now,
        wire_state=means.wire_state,
    )
    document = managed_device(tx, facts, variant=variant, user=None if user is None else user["document"])
    queries.add_managed_device(
        tx.connection,
        tx.tenant.id,
        id=device_id,
        enrollment_id=enrolled.id,
        user_id=None if user is None else user["id"],
        document=document,
    )
    directory_queries.add_directory_device(
        tx.connection,
        tx.tenant.id,
        id=directory_id,
        enrollment_id=enrolled.id,
        created_at=tx.now,
        document=entra_device(directory_id, azure_id, record=document),
    )
