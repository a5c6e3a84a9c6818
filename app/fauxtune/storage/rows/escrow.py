"""Rows of what devices have escrowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.core.model.escrow import EscrowKind
from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, TenantId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class EscrowedSecretRow:
    """One secret of a device. `sealed`: DER CMS."""

    tenant_id: TenantId
    id: str
    enrollment_id: EnrollmentId
    directory_device_id: DirectoryDeviceId
    kind: EscrowKind
    details: JsonObject
    sealed: bytes = field(repr=False)
    created_at: datetime
