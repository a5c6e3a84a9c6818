"""Rows of messages, mailboxes and the address book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.ids import MessageId, TenantId, UserId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class MailMessageRow:
    """A message, kept once for all mailboxes that it is in. `document`: its `MailDescription`."""

    tenant_id: TenantId
    id: MessageId
    received_at: datetime
    envelope_sender: str
    size: int
    document: JsonObject
    raw: bytes


@dataclass(frozen=True, slots=True)
class MailboxEntryRow:
    """A message in a user's mailbox. `uid` ascends with the arrival; the number of a deleted newest message is given
    again, its `message_id` never.
    """

    tenant_id: TenantId
    user_id: UserId
    uid: int
    message_id: MessageId
    size: int
    seen: bool


@dataclass(frozen=True, slots=True)
class PublishedCertificateRow:
    """A certificate that the address book publishes for an e-mail address. `thumbprint`: SHA-1, lower-case hex."""

    tenant_id: TenantId
    address: str
    thumbprint: str
    certificate: bytes
    published_at: datetime


@dataclass(frozen=True, slots=True)
class MailboxRow:
    """The measures of a mailbox: its messages, their bytes, and the highest number in it."""

    messages: int
    size: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class MailLineRow:
    """A message of a mailbox as lists have it: its entry and its description, without its bytes."""

    uid: int
    message_id: MessageId
    seen: bool
    received_at: datetime
    envelope_sender: str
    size: int
    document: JsonObject


@dataclass(frozen=True, slots=True)
class StoredMailRow(MailLineRow):
    """A message of a mailbox with its bytes."""

    raw: bytes
