"""Revision 0009: authorities that change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision. Every authority so far is the first of its role, and at work."""
    with op.batch_alter_table("authorities", schema=None) as batch_op:
        batch_op.alter_column(
            "name",
            existing_type=WORD,
            existing_nullable=False,
            comment="root, issuing or devices; after a rollover also issuing-2, ...",
        )
        batch_op.add_column(sa.Column("role", WORD, nullable=True, comment="root, issuing or devices"))
        batch_op.add_column(
            sa.Column(
                "generation",
                sa.Integer(),
                nullable=True,
                comment="of those of one role: the highest is the current one",
            )
        )
        batch_op.add_column(sa.Column("state", WORD, nullable=True, comment="available or unavailable"))
        batch_op.add_column(
            sa.Column(
                "responder_certificate",
                sa.LargeBinary(),
                nullable=True,
                comment="with which its OCSP answers are signed",
            )
        )
        batch_op.add_column(sa.Column("responder_key_name", WORD, nullable=True))
    op.execute("UPDATE authorities SET role = name, generation = 1, state = 'available'")
    with op.batch_alter_table("authorities", schema=None) as batch_op:
        batch_op.alter_column("role", existing_type=WORD, nullable=False)
        batch_op.alter_column("generation", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("state", existing_type=WORD, nullable=False)

    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "revocation_state",
                WORD,
                nullable=True,
                comment="waiting or refused, where the connector asked for it in vain",
            )
        )
        batch_op.create_index("ix_certificates_serial", ["tenant_id", "serial"], unique=False)
