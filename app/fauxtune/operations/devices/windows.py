"""Windows devices: enrolment in one step, with a proof of the user and a certificate request; renewal of the
certificate, and the device that calls by it; unenrolment.

Sources: MS-MDE2, MS-WSTEP. The identity certificate is the device's credential.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Unauthenticated
from fauxtune.core.model.ids import EnrollmentId, TenantId, UserId
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices.audience import check_licensed
from fauxtune.operations.devices.caller import (
    DeviceCaller,
    certificate_holder,
    digest,
    identified,
    issue_certificate,
    live,
)
from fauxtune.operations.devices.ending import unenroll
from fauxtune.operations.devices.enrollment import (
    Enrolled,
    EnrollmentCredentials,
    EnrollmentRequest,
    admit,
    create_token,
    enrollable,
    redeem,
    token_holder,
)
from fauxtune.operations.directory.users_and_groups import password_opens
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import visits as identity_queries
from fauxtune.storage.queries.devices import enrollment_by_wire_id
from fauxtune.storage.queries.tenants import tenants_with_any
from fauxtune.storage.rows.devices import DeviceIdentityRow, EnrollmentRow
from fauxtune.storage.rows.directory import UserRow

PLATFORMS = (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81)


@dataclass(frozen=True, slots=True)
class Claimant:
    """The proof of the user who enrols a device, one of: an enrolment token, a name with its password, or a user whom
    an access token has proved.
    """

    token: str = field(default="", repr=False)
    name: str = ""
    password: str = field(default="", repr=False)
    user: str = ""


def claimed_by(tx: Transaction, claimant: Claimant, *, use: bool = False) -> UserRow:
    """Return the user; `use`: an enrolment token loses a use. Raises Unauthenticated for a wrong proof, NotLicensed for
    a user without licence.
    """
    if claimant.token:
        return redeem(tx, claimant.token) if use else token_holder(tx, claimant.token)
    if claimant.user:
        user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=claimant.user)
        if user is None:
            raise Unauthenticated(f"There is no user '{claimant.user}'.")
    else:
        user = directory_queries.user_by_upn(tx.connection, tx.tenant.id, upn=claimant.name)
        if user is None or not password_opens(
            tx.connection, user, password=claimant.password, people=tx.people_password
        ):
            raise Unauthenticated("The user name or the password is wrong, or no proof of the user was sent.")
    check_licensed(user)
    return user


def token_for(tx: Transaction, claimant: Claimant, *, seconds: int) -> str:
    """Return an enrolment token for the user of a proof. Raises as `claimed_by`."""
    return create_token(tx, claimed_by(tx, claimant).id, seconds=seconds)


def enroll(
    tx: Transaction,
    request: EnrollmentRequest,
    *,
    claimant: Claimant,
    csr: bytes,
    wire_state: JsonObject,
    keys: KeyStore,
) -> Enrolled:
    """Enrol a device. A refusal changes nothing: Invalid for the kind of device or the certificate request, else as
    `claimed_by`.
    """
    enrollable(request)
    user = claimed_by(tx, claimant, use=True)
    enrollment_id = EnrollmentId(tx.ids.uuid())
    certificate = issue_certificate(tx, csr, common_name=enrollment_id, keys=keys)
    credentials = EnrollmentCredentials(
        credential=digest(certificate),
        identity_certificate=certificate,
        push_token=tx.ids.token(24),
        wire_state=wire_state,
    )
    return admit(tx, request, user=user, credentials=credentials, enrollment_id=enrollment_id)


def renew(tx: Transaction, csr: bytes, *, signer: bytes, keys: KeyStore) -> tuple[EnrollmentRow, bytes]:
    """Issue another identity certificate to the device whose present one is `signer` (DER); return the enrolment and
    the certificate (DER). The present one stays valid too, for the device may not get the answer.

    Raises Unauthenticated for a signer that was not issued to a device here or has expired, EnrollmentEnded.
    """
    row = holder(tx.connection, signer)
    if row is None or row.tenant_id != tx.tenant.id:
        raise Unauthenticated("The certificate that signed the renewal was not issued to a device here.")
    live(row)
    if x509.load_der_x509_certificate(signer).not_valid_after_utc < tx.now:
        raise Unauthenticated("The certificate that signed the renewal has expired: the device has to enrol again.")
    subject = x509.load_der_x509_certificate(row.identity_certificate).subject
    name = str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    certificate = issue_certificate(tx, csr, common_name=name, keys=keys)
    _keep_former(tx, row)
    new_digest = digest(certificate)
    queries.change_enrollment(tx.connection, row.id, credential_digest=new_digest, identity_certificate=certificate)
    return replace(row, credential_digest=new_digest, identity_certificate=certificate), certificate


def holder(connection: Connection, certificate: bytes) -> EnrollmentRow | None:
    """Return the enrolment of the Windows device whose identity certificate (DER) this is, or was before a renewal."""
    row = certificate_holder(connection, certificate)
    # One authority issues to all devices: a certificate of another platform's device proves nothing here.
    return row if row is not None and row.platform in PLATFORMS else None


def leave(tx: Transaction, caller: DeviceCaller) -> None:
    """End the enrolment at the device's request: an admin retired or deleted it, or its user unenrols it."""
    row = identified(tx, caller, lock=True)
    order = next((order for order in device_actions.pending(tx, row) if order.scope == "COMPANY_DATA"), None)
    if order is None:
        unenroll(tx, row)
    else:
        device_actions.complete(tx, row, action_id=order.id)


