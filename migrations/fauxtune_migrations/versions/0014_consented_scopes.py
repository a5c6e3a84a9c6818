"""Revision 0014: Applications know what has been consented to. Before, everything had been."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "consented_scopes",
                sa.JSON(none_as_null=True),
                nullable=False,
                server_default=sa.text("'[\"*\"]'"),
                comment="what users' tokens may carry; * is everything",
            )
        )
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.alter_column("consented_scopes", existing_type=sa.JSON(), server_default=None)
