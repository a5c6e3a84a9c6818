"""Revision 0030: What Graph shows of an application beside its permissions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "registration",
                sa.JSON(),
                nullable=False,
                server_default="{}",
                comment="Graph's properties of application and service principal, passwords as digests, granted roles",
            )
        )
