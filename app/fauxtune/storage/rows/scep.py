"""Rows of SCEP challenges, of certificates that authorities reported, and of revocations at a partner's authority."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from sqlalchemy import Index, UniqueConstraint

from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ProfileId, TenantId, UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table

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

    tenant_id: Key[TenantId]
    id: Key[str]
    enrollment_id: EnrollmentId
    profile_id: ProfileId
    user_id: UserId | None
    created_at: datetime
    expires_at: datetime
    state: Annotated[ChallengeState, "given, validated, refused, issued or failed"]
    outcome: Annotated[JsonObject | None, "what the authority reported of the last request"] = None
    fingerprint: Annotated[str | None, "of the item as it was offered"] = None


scep_challenges = table(
    "scep_challenges",
    ScepChallengeRow,
    Index("ix_scep_challenges_device", "tenant_id", "enrollment_id", "profile_id"),
    Index("ix_scep_challenges_newest", "tenant_id", "created_at", "id"),
)


@dataclass(frozen=True, slots=True)
class ScepCertificateRow:
    """A certificate that an authority reported for a challenge, of which it can issue several. `report`: its serial
    number, issuer and end, as the challenge's `outcome` has them.
    """

    tenant_id: Key[TenantId]
    challenge_id: Key[str]
    thumbprint: Annotated[Key[str], "in lower case"]
    enrollment_id: EnrollmentId
    profile_id: ProfileId
    report: Annotated[JsonObject, "what the authority said of it"]
    reported_at: datetime


scep_certificates = table(
    "scep_certificates",
    ScepCertificateRow,
    Index("ix_scep_certificates_device", "tenant_id", "enrollment_id", "profile_id"),
)


@dataclass(frozen=True, slots=True)
class ScepRequestRow:
    """A request that the tenant's NDES has accepted: the service has validated it.

    `csr` (PKCS#10, DER) stays while it is pending; `authority` and `serial` name the certificate.
    """

    tenant_id: Key[TenantId]
    id: Key[str]
    transaction: Annotated[str, "the transactionID, which a repeated message has again"]
    key_digest: Annotated[str, "SHA-256 of the public key of the request"]
    signer_digest: Annotated[str, "SHA-256 of the public key that signed the message"]
    challenge_id: str
    connector_id: ConnectorId
    enrollment_id: EnrollmentId
    profile_id: ProfileId
    state: Annotated[ScepRequestState, "pending, issued or denied"]
    csr: Annotated[bytes | None, "PKCS#10, while it is pending"] = field(repr=False)
    renews: Annotated[str | None, "the serial number of the certificate that signed it"]
    authority: Annotated[str | None, "which issued the certificate"]
    serial: Annotated[str | None, "that of the certificate"]
    message: Annotated[str | None, "why it was denied"]
    created_at: datetime
    decided_at: datetime | None


scep_requests = table(
    "scep_requests",
    ScepRequestRow,
    UniqueConstraint("tenant_id", "challenge_id"),
    Index("ix_scep_requests_transaction", "tenant_id", "transaction"),
    Index("ix_scep_requests_newest", "tenant_id", "created_at", "id"),
)


@dataclass(frozen=True, slots=True)
class RaCertificateRow:
    """A certificate with which NDES answers: messages are encrypted for the one, and its answers signed with the other.
    `file` names the private key in the connector's folder.
    """

    tenant_id: Key[TenantId]
    connector_id: Key[ConnectorId]
    purpose: Annotated[Key[RaPurpose], "encryption or signing"]
    certificate: bytes
    file: Annotated[str, "the private key's name in the connector's folder"]


ra_certificates = table("ra_certificates", RaCertificateRow)


@dataclass(frozen=True, slots=True)
class PartnerRevocationRow:
    """A certificate that a partner's authority is asked to revoke."""

    tenant_id: Key[TenantId]
    id: Annotated[Key[str], "the request context of the partner's API"]
    serial: Annotated[str, "as the authority reported it"]
    issuer: str
    ca_configuration: str | None
    created_at: datetime
    leased_until: Annotated[datetime | None, "until then no other download gets it"]
    state: Annotated[PartnerRevocationState, "open, revoked or failed"]
    error_code: str | None = None
    error_message: str | None = None


partner_revocations = table(
    "partner_revocations",
    PartnerRevocationRow,
    Index("ix_partner_revocations_state", "tenant_id", "state", "created_at", "id"),
)


class RevocationDownloadColumns:
    """When an authority last downloaded its revocations."""

    tenant_id: Key[TenantId]
    at: Annotated[datetime, "of the last download that was not too early"]


revocation_downloads = table("revocation_downloads", RevocationDownloadColumns)
