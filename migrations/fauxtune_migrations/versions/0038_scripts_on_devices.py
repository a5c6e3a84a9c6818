"""Revision 0038: Scripts on devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "script_runs",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("script_id", WORD, nullable=False),
        sa.Column("family", WORD, nullable=False, comment="the collection of the script"),
        sa.Column("version", WORD, nullable=False, comment="a digest of what it says; another one runs again"),
        sa.Column("number", sa.Integer(), nullable=False, comment="of its next run"),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="how often it failed in a row"),
        sa.Column("state", WORD, nullable=False, comment="Graph's runState"),
        sa.Column("remediation", WORD, nullable=False, comment="Graph's remediationState"),
        sa.Column("due_at", WORD, nullable=True),
        sa.Column("ran_at", WORD, nullable=True),
        sa.Column("remediated_at", WORD, nullable=True, comment="the last time that it removed an issue"),
        sa.Column("results", sa.JSON(), nullable=False, comment="of the parts of its last run"),
        sa.PrimaryKeyConstraint("enrollment_id", "script_id", name=op.f("pk_script_runs")),
    )
    with op.batch_alter_table("script_runs", schema=None) as batch_op:
        batch_op.create_index("ix_script_runs_script", ["tenant_id", "script_id"], unique=False)
