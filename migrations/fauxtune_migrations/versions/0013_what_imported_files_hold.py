"""Revision 0013: what imported files hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision. Files that were opened before are opened once more, at their next delivery."""
    with op.batch_alter_table("pfx_certificates", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "certificate",
                sa.LargeBinary(),
                nullable=True,
                comment="as the connector found it in the file; null: not opened yet",
            )
        )
    op.execute("UPDATE pfx_certificates SET verified = false")
