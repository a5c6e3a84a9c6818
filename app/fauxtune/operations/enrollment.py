"""How a device comes in and goes out: tokens, enrolment, the end of one.

Graph's record (managedDevice) and the relation itself (enrolment) are two things: the record can go at once, the
relation ends when the device has confirmed, has left, or has been replaced by an enrolment of the same hardware.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.clock import iso, parse_duration
from fauxtune.core.engine.ledger import moved
from fauxtune.core.engine.plan import NEVER, in_policy
from fauxtune.core.engine.removal import VARIANTS, outcome
from fauxtune.core.errors import Invalid, NotAllowed, NotFound, NotLicensed, Unauthenticated
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.platforms import FACTS, Platform, Variant, variant_of
from fauxtune.core.model.states import Cause, EnrollmentState, ItemState, Source
from fauxtune.core.odata.entities.devices import MANAGED_DEVICE
from fauxtune.core.odata.entities.directory import DEVICE
from fauxtune.core.odata.validation import defaults
from fauxtune.core.pki.issuance import issue_identity
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations import authorities, certificates
from fauxtune.operations.act import Act
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries

TOKEN_SECONDS = 86400
_LONGEST_TOKEN = 365 * 86400
#: Real devices' clocks differ: an identity is good from a little before.
_BACKDATED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class EnrollmentRequest:
    """What a device says when it enrols. `hardware_key` is what makes it the same piece of hardware as before."""

    platform: Platform
    mode: str | None
    token: str
    csr: bytes
    hardware_key: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the device gets back. `credential` is known to nobody else: only its digest is stored."""

    id: EnrollmentId
    credential: str
    push_token: str
    identity_certificate: bytes
    user_id: str
    user_principal_name: str


def create_token(act: Act, upn: str, *, seconds: int = TOKEN_SECONDS, uses: int = 1) -> str:
    """A token with which devices enrol for this user. NotFound for an unknown user."""
    user = directory_queries.user_by_key(act.connection, act.tenant.id, key=upn)
    if user is None:
        raise NotFound(f"There is no user '{upn}' to enrol a device for.")
    if not 1 <= seconds <= _LONGEST_TOKEN:
        raise Invalid(f"expiresIn is 1 to {_LONGEST_TOKEN} seconds.", target="expiresIn")
    if uses < 1:
        raise Invalid("uses is at least 1.", target="uses")
    token = act.ids.token(24)
    queries.add_token(
        act.connection,
        digest=digest(token),
        tenant_id=act.tenant.id,
        user_id=user["id"],
        expires_at=act.now + timedelta(seconds=seconds),
        uses_left=uses,
    )
    return token


def enroll(act: Act, request: EnrollmentRequest, *, keys: KeyStore) -> Enrolled:
    """A device comes in. A refusal changes nothing: the token can be used again.

    Invalid for a platform or mode that is not emulated or a broken CSR; Unauthenticated for a token that is unknown,
    over or used; NotLicensed for a user who may not.
    """
    variant = variant_of(request.platform, request.mode)
    if variant not in VARIANTS:
        known = ", ".join(each.value for each in VARIANTS)
        asked = request.platform.value if request.mode is None else f"{request.platform}/{request.mode}"
        raise Invalid(f"Devices of the kind {asked} are not emulated; {known} are.")
    user = _token_user(act, request.token)
    if request.hardware_key:
        for old in queries.enrollments_by_hardware(act.connection, act.tenant.id, hardware_key=request.hardware_key):
            end(act, old, cause=Cause.UNENROLL)
    enrollment_id = EnrollmentId(act.ids.uuid())
    identity = _identity(act, request.csr, enrollment_id=enrollment_id, keys=keys)
    enrolled = Enrolled(
        id=enrollment_id,
        credential=act.ids.token(32),
        push_token=act.ids.token(24),
        identity_certificate=identity,
        user_id=user["id"],
        user_principal_name=user["document"]["userPrincipalName"],
    )
    _add_rows(act, request, enrolled=enrolled, variant=variant, user=user)
    act.record("enrolled", user=enrolled.user_principal_name, device=enrollment_id, variant=variant.value)
    return enrolled


def unenroll(act: Act, enrollment: dict[str, Any]) -> None:
    """The user leaves. NotAllowed where the user may not (a fully managed device)."""
    variant = Variant(enrollment["variant"])
    if not FACTS[variant].user_may_unenroll:
        raise NotAllowed(f"The user of a device of the kind {variant.value} cannot unenrol it; an admin can wipe it.")
    end(act, enrollment, cause=Cause.UNENROLL)


