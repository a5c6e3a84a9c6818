"""Revision 0032: The resources of the collections of Graph that one mechanism keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "resources",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("family", WORD, nullable=False, comment="the collection, such as deviceCompliancePolicies"),
        sa.Column("parent_id", WORD, nullable=False, comment="of a part: the ids above it, with / between; else empty"),
        sa.Column("id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="the name of its type"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("modified_at", WORD, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "family", "parent_id", "id", name=op.f("pk_resources")),
    )
    with op.batch_alter_table("resources", schema=None) as batch_op:
        batch_op.create_index("ix_resources_id", ["tenant_id", "id"], unique=False)
        batch_op.create_index("ix_resources_oldest", ["tenant_id", "family", "created_at", "id"], unique=False)
