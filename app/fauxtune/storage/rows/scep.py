"""Rows of SCEP challenges and of revocations at a partner's authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId, UserId
from fauxtune.core.model.text import JsonObject

ChallengeState = Literal["given", "validated", "refused", "issued", "failed"]
PartnerRevocationState = Literal["open", "revoked", "failed"]


@dataclass(frozen=True, slots=True)
class ScepChallengeRow:
    """A challenge that a device was given. `outcome`: `{"code","description"}` of the last check, or what the authority
    reported: `{"transactionId","thumbprint","serialNumber","expirationDateTime","issuer", ...}`. `fingerprint`: of the
    item as it was offered.
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