def end(act: Act, enrollment: dict[str, Any], *, cause: Cause) -> None:
    """The relation is over: revoke what the removal table says, close the ledger, drop Graph's record."""
    enrollment_id = EnrollmentId(enrollment["id"])
    revoke_held(act, enrollment, cause=cause)
    ledger = queries.ledger_rows(act.connection, enrollment_id).values()
    rows = [row for row in ledger if row.state is not ItemState.REMOVED]
    gone = [moved(row, ItemState.REMOVED, installed_fingerprint=None, problem=None, waits_for=None) for row in rows]
    queries.put_ledger_rows(act.connection, act.tenant.id, enrollment_id=enrollment_id, changed=gone, at=act.now)
    queries.change_enrollment(
        act.connection, enrollment_id, state=EnrollmentState.ENDED.value, cause=cause.value, due_at=NEVER
    )
    for profile_id in configuration_queries.states_of_device(act.connection, enrollment_id):
        configuration_queries.drop_state(act.connection, enrollment_id, profile_id=profile_id)
    record = queries.managed_device_of(act.connection, enrollment_id)
    if record is not None:
        queries.delete_managed_device(act.connection, act.tenant.id, device_id=record["id"])
    # Retire, wipe and unenrolment take the Entra device along (Intune: "Retire or wipe devices", 2020-03).
    directory_queries.delete_directory_device(
        act.connection, act.tenant.id, device_id=enrollment["directory_device_id"]
    )
    upn = user_name(act, enrollment)
    for row in rows:
        if not in_policy(row) and row.state is not ItemState.REMOVING:
            continue  # it was never there
        held = {"thumbprint": row.thumbprint, "serial": row.serial, "source": row.source.value}
        act.record("removed", user=upn, device=enrollment_id, certificate=held, item=row.key, cause=cause.value)
    words = {Cause.WIPE: "wiped", Cause.RETIRE: "retired", Cause.UNENROLL: "unenrolled", Cause.DELETE: "deleted"}
    act.record(words[cause], user=upn, device=enrollment_id)
    act.wake([enrollment_id])


def revoke_held(act: Act, enrollment: dict[str, Any], *, cause: Cause) -> None:
    """Revoke what an ending enrolment holds, where the removal table says so. Safe to repeat. What was removed from the
    device before stays as the table left it then.
    """
    for row in queries.ledger_rows(act.connection, enrollment["id"]).values():
        if row.serial is not None and row.state is not ItemState.REMOVED:
            revoke_one(act, enrollment, cause=cause, source=row.source, serial=row.serial)


def revoke_one(act: Act, enrollment: dict[str, Any], *, cause: Cause, source: Source, serial: str) -> None:
    """Revoke one certificate of an ending enrolment, where the removal table says so."""
    edition = str(act.tenant.setting("removalEdition"))
    if outcome(Variant(enrollment["variant"]), edition, source=source, cause=cause).revoked:
        certificates.revoke(
            act,
            serial,
            reason="cessationOfOperation",
            device=enrollment["id"],
            user=user_name(act, enrollment),
            source=source.value,
        )


def user_name(act: Act, enrollment: dict[str, Any]) -> str | None:
    """The userPrincipalName of the enrolment's user, while that user exists."""
    if enrollment["user_id"] is None:
        return None
    user = directory_queries.user(act.connection, act.tenant.id, user_id=enrollment["user_id"])
    return None if user is None else str(user["document"]["userPrincipalName"])


