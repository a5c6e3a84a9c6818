"""Rows of messages, mailboxes and the address book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Index

from fauxtune.core.model.ids import MessageId, TenantId, UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class MailMessageRow:
    """A message, kept once for all mailboxes that it is in. `document`: its `MailDescription`."""

    tenant_id: Key[TenantId]
    id: Key[MessageId]
    received_at: datetime
    envelope_sender: Annotated[str, "MAIL FROM; '' for a notification"]
    size: Annotated[int, "bytes"]
    document: Annotated[JsonObject, "what is seen of the mail without a key"]
    raw: bytes


mail_messages = table("mail_messages", MailMessageRow)


@dataclass(frozen=True, slots=True)
class MailboxEntryRow:
    """A message in a user's mailbox. `uid` ascends with the arrival; the number of a deleted newest message is given
    again, its `message_id` never.
    """

    tenant_id: Key[TenantId]
    user_id: Key[UserId]
    uid: Annotated[Key[int], "ascending in its mailbox, from 1"]
    message_id: MessageId
    size: Annotated[int, "of the message: mailboxes are measured without reading it"]
    seen: bool


mailbox_entries = table(
    "mailbox_entries",
    MailboxEntryRow,
    # A message that is in no mailbox any more is removed.
    Index("ix_mailbox_entries_message", "tenant_id", "message_id"),
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
class PublishedCertificateRow:
    """A certificate that the address book publishes for an e-mail address. `thumbprint`: SHA-1, lower-case hex."""

    tenant_id: Key[TenantId]
    address: Annotated[Key[str], "in lower case"]
    thumbprint: Key[str]
    certificate: bytes
    published_at: datetime


published_certificates = table("published_certificates", PublishedCertificateRow)


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
