"""Which device held which private key, and when (ledgers know the present alone), and what mail is encrypted for."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from fauxtune.storage.tables.base import Moment, Word, metadata

key_holdings = Table(
    "key_holdings",
    metadata,
    Column("enrollment_id", Word, primary_key=True),
    Column("item_key", Word, primary_key=True),
    Column("thumbprint", Word, primary_key=True),
    # Numbers of the journal: a clock that is put back does not change their order.
    Column("since_number", Integer, primary_key=True, autoincrement=False),
    Column("since", Moment, nullable=False, comment="when the device confirmed that it has the key"),
    Column("tenant_id", Word, nullable=False),
    Column("until_number", Integer, comment="null: it has the key still"),
    Column("until", Moment, comment="when the device confirmed that the key is gone"),
    Column("cause", Word, comment="why it is gone, is to go, or is not wanted any more"),
    Column("issuer_and_serial", Word, nullable=False, comment="of its certificate: see core.mail.recipients"),
    Column("key_id", Word, comment="of its certificate: the subject key identifier"),
    Index("ix_key_holdings_recipient", "tenant_id", "issuer_and_serial"),
    Index("ix_key_holdings_key_id", "tenant_id", "key_id"),
)

# For whom the encrypted messages are encrypted: else a question about a key would read every message.
mail_recipients = Table(
    "mail_recipients",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("name", Word, primary_key=True, comment="of a certificate: see core.mail.readability.recipient_names"),
    Column("message_id", Word, primary_key=True),
    Index("ix_mail_recipients_message", "tenant_id", "message_id"),
)