def _keep_former(tx: Transaction, enrollment: EnrollmentRow) -> None:
    """Remember the certificate that a renewal replaces, so that the device is known by it too."""
    former = enrollment.credential_digest
    if former is None or identity_queries.identity(tx.connection, former) is not None:
        return
    row = DeviceIdentityRow(
        digest=former,
        tenant_id=tx.tenant.id,
        user_id=enrollment.user_id or UserId(""),
        certificate=enrollment.identity_certificate,
        hardware_key=enrollment.hardware_key,
        facts={"enrollment": enrollment.id},
    )
    identity_queries.add_identity(tx.connection, row)


#: The switch of tenants that know a device by the id in its messages, without a proof; and the switches with which such
#: devices enrol.
LAX = "windows.laxIdentity"
_FOR_TEST_CLIENTS = (LAX, "windows.rootPaths", "windows.pathAliases")


async def read_holder(runner: Runner, certificate: x509.Certificate) -> EnrollmentRow:
    """Return the enrolment of the certificate, in whichever tenant. Raises Unauthenticated if no enrolment has it."""
    row = await runner.read(holder, certificate.public_bytes(Encoding.DER))
    if row is None:
        raise Unauthenticated("The device's certificate was not issued here.")
    return row


async def tenant_of_unproved(runner: Runner, *, wire_id: str) -> TenantId | None:
    """Return the tenant of the device with this id, which it does not prove, among those that are set for test clients:
    a tenant that is lax first. None if they have no such device.
    """
    lax = await runner.read(tenants_with_any, _FOR_TEST_CLIENTS[:1])
    row = await runner.read(enrollment_by_wire_id, lax, wire_id=wire_id)
    if row is None:
        others = await runner.read(tenants_with_any, _FOR_TEST_CLIENTS)
        row = await runner.read(enrollment_by_wire_id, others, wire_id=wire_id)
    return None if row is None else row.tenant_id


async def read_unproved(runner: Runner, tenant: Tenant, *, wire_id: str) -> EnrollmentRow:
    """Return the enrolment of the device with this id, which it does not prove. Raises Unauthenticated if the tenant
    is not lax or there is no such device, EnrollmentEnded for an enrolment that has ended.
    """
    if not tenant.setting(LAX):
        raise Unauthenticated(
            f"The device has sent no proof of identity, and the switch {LAX} is off.", target="missing"
        )
    row = await runner.read(enrollment_by_wire_id, [tenant.id], wire_id=wire_id)
    if row is None:
        raise Unauthenticated(f"There is no device with the id '{wire_id}'.")
    return live(row)
