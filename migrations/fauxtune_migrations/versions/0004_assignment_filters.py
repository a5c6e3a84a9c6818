"""Revision 0004: assignment filters, and what assignments say of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "assignment_filters",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_assignment_filters")),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("intent", WORD, nullable=True, comment="apply or remove; apply where there is none")
        )
        batch_op.add_column(sa.Column("filter_id", WORD, nullable=True))
        batch_op.add_column(
            sa.Column("filter_type", WORD, nullable=True, comment="include or exclude, where there is a filter")
        )
        batch_op.alter_column(
            "kind",
            existing_type=WORD,
            existing_nullable=False,
            comment="a core.engine.targeting.TargetKind",
            existing_comment="group, exclusion, allDevices or allLicensedUsers",
        )
        batch_op.create_index("ix_assignments_filter", ["tenant_id", "filter_id"], unique=False)
