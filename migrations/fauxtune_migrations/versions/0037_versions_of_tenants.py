"""Revision 0037: Versions of tenants, by which processes that share a database learn of changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "tenant_versions",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column(
            "version", WORD, nullable=False, comment="another one after each change of what processes remember"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_versions")),
    )
