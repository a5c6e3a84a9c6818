"""The device that calls: which enrolment it is, by what it proves itself with, and whether that is in force.

What a device proves itself with: a bearer credential (Android) or its identity certificate (Apple, Windows). Either
is known by its SHA-256.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.clock import parse_duration
from fauxtune.core.errors import EnrollmentEnded, NotFound, Unauthenticated
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.issuance import BACKDATED, issue_identity
from fauxtune.operations.ca import authorities
from fauxtune.operations.ca import issuance as certificate_register
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import visits as identity_queries
from fauxtune.storage.rows.devices import EnrollmentRow


def digest(secret: str | bytes) -> str:
    """Return the SHA-256 of a token, a credential or a certificate (DER). Tokens and credentials are random, so that a
    plain hash is enough.
    """
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).hexdigest()


def issue_certificate(tx: Transaction, csr: bytes, *, common_name: str, keys: KeyStore) -> bytes:
    """Issue an identity certificate for the key of a PKCS#10 request; return its DER. Raises Invalid for a broken
    request.
    """
    authority = authorities.load(tx.connection, tx.tenant, name="devices", keys=keys)
    validity = parse_duration(str(tx.tenant.setting("identityValidity")))
    certificate = issue_identity(
        authority=authority,
        csr=csr,
        common_name=common_name,
        serial=tx.ids.serial(),
        not_before=tx.now - BACKDATED,
        not_after=min(tx.now + validity, authority.certificate.not_valid_after_utc),
    )
    certificate_register.note(tx, certificate, authority_name="devices")
    return certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True)
class DeviceCaller:
    """The calling device: its enrolment's id, and the digest of its credential."""

    enrollment_id: EnrollmentId
    credential: str

    @property
    def named(self) -> tuple[str, str]:
        """The column of the enrolment by which the caller names itself, and its value there."""
        return "id", self.enrollment_id


@dataclass(frozen=True, slots=True)
class HardwareCaller:
    """The calling device where messages name the hardware (Apple): its key, and the digest of its credential."""

    hardware_key: str
    credential: str

    @property
    def named(self) -> tuple[str, str]:
        """The column of the enrolment by which the caller names itself, and its value there."""
        return "hardware_key", self.hardware_key


Caller = DeviceCaller | HardwareCaller


def identified(tx: Transaction, caller: DeviceCaller, *, lock: bool = False) -> EnrollmentRow:
    """Return the enrolment of the calling device.

    Raises NotFound for an unknown device, Unauthenticated for a credential that is not its own, EnrollmentEnded.
    """
    row = queries.enrollment_by_credential(tx.connection, caller.credential, lock=lock)
    return checked(tx, caller, row=row)


def checked(tx: Transaction, caller: Caller, *, row: EnrollmentRow | None) -> EnrollmentRow:
    """Return the enrolment of the calling device, from that of its credential. Raises as `identified`; for a caller
    that names hardware never NotFound.
    """
    column, value = caller.named
    if row is not None and row.tenant_id == tx.tenant.id and getattr(row, column) == value:
        return live(row)
    if (
        isinstance(caller, DeviceCaller)
        and queries.enrollment(tx.connection, caller.enrollment_id, tenant_id=tx.tenant.id) is None
    ):
        raise NotFound(f"There is no device '{caller.enrollment_id}'.")
    raise Unauthenticated("The device credential is missing, or is not this device's.")


def certificate_holder(connection: Connection, certificate: bytes) -> EnrollmentRow | None:
    """Return the enrolment of the device whose identity certificate (DER) this is, or was before a renewal."""
    certificate_digest = digest(certificate)
    row = queries.enrollment_by_credential(connection, certificate_digest)
    if row is not None:
        return row
    former = identity_queries.identity(connection, certificate_digest)
    enrollment_id = None if former is None else (former.facts or {}).get("enrollment")
    return None if enrollment_id is None else queries.enrollment(connection, enrollment_id)


def check_certificate(
    row: EnrollmentRow, tenant: Tenant, *, certificate: x509.Certificate, now: datetime
) -> EnrollmentRow:
    """Return the enrolment. Raises Unauthenticated for a certificate of another tenant or one that is not valid now,
    EnrollmentEnded for an enrolment that has ended.
    """
    if row.tenant_id != tenant.id:
        raise Unauthenticated("The device's certificate belongs to a device of another tenant.")
    live(row)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Unauthenticated("The device's certificate is not valid at this time.")
    return row


def is_live(enrollment: EnrollmentRow) -> bool:
    """Whether the enrolment has not ended."""
    return enrollment.state is not EnrollmentState.ENDED


def live(enrollment: EnrollmentRow) -> EnrollmentRow:
    """Return the enrolment. Raises EnrollmentEnded if it has ended."""
    return enrollment if is_live(enrollment) else refuse_ended(enrollment)


def refuse_ended(enrollment: EnrollmentRow | None) -> NoReturn:
    """Raise EnrollmentEnded; None: only the device's certificate shows that there was an enrolment."""
    if enrollment is None:
        raise EnrollmentEnded("The enrolment of this identity certificate has ended.")
    raise EnrollmentEnded(
        f"The enrolment of the device '{enrollment.id}' has ended ({enrollment.cause}).", device=enrollment.id
    )
