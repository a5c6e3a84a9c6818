"""Rows of the private keys that devices held, and of the recipients of mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Index

from fauxtune.core.engine.planning.held_keys import KeyChange
from fauxtune.core.model.ids import EnrollmentId, ItemKey, MessageId, TenantId
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class KeyHoldingRow:
    """The time in which a device held a key: from one number of the journal to another, and from one moment to another.

    `cause` (of `Cause` or `Incident`): why the key is gone; of a key that is there, why it is to go, or stays on the
    device although it is not wanted any more.
    """

    enrollment_id: Key[EnrollmentId]
    item_key: Key[ItemKey]
    thumbprint: Key[str]
    # Numbers of the journal: a clock that is put back does not change their order.
    since_number: Key[int]
    since: Annotated[datetime, "when the device confirmed that it has the key"]
    tenant_id: TenantId
    until_number: Annotated[int | None, "null: it has the key still"]
    until: Annotated[datetime | None, "when the device confirmed that the key is gone"]
    cause: Annotated[str | None, "why it is gone, is to go, or is not wanted any more"]
    issuer_and_serial: Annotated[str, "of its certificate: serial number, hash of the issuer"]
    key_id: Annotated[str | None, "of its certificate: the subject key identifier"]


key_holdings = table(
    "key_holdings",
    KeyHoldingRow,
    Index("ix_key_holdings_recipient", "tenant_id", "issuer_and_serial"),
    Index("ix_key_holdings_key_id", "tenant_id", "key_id"),
)


@dataclass(frozen=True, slots=True)
class MailRecipientRow:
    """A certificate that a message is encrypted for, by one of its names."""

    tenant_id: Key[TenantId]
    name: Annotated[Key[str], "of a certificate, as mails name their recipients"]
    message_id: Key[MessageId]


# For whom the encrypted messages are encrypted: else a question about a key would read every message.
mail_recipients = table(
    "mail_recipients",
    MailRecipientRow,
    Index("ix_mail_recipients_message", "tenant_id", "message_id"),
)


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
