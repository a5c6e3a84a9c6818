"""Revision 0006: what certificate states show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("issuer", WORD, nullable=True))
        batch_op.add_column(
            sa.Column("extended_key_usages", WORD, nullable=True, comment="OIDs, with commas between them")
        )
        batch_op.add_column(sa.Column("key_length", sa.Integer(), nullable=True, comment="bits"))

    with op.batch_alter_table("connectors", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("offline_since", WORD, nullable=True, comment="when it was last heard of, while it is offline")
        )