def digest(secret: str) -> str:
    """How tokens and credentials are stored: random, so that a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token_user(act: Act, token: str) -> dict[str, Any]:
    user_id = queries.use_token(act.connection, act.tenant.id, digest=digest(token), now=act.now)
    if user_id is None:
        raise Unauthenticated("The enrolment token is unknown, expired, or was used already.")
    user = directory_queries.user(act.connection, act.tenant.id, user_id=user_id)
    if user is None:
        raise NotLicensed("The user for whom this enrolment token was made no longer exists.")
    if not user["licensed"]:
        raise NotLicensed(
            f"{user['document']['userPrincipalName']} has no licence for device management: assign one first."
        )
    return user


def _identity(act: Act, csr: bytes, *, enrollment_id: EnrollmentId, keys: KeyStore) -> bytes:
    authority = authorities.load(act.connection, act.tenant, name="devices", keys=keys)
    validity = parse_duration(str(act.tenant.setting("identityValidity")))
    certificate = issue_identity(
        authority=authority,
        csr=csr,
        common_name=enrollment_id,
        serial=act.ids.serial(),
        not_before=act.now - _BACKDATED,
        not_after=min(act.now + validity, authority.certificate.not_valid_after_utc),
    )
    der = certificate.public_bytes(Encoding.DER)
    certificates.note(
        act,
        certificate,
        authority_name="devices",
        enrollment_id=enrollment_id,
        subject=subject_text(certificate.subject),
        serial=serial_hex(certificate),
        thumbprint=thumbprint(certificate),
    )
    return der


def _add_rows(
    act: Act, request: EnrollmentRequest, *, enrolled: Enrolled, variant: Variant, user: dict[str, Any]
) -> None:
    device_id, directory_id, azure_id = (act.ids.uuid() for _ in range(3))
    facts = {**request.facts, "managedDeviceId": device_id, "azureADDeviceId": azure_id}
    queries.add_enrollment(
        act.connection,
        id=enrolled.id,
        tenant_id=act.tenant.id,
        platform=request.platform.value,
        mode=request.mode,
        variant=variant.value,
        user_id=user["id"],
        hardware_key=request.hardware_key,
        directory_device_id=directory_id,
        state=EnrollmentState.ACTIVE.value,
        credential_digest=digest(enrolled.credential),
        push_token=enrolled.push_token,
        identity_certificate=enrolled.identity_certificate,
        enrolled_at=act.now,
        generation=1,
        settled_generation=0,
        due_at=NEVER,
        policy_version=1,
        plans=0,
        facts=facts,
    )
    document = _managed_device(act, facts, variant=variant, user=user["document"])
    queries.add_managed_device(
        act.connection,
        act.tenant.id,
        id=device_id,
        enrollment_id=enrolled.id,
        user_id=user["id"],
        document=document,
    )
    directory_queries.add_directory_device(
        act.connection,
        act.tenant.id,
        id=directory_id,
        enrollment_id=enrolled.id,
        created_at=act.now,
        document={
            **defaults(DEVICE),
            "id": directory_id,
            "deviceId": azure_id,
            "displayName": document["deviceName"],
            "operatingSystem": document["operatingSystem"],
            "operatingSystemVersion": document["osVersion"],
            "accountEnabled": True,
            "isManaged": True,
            "isCompliant": True,
            "trustType": "Workplace",
        },
    )


def _managed_device(act: Act, facts: dict[str, Any], *, variant: Variant, user: dict[str, Any]) -> dict[str, Any]:
    """Graph's record of a new device (managedDevice; values by platform as live tenants show them)."""
    known = FACTS[variant]
    upn, now = user["userPrincipalName"], act.now
    identity_ends = now + parse_duration(str(act.tenant.setting("identityValidity")))
    hour = now.strftime("%I").lstrip("0")
    mirrored = ("model", "manufacturer", "serialNumber", "imei", "meid", "wiFiMacAddress", "osVersion")
    return {
        **defaults(MANAGED_DEVICE),
        **{name: facts.get(name) or "" for name in mirrored},
        "id": facts["managedDeviceId"],
        "deviceName": facts.get("deviceName") or f"{upn.split('@')[0]}_{known.operating_system}",
        "managedDeviceName": (
            f"{upn.split('@')[0]}_{known.operating_system}_{now.month}/{now.day}/{now.year}_{hour}:{now:%M} {now:%p}"
        ),
        "androidSecurityPatchLevel": facts.get("androidSecurityPatchLevel") or "",
        "userId": user["id"],
        "userPrincipalName": upn,
        "userDisplayName": user.get("displayName"),
        "emailAddress": user.get("mail") or upn,
        "enrolledDateTime": iso(now),
        "lastSyncDateTime": iso(now),
        "managementCertificateExpirationDate": iso(min(identity_ends, NEVER)),
        "azureADDeviceId": facts["azureADDeviceId"],
        "azureActiveDirectoryDeviceId": facts["azureADDeviceId"],
        "azureADRegistered": True,
        "aadRegistered": True,
        "operatingSystem": known.operating_system,
        "deviceEnrollmentType": known.enrollment_type,
        "managementAgent": known.management_agent,
        "deviceType": known.device_type,
        "managedDeviceOwnerType": known.owner_type,
        "ownerType": known.owner_type,
        "managementState": "managed",
        "deviceRegistrationState": "registered",
        "complianceState": "compliant",
        "isEncrypted": True,
        "jailBroken": "False",
    }
