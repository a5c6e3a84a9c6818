"""Revision 0035: What devices escrow: recovery keys, and passwords of local administrators."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "escrowed_secrets",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("directory_device_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=False, comment="what is not secret: the volume, the account"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="CMS for the authority of the devices"),
        sa.Column("created_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_escrowed_secrets")),
    )
    with op.batch_alter_table("escrowed_secrets", schema=None) as batch_op:
        batch_op.create_index(
            "ix_escrowed_secrets_device", ["tenant_id", "directory_device_id", "kind"], unique=False
        )
