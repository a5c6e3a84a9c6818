"""Revision 0042: what processes that share the database ask one another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "process_messages",
        sa.Column("id", WORD, nullable=False),
        sa.Column("question", WORD, nullable=False, comment="the id of the question, also in the question itself"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="sealed under a key that all processes have"),
        sa.Column("sent_at", WORD, nullable=False, comment="by the system's clock"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_messages")),
    )
    op.create_index(op.f("ix_process_messages_question"), "process_messages", ["question"])
