"""Revision 0024: The fault rules of tenants: what goes wrong on purpose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "fault_rules",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column(
            "number",
            sa.Integer(),
            nullable=False,
            comment="its place among the tenant's rules: they are tried in order",
        ),
        sa.Column("name", WORD, nullable=True),
        sa.Column("document", sa.JSON(), nullable=False, comment="match, when and effect"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False, comment="occasions that it looked at"),
        sa.Column("hits", sa.Integer(), nullable=False, comment="occasions that it struck"),
        sa.Column("last_hit_at", WORD, nullable=True),
        sa.Column("created_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_fault_rules")),
    )
