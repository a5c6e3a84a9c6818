"""Enrolment: a device that proves its user, with a token or otherwise, gets an enrolment and its records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from cryptography import x509

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.clock import iso, parse_duration
from fauxtune.core.engine.compliance.states import DeviceState, is_compliant
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.errors import Invalid, NotFound, NotLicensed, Unauthenticated
from fauxtune.core.graph.device_facts import accepted, shown
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, ManagedDeviceId, UserId
from fauxtune.core.model.platforms import ENROLLABLE, FACTS, Platform, Variant, modes_of, variant_of
from fauxtune.core.model.states import Cause, EnrollmentState
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.pki.names import serial_hex
from fauxtune.operations.devices.audience import check_licensed
from fauxtune.operations.devices.autopilot import directory_device, take_over
from fauxtune.operations.devices.caller import digest, issue_certificate
from fauxtune.operations.devices.ending import end
from fauxtune.operations.devices.enrollment_restrictions import Admission, Candidate, admitted, note_enrolled
from fauxtune.operations.devices.records import in_directory
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import enrolling as enrolling_queries
from fauxtune.storage.rows.devices import EnrollmentRow, EnrollmentTokenRow
from fauxtune.storage.rows.directory import DirectoryDeviceRow, UserRow

TOKEN_SECONDS = 86400
#: So many devices enrol with one token unless another number is given.
TOKEN_USES = 1
_LONGEST_TOKEN = 365 * 86400


def create_token(tx: Transaction, upn: str, *, seconds: int = TOKEN_SECONDS, uses: int = TOKEN_USES) -> str:
    """Create a token with which devices enrol for this user; return it. Raises NotFound for an unknown user, Invalid
    for a lifetime or a number of uses that is out of range.
    """
    user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=upn)
    if user is None:
        raise NotFound(f"There is no user '{upn}' to enrol a device for.")
    if not 1 <= seconds <= _LONGEST_TOKEN:
        raise Invalid(f"expiresIn is 1 to {_LONGEST_TOKEN} seconds.", target="expiresIn")
    if uses < 1:
        raise Invalid("uses is at least 1.", target="uses")
    token = tx.ids.token(24)
    row = EnrollmentTokenRow(
        digest=digest(token),
        tenant_id=tx.tenant.id,
        user_id=user.id,
        expires_at=tx.now + timedelta(seconds=seconds),
        uses_left=uses,
    )
    enrolling_queries.add_token(tx.connection, row)
    return token


def redeem(tx: Transaction, token: str) -> UserRow:
    """Take a use from the token; return its user. Raises Unauthenticated for a token that is unknown, expired or used
    up, NotLicensed for a user without licence.
    """
    user = _user(tx, enrolling_queries.use_token(tx.connection, tx.tenant.id, digest=digest(token), now=tx.now))
    tx.holds_tenant = True  # the token's row is locked
    return user


def token_holder(tx: Transaction, token: str) -> UserRow:
    """Return the token's user, and take no use from it. Raises as `redeem`."""
    return _user(tx, enrolling_queries.token_user(tx.connection, tx.tenant.id, digest=digest(token), now=tx.now))


def _user(tx: Transaction, user_id: UserId | None) -> UserRow:
    if user_id is None:
        raise Unauthenticated("The enrolment token is unknown, expired, or was used already.")
    user = directory_queries.user(tx.connection, tx.tenant.id, user_id=user_id)
    if user is None:
        raise NotLicensed("The user for whom this enrolment token was made no longer exists.")
    check_licensed(user)
    return user


MANAGED_DEVICE = entity("managedDevice")
DEVICE = entity("device")

#: data. How a device is joined to the directory by its way of enrolment; trustType of the directory's device.
_JOIN_TYPES = {"windowsAzureADJoin": "azureADJoined"}
_TRUST = {"azureADJoined": "AzureAd", "azureADRegistered": "Workplace"}


def entra_device(directory_id: DirectoryDeviceId, azure_id: str, *, record: JsonObject) -> JsonObject:
    """Return the device's document in the directory (Graph: device)."""
    return {
        **defaults(DEVICE),
        **in_directory(record),
        "id": directory_id,
        "deviceId": azure_id,
        "displayName": record["deviceName"],
        "operatingSystem": record["operatingSystem"],
        "operatingSystemVersion": record["osVersion"],
        "accountEnabled": True,
        "isManaged": True,
        # A tenant with compliance policies judges the device at its first check-in.
        "isCompliant": is_compliant(DeviceState(record["complianceState"])),
        "trustType": _TRUST[record["joinType"]],
        "enrollmentProfileName": record["enrollmentProfileName"],
    }


