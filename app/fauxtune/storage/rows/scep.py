"""Rows of SCEP challenges, of certificates that authorities reported, and of revocations at a partner's authority."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ProfileId, TenantId, UserId
from fauxtune.core.model.text import JsonObject

ChallengeState = Literal["given", "validated", "refused", "issued", "failed"]
ScepRequestState = Literal["pending", "issued", "denied"]
RaPurpose = Literal["encryption", "signing"]
PartnerRevocationState = Literal["open", "revoked", "failed"]


@dataclass(frozen=True, slots=True)
class ScepChallengeRow:
    """A challenge that a device was given. `outcome`: `{"code","description"}` of the last check, or what the authority
    reported: `{"transactionId","thumbprint","serialNumber","expiration","issuer", ...}`. Once a certificate was
    reported it is that of the last one, and the state stays. `fingerprint`: of the item as it was offered.
    """

    tenant_id: TenantId
    id: str
    enrollment_id: EnrollmentId
    profile_id: ProfileId
    user_id: UserId | None
    created_at: datetime
    expires_at: datetime
    state: ChallengeState
    outcome: JsonObject | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class ScepCertificateRow:
    """A certificate that an authority reported for a challenge, of which it can issue several. `report`: its serial
    number, issuer and end, as the challenge's `outcome` has them.
    """

    tenant_id: TenantId
    challenge_id: str
    thumbprint: str
    enrollment_id: EnrollmentId
    profile_id: ProfileId
    report: JsonObject
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class ScepRequestRow:
    """A request that the tenant's NDES has accepted: the service has validated it.

    `csr` (PKCS#10, DER) stays while it is pending; `authority` and `serial` name the certificate.
    """

    tenant_id: TenantId
    id: str
    transaction: str
    key_digest: str
    signer_digest: str
    challenge_id: str
    connector_id: ConnectorId
    enrollment_id: EnrollmentId
    profile_id: ProfileId
    state: ScepRequestState
    csr: bytes | None = field(repr=False)
    renews: str | None
    authority: str | None
    serial: str | None
    message: str | None
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class RaCertificateRow:
    """A certificate with which NDES answers: messages are encrypted for the one, and its answers signed with the other.
    `file` names the private key in the connector's folder.
    """

    tenant_id: TenantId
    connector_id: ConnectorId
    purpose: RaPurpose
    certificate: bytes
    file: str


@dataclass(frozen=True, slots=True)
class PartnerRevocationRow:
    """A certificate that a partner's authority is asked to revoke."""

    tenant_id: TenantId
    id: str
    serial: str
    issuer: str
    ca_configuration: str | None
    created_at: datetime
    leased_until: datetime | None
    state: PartnerRevocationState
    error_code: str | None = None
    error_message: str | None = None
