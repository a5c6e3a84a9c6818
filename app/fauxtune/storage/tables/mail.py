"""Messages, the mailboxes that they are in, and the certificates that the address book publishes."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

mail_messages = Table(
    "mail_messages",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("received_at", Moment, nullable=False),
    Column("envelope_sender", Word, nullable=False, comment="MAIL FROM; '' for a notification"),
    Column("size", Integer, nullable=False, comment="bytes"),
    Column("document", Document, nullable=False, comment="see core.mail.message.MailDescription"),
    Column("raw", LargeBinary, nullable=False),
)

mailbox_entries = Table(
    "mailbox_entries",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("user_id", Word, primary_key=True),
    Column("uid", Integer, primary_key=True, autoincrement=False, comment="ascending in its mailbox, from 1"),
    Column("message_id", Word, nullable=False),
    Column("size", Integer, nullable=False, comment="of the message: mailboxes are measured without reading it"),
    Column("seen", Boolean, nullable=False),
    # A message that is in no mailbox any more is removed.
    Index("ix_mailbox_entries_message", "tenant_id", "message_id"),
)

published_certificates = Table(
    "published_certificates",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("address", Word, primary_key=True, comment="in lower case"),
    Column("thumbprint", Word, primary_key=True),
    Column("certificate", LargeBinary, nullable=False),
    Column("published_at", Moment, nullable=False),
)
