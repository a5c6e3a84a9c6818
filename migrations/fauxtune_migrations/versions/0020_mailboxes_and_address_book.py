"""Revision 0020: mailboxes and address book."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "mail_messages",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("received_at", WORD, nullable=False),
        sa.Column("envelope_sender", WORD, nullable=False, comment="MAIL FROM; '' for a notification"),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes"),
        sa.Column("document", sa.JSON(), nullable=False, comment="see core.mail.message.MailDescription"),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_mail_messages")),
    )
    op.create_table(
        "mailbox_entries",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=False),
        sa.Column("uid", sa.Integer(), autoincrement=False, nullable=False, comment="ascending in its mailbox, from 1"),
        sa.Column("message_id", WORD, nullable=False),
        sa.Column(
            "size", sa.Integer(), nullable=False, comment="of the message: mailboxes are measured without reading it"
        ),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "uid", name=op.f("pk_mailbox_entries")),
    )
    with op.batch_alter_table("mailbox_entries", schema=None) as batch_op:
        batch_op.create_index("ix_mailbox_entries_message", ["tenant_id", "message_id"], unique=False)

    op.create_table(
        "published_certificates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("address", WORD, nullable=False, comment="in lower case"),
        sa.Column("thumbprint", WORD, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "address", "thumbprint", name=op.f("pk_published_certificates")),
    )
