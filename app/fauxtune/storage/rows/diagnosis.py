"""Rows of the joins that a diagnosis reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.ids import EnrollmentId, UserId
from fauxtune.core.model.states import ItemState
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class ImportedCertificateRow:
    """An imported certificate without its file. `serial`, `template`, `revoked_at` and `reason` are the register's, if
    one of the tenant's authorities issued it; `certificate` (DER) is the register's, else the connector's copy.
    """

    user_id: UserId
    thumbprint: str
    purpose: str
    provider: str
    key_name: str
    not_after: datetime | None
    document: JsonObject
    certificate: bytes | None
    serial: str | None
    template: str | None
    revoked_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A device that holds a certificate, and the state of the item there."""

    thumbprint: str
    enrollment_id: EnrollmentId
    state: ItemState
