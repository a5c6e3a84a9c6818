"""Rows of what devices have escrowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from sqlalchemy import Index

from fauxtune.core.model.actions import EscrowKind
from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class EscrowedSecretRow:
    """One secret of a device. `sealed`: DER CMS."""

    tenant_id: Key[TenantId]
    id: Key[str]
    enrollment_id: EnrollmentId
    directory_device_id: DirectoryDeviceId
    kind: EscrowKind
    details: Annotated[JsonObject, "what is not secret: the volume, the account"]
    sealed: Annotated[bytes, "CMS for the authority of the devices"] = field(repr=False)
    created_at: datetime


escrowed_secrets = table(
    "escrowed_secrets",
    EscrowedSecretRow,
    Index("ix_escrowed_secrets_device", "tenant_id", "directory_device_id", "kind"),
)