def managed_device(tx: Transaction, facts: JsonObject, *, variant: Variant, user: JsonObject | None) -> JsonObject:
    """Return Graph's record of a new device (managedDevice; values by platform as live tenants show them). Unverified:
    the name of a device that has neither a name nor a user.
    """
    known, now = FACTS[variant], tx.now
    ownership = "company" if facts.get("isCorporate") else known.owner_type
    owner = user or {"id": "", "userPrincipalName": "", "displayName": "", "mail": ""}
    upn = str(owner["userPrincipalName"])
    name = upn.split("@")[0] or facts.get("serialNumber") or facts["managedDeviceId"][:8]
    identity_ends = now + parse_duration(str(tx.tenant.setting("identityValidity")))
    hour = now.strftime("%I").lstrip("0")
    mirrored = ("model", "manufacturer", "serialNumber", "imei", "meid", "wiFiMacAddress", "osVersion")
    return {
        **defaults(MANAGED_DEVICE),
        **dict.fromkeys((*mirrored, "androidSecurityPatchLevel"), ""),
        **shown(accepted(facts), owner=ownership),
        "id": facts["managedDeviceId"],
        "deviceName": facts.get("deviceName") or f"{name}_{known.operating_system}",
        "managedDeviceName": (
            f"{name}_{known.operating_system}_{now.month}/{now.day}/{now.year}_{hour}:{now:%M} {now:%p}"
        ),
        "userId": owner["id"],
        "userPrincipalName": upn,
        "userDisplayName": owner.get("displayName"),
        "emailAddress": owner.get("mail") or upn,
        "enrolledDateTime": iso(now),
        "lastSyncDateTime": iso(now),
        "managementCertificateExpirationDate": iso(min(identity_ends, NEVER)),
        "azureADDeviceId": facts["azureADDeviceId"],
        "azureActiveDirectoryDeviceId": facts["azureADDeviceId"],
        "azureADRegistered": True,
        "aadRegistered": True,
        "operatingSystem": known.operating_system,
        "deviceEnrollmentType": "appleUserEnrollment" if facts.get("isUserEnrollment") else known.enrollment_type,
        "managementAgent": known.management_agent,
        "deviceType": known.device_type,
        "managedDeviceOwnerType": ownership,
        "ownerType": ownership,
        "enrollmentProfileName": facts.get("enrollmentProfileName"),
        "autopilotEnrolled": facts.get("autopilotEnrolled", False),
        "managementState": "managed",
        "deviceRegistrationState": "registered",
        "complianceState": (DeviceState.UNKNOWN if tx.tenant.judges_devices else DeviceState.COMPLIANT).value,
        "joinType": _JOIN_TYPES.get(known.enrollment_type, "azureADRegistered"),
        "enrolledByUserPrincipalName": upn,
    }


@dataclass(frozen=True, slots=True)
class EnrollmentRequest:
    """A device that enrols. `hardware_key` tells that the same piece of hardware enrols again; `facts` have the names
    of Graph's managedDevice. `autopilot`: the id of the Autopilot device that it was told to be.
    """

    platform: Platform
    mode: str | None
    hardware_key: str
    facts: JsonObject
    autopilot: str = ""


@dataclass(frozen=True, slots=True)
class EnrollmentCredentials:
    """A device's credentials: the digest of its credential, its identity certificate (DER), its push
    token, and the state of its platform's surface (None for Android, which has no step by step check-ins).
    """

    credential: str
    identity_certificate: bytes
    push_token: str
    wire_state: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new enrolment. `credential` is a bearer credential, of which only the digest is stored; empty for a device
    that proves itself by its certificate. The user's id and name are empty for a device without a user.
    """

    id: EnrollmentId
    credential: str
    push_token: str
    identity_certificate: bytes
    user_id: str
    user_principal_name: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A device that may enrol: what it said, completed by what made it corporate, and whose it will be."""

    request: EnrollmentRequest
    variant: Variant
    owner: UserRow | None
    admission: Admission

    def directory_device(self, tx: Transaction) -> DirectoryDeviceRow | None:
        """Return the device that the directory has of it already: an Autopilot device has one from its import on."""
        registered = self.admission.registered
        return None if registered is None else directory_device(tx, registered.identity)


def enroll(tx: Transaction, request: EnrollmentRequest, *, token: str, csr: bytes, keys: KeyStore) -> Enrolled:
    """Enrol a device with a token, and give it a credential. A refusal changes nothing: the token can be used again.

    Raises Invalid for a platform or mode that is not emulated or a broken CSR; Unauthenticated for a token that is
    unknown, expired or used up; NotLicensed for a user without licence; EnrollmentRestricted.
    """
    enrollable(request)
    user = redeem(tx, token)
    name = tx.ids.uuid()
    credential = tx.ids.token(32)
    credentials = EnrollmentCredentials(
        credential=digest(credential),
        identity_certificate=issue_certificate(tx, csr, common_name=name, keys=keys),
        push_token=tx.ids.token(24),
    )
    return replace(
        admit(tx, request, user=user, credentials=credentials, enrollment_id=EnrollmentId(name)), credential=credential
    )


