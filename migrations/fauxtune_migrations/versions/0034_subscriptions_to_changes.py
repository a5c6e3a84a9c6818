"""Revision 0034: Subscriptions to changes of the directory, and the notifications that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "subscriptions",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("client_id", WORD, nullable=False, comment="the application that made it"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("expires_at", WORD, nullable=False),
        sa.Column("is_warned", sa.Boolean(), nullable=False, comment="its end was announced to the lifecycle URL"),
        sa.Column("document", sa.JSON(), nullable=False, comment="as Graph shows it"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_subscriptions")),
    )
    op.create_table(
        "notifications",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("subscription_id", WORD, nullable=False),
        sa.Column("url", WORD, nullable=False, comment="where it is sent"),
        sa.Column(
            "created_at", WORD, nullable=False, comment="by the system's clock: receivers judge by their own"
        ),
        sa.Column("place", sa.Integer(), nullable=False, comment="the number of the change, 0 without one"),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes of the document"),
        sa.Column("document", sa.JSON(), nullable=False, comment="what is sent"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notifications")),
    )
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.create_index("ix_notifications_oldest", ["tenant_id", "created_at", "place"], unique=False)
