"""Revision 0039: orders of apps on devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("app_states", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("position", sa.Integer(), nullable=True, comment="of its order among those of the device")
        )
        batch_op.add_column(
            sa.Column("content", WORD, nullable=True, comment="the version of the content that the device has")
        )
        batch_op.add_column(
            sa.Column("attempted", WORD, nullable=True, comment="the version of the content that failed")
        )
