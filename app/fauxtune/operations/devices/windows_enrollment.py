"""A device comes in with its user's proof and a certificate request in one step, renews its certificate, and leaves:
Windows (MS-MDE2, MS-WSTEP). From then on its identity certificate is its credential.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import EnrollmentEnded, Unauthenticated
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.states import EnrollmentState
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.devices.enrollment import (
    Enrolled,
    EnrollmentCredentials,
    EnrollmentRequest,
    admit,
    digest,
    enrollable,
    issue_certificate,
    licensed,
    redeem,
    token_holder,
    unenroll,
)
from fauxtune.operations.directory.users_and_groups import password_matches
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import steps as identity_queries

Row = dict[str, Any]

_PLATFORMS = (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81)


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who says that the device is theirs, by one of: an enrolment token, a name with its password, or a user that
    somebody else has made sure of (by an access token).
    """

    token: str = field(default="", repr=False)
    name: str = ""
    password: str = field(default="", repr=False)
    user: str = ""


def claimed_by(tx: Transaction, claimant: Claimant, *, use: bool = False) -> Row:
    """The user. Unauthenticated where the proof is none, NotLicensed for a user who may not. `use`: an enrolment token
    loses a use.
    """
    if claimant.token:
        return redeem(tx, claimant.token) if use else token_holder(tx, claimant.token)
    if claimant.user:
        user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=claimant.user)
        if user is None:
            raise Unauthenticated(f"There is no user '{claimant.user}'.")
    else:
        user = directory_queries.user_by_upn(tx.connection, tx.tenant.id, upn=claimant.name)
        if user is None or not password_matches(user["password_digest"], claimant.password):
            raise Unauthenticated("The user name or the password is wrong, or no proof of the user came along.")
    licensed(user)
    return user


def come_in(
    tx: Transaction, request: EnrollmentRequest, *, claimant: Claimant, csr: bytes, wire_state: Row, keys: KeyStore
) -> Enrolled:
    """A device enrols. Whatever is wrong, a refusal changes nothing: Invalid for the kind of device or the certificate
    request, else as `claimed_by`.
    """
    enrollable(request)
    user = claimed_by(tx, claimant, use=True)
    enrollment_id = EnrollmentId(tx.ids.uuid())
    certificate = issue_certificate(tx, csr, common_name=enrollment_id, keys=keys)
    means = EnrollmentCredentials(
        credential=digest(certificate),
        identity_certificate=certificate,
        push_token=tx.ids.token(24),
        wire_state=wire_state,
    )
    return admit(tx, request, user=user, means=means, enrollment_id=enrollment_id)


def renew(tx: Transaction, csr: bytes, *, signer: bytes, keys: KeyStore) -> tuple[Row, bytes]:
    """Another identity certificate for the device that signed with its present one: the enrolment and the certificate
    (DER). The old one is good as well, for the device may not get the answer. Unauthenticated or EnrollmentEnded for a
    signer that is none of ours, or none any more.
    """
    row = holder(tx.connection, signer)
    if row is None or row["tenant_id"] != tx.tenant.id:
        raise Unauthenticated("The certificate that signed the renewal was not issued to a device here.")
    if row["state"] == EnrollmentState.ENDED.value:
        raise EnrollmentEnded("The enrolment whose certificate signed the renewal has ended.")
    if x509.load_der_x509_certificate(signer).not_valid_after_utc < tx.now:
        raise Unauthenticated("The certificate that signed the renewal has expired: the device has to enrol anew.")
    subject = x509.load_der_x509_certificate(row["identity_certificate"]).subject
    name = str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    certificate = issue_certificate(tx, csr, common_name=name, keys=keys)
    if identity_queries.identity(tx.connection, row["credential_digest"]) is None:
        identity_queries.add_identity(
            tx.connection,
            digest=row["credential_digest"],
            tenant_id=tx.tenant.id,
            user_id=row["user_id"] or "",
            certificate=row["identity_certificate"],
            hardware_key=row["hardware_key"],
            facts={"enrollment": row["id"]},
        )
    changes = {"credential_digest": digest(certificate), "identity_certificate": certificate}
    queries.change_enrollment(tx.connection, row["id"], **changes)
    return {**row, **changes}, certificate


def holder(connection: Connection, certificate: bytes) -> Row | None:
    """The enrolment of a Windows device whose identity certificate (DER) this is, or was before a renewal."""
    known = digest(certificate)
    row = queries.enrollment_by_credential(connection, known)
    if row is None:
        former = identity_queries.identity(connection, known)
        enrollment_id = ((former or {}).get("facts") or {}).get("enrollment")
        row = None if enrollment_id is None else queries.enrollment(connection, enrollment_id)
    # One authority issues to all devices: what is another platform's proves nothing here.
    return row if row is not None and row["platform"] in _PLATFORMS else None


def leave(tx: Transaction, caller: DeviceCaller) -> None:
    """The device says that it goes: because an admin retired or deleted it, or because its user wants to."""
    row = identified(tx, caller, lock=True)
    order = next((each for each in device_actions.pending(tx, row) if each.scope == "COMPANY_DATA"), None)
    if order is None:
        unenroll(tx, row)
    else:
        device_actions.complete(tx, row, action_id=order.id)
