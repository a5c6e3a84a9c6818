"""Rows of the private keys that devices held, and of the recipients of mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.engine.planning.held_keys import KeyChange
from fauxtune.core.model.ids import EnrollmentId, ItemKey, MessageId, TenantId


@dataclass(frozen=True, slots=True)
class KeyHoldingRow:
    """The time in which a device held a key: from one number of the journal to another, and from one moment to another.

    `cause` (of `Cause` or `Incident`): why the key is gone; of a key that is there, why it is to go, or stays on the
    device although it is not wanted any more.
    """

    enrollment_id: EnrollmentId
    item_key: ItemKey
    thumbprint: str
    since_number: int
    since: datetime
    tenant_id: TenantId
    until_number: int | None
    until: datetime | None
    cause: str | None
    issuer_and_serial: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class MailRecipientRow:
    """A certificate that a message is encrypted for, by one of its names."""

    tenant_id: TenantId
    name: str
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class NotedKeyChange:
    """A change of what a device holds, to be written with its transaction. The two names are those of a certificate
    whose key comes. `has_keys`: whether the device may have had keys before the transaction.
    """

    enrollment_id: EnrollmentId
    change: KeyChange
    issuer_and_serial: str = ""
    key_id: str | None = None
    has_keys: bool = True
