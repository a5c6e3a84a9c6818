"""Revision 0029: Reports that were asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "report_jobs",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column(
            "is_cached", sa.Boolean(), nullable=False, comment="a configuration of a cached report, which has no file"
        ),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("expires_at", WORD, nullable=True, comment="when the file goes; none while there is no file"),
        sa.Column("document", sa.JSON(), nullable=False, comment="what was asked for, as Graph shows it"),
        sa.Column("status", WORD, nullable=False, comment="notStarted, inProgress, completed or failed"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_report_jobs")),
    )
    with op.batch_alter_table("report_jobs", schema=None) as batch_op:
        batch_op.create_index("ix_report_jobs_oldest", ["tenant_id", "created_at", "id"], unique=False)
