"""Revision 0023: Named states of tenants, and the one that each had when it was created."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "snapshots",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False, comment="by the system's clock"),
        sa.Column("tenant_time", WORD, nullable=False, comment="by the tenant's clock"),
        sa.Column("revision", WORD, nullable=False, comment="of the schema whose tables it has"),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes of the content"),
        sa.Column("counts", sa.JSON(), nullable=False, comment="{table: number of rows}"),
        sa.Column("key_files", sa.JSON(), nullable=False, comment='{"service": [name, ...], "connector": [name, ...]}'),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="see operations.tenants.state_packing"),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_snapshots")),
    )
