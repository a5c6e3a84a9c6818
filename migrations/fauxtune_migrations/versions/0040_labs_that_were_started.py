"""Revision 0040: labs that were started."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "lab_runs",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("lab", WORD, nullable=False, comment="the name of the lab"),
        sa.Column("started_at", WORD, nullable=False, comment="by the tenant's clock"),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the journal, at the start"),
        sa.Column("progress", sa.JSON(), nullable=False, comment="answers, hints, steps that were passed"),
        sa.Column(
            "materials", sa.JSON(), nullable=False, comment='{"labels": {name: thumbprint}, "files": {name: base64 of PFX}}'
        ),
        sa.PrimaryKeyConstraint("tenant_id", "lab", name=op.f("pk_lab_runs")),
    )
