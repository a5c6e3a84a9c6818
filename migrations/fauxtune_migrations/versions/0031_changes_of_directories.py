"""Revision 0031: What changed in the directories of tenants that track it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "directory_tracking",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column(
            "epoch", WORD, nullable=False, comment="another one when changes were not tracked: clients begin again"
        ),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_directory_tracking")),
    )
    op.create_table(
        "directory_changes",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="user, group or device"),
        sa.Column("object_id", WORD, nullable=False),
        sa.Column(
            "change", WORD, nullable=False, comment="created, updated, deleted, or one of a member or an owner"
        ),
        sa.Column("names", sa.JSON(), nullable=True, comment="the properties that changed; null: any of them"),
        sa.Column("member_id", WORD, nullable=True, comment="who joined or left the group"),
        sa.Column("member_kind", WORD, nullable=True),
        sa.Column("at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_directory_changes")),
    )
