"""Revision 0036: Apps on devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "app_states",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("app_id", WORD, nullable=False),
        sa.Column("identifier", WORD, nullable=False, comment="package or bundle"),
        sa.Column("intent", WORD, nullable=False, comment="the one of several that wins"),
        sa.Column("state", WORD, nullable=False, comment="Graph's resultantAppState"),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("reason", WORD, nullable=True, comment="the device's words for a failure"),
        sa.Column("version", WORD, nullable=True, comment="of the installed app"),
        sa.Column("changed_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("enrollment_id", "app_id", name=op.f("pk_app_states")),
    )
    with op.batch_alter_table("app_states", schema=None) as batch_op:
        batch_op.create_index("ix_app_states_app", ["tenant_id", "app_id"], unique=False)