def admit(
    tx: Transaction,
    request: EnrollmentRequest,
    *,
    user: UserRow,
    credentials: EnrollmentCredentials,
    enrollment_id: EnrollmentId | None = None,
) -> Enrolled:
    """Enrol a device that already holds an identity; earlier enrolments of the same hardware end. Raises Invalid for a
    platform or mode that is not emulated; NotLicensed for a user without licence; EnrollmentRestricted.

    Differs from Intune: a device without a user (dedicated, or of a self-deploying profile of Autopilot) enrols with
    the token of any user.
    """
    variant = enrollable(request)
    check_licensed(user)
    admission = admitted(tx, candidate_of(request, user=user))
    owner = user if FACTS[variant].has_user and admission.has_user else None
    end_earlier_enrollments(tx, request.hardware_key)
    enrolled = Enrolled(
        id=enrollment_id or EnrollmentId(tx.ids.uuid()),
        credential="",
        push_token=credentials.push_token,
        identity_certificate=credentials.identity_certificate,
        user_id="" if owner is None else owner.id,
        user_principal_name="" if owner is None else owner.document["userPrincipalName"],
    )
    arrival = Arrival(replace(request, facts={**request.facts, **admission.facts}), variant, owner, admission)
    _add_rows(tx, arrival, enrolled=enrolled, credentials=credentials)
    serial = serial_hex(x509.load_der_x509_certificate(credentials.identity_certificate))
    certificate_queries.change_certificate(
        tx.connection, tx.tenant.id, authority_name="devices", serial=serial, enrollment_id=enrolled.id
    )
    tx.record("enrolled", user=enrolled.user_principal_name or None, device=enrolled.id, variant=variant.value)
    return enrolled


def candidate_of(request: EnrollmentRequest, *, user: UserRow) -> Candidate:
    """Return the device as restrictions see it."""
    return Candidate(
        variant=enrollable(request),
        facts=request.facts,
        user=user,
        hardware_key=request.hardware_key,
        autopilot=request.autopilot,
    )


def enrollable(request: EnrollmentRequest) -> Variant:
    """Return the variant of the device. Raises Invalid for a platform or mode that is not emulated."""
    variant = variant_of(request.platform, request.mode)
    if variant not in ENROLLABLE:
        name = request.platform.value if request.mode is None else f"{request.platform}/{request.mode}"
        modes = modes_of(request.platform)
        right = f"mode is one of {', '.join(modes)}" if modes else "this platform has no modes"
        raise Invalid(f"Devices of the kind {name} are not emulated: {right}.")
    return variant


def _add_rows(tx: Transaction, arrival: Arrival, *, enrolled: Enrolled, credentials: EnrollmentCredentials) -> None:
    request, variant, user = arrival.request, arrival.variant, arrival.owner
    entra = arrival.directory_device(tx)
    managed_device_id = ManagedDeviceId(tx.ids.uuid())
    directory_id = DirectoryDeviceId(tx.ids.uuid()) if entra is None else DirectoryDeviceId(entra.id)
    azure_id = tx.ids.uuid() if entra is None else str(entra.document["deviceId"])
    facts = {**request.facts, "managedDeviceId": managed_device_id, "azureADDeviceId": azure_id}
    row = EnrollmentRow(
        id=enrolled.id,
        tenant_id=tx.tenant.id,
        platform=request.platform,
        mode=request.mode,
        variant=variant,
        user_id=None if user is None else user.id,
        hardware_key=request.hardware_key,
        directory_device_id=directory_id,
        state=EnrollmentState.ACTIVE,
        cause=None,
        credential_digest=credentials.credential,
        push_token=enrolled.push_token,
        identity_certificate=enrolled.identity_certificate,
        enrolled_at=tx.now,
        last_checkin_at=None,
        generation=1,
        settled_generation=0,
        due_at=NEVER,
        report_digest=None,
        policy_version=1,
        plans=0,
        facts=facts,
        inventory_at=None if credentials.wire_state is None else tx.now,
        wire_state=credentials.wire_state,
    )
    device_queries.add_enrollment(tx.connection, row)
    document = managed_device(tx, facts, variant=variant, user=None if user is None else user.document)
    device_queries.add_managed_device(
        tx.connection,
        tx.tenant.id,
        managed_device_id=managed_device_id,
        enrollment_id=enrolled.id,
        user_id=None if user is None else user.id,
        document=document,
    )
    shadow = entra_device(directory_id, azure_id, record=document)
    if entra is None:
        _add_directory_device(tx, directory_id, enrolled=enrolled, document=shadow)
    else:
        take_over(tx, entra, enrollment_id=enrolled.id, document=shadow)
    note_enrolled(tx, arrival.admission, record=document)


def _add_directory_device(
    tx: Transaction, device_id: DirectoryDeviceId, *, enrolled: Enrolled, document: dict[str, Any]
) -> None:
    row = DirectoryDeviceRow(
        tenant_id=tx.tenant.id,
        id=device_id,
        enrollment_id=enrolled.id,
        device_key=directory_queries.device_key(document),
        created_at=tx.now,
        document=document,
    )
    directory_queries.add_directory_device(tx.connection, row)


def end_earlier_enrollments(tx: Transaction, hardware_key: str) -> None:
    """End the earlier enrolments of this piece of hardware: it enrols again."""
    if hardware_key:
        for earlier in device_queries.enrollments_by_hardware(tx.connection, tx.tenant.id, hardware_key=hardware_key):
            end(tx, earlier, cause=Cause.UNENROLL)
        # The new enrolment has a record of its own in place of one that has stayed.
        device_queries.delete_records_left(tx.connection, tx.tenant.id, hardware_key=hardware_key)
