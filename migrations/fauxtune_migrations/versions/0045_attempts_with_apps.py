"""Revision 0045: how often a management agent has failed with an app.

Before, an app that had failed waited a day at once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("app_states") as batch:
        batch.add_column(
            sa.Column(
                "attempts",
                sa.Integer(),
                server_default="0",
                nullable=False,
                comment="failures of a management agent in a row",
            )
        )
