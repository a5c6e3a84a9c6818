"""Revision 0008: devices that are told step by step, and their identities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "device_identities",
        sa.Column("digest", WORD, nullable=False, comment="SHA-256 of the certificate"),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("hardware_key", WORD, nullable=True, comment="the one device that may use it, once that is known"),
        sa.Column(
            "facts",
            sa.JSON(),
            nullable=True,
            comment="what the device said of itself: platform, and facts as of an enrolment",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_device_identities")),
    )
    op.create_table(
        "steps",
        sa.Column("id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="install, remove, action or question"),
        sa.Column("subject", WORD, nullable=False, comment="an item's key, an action's id, or what is asked"),
        sa.Column("fingerprint", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="see core.engine.steps"),
        sa.Column("answer", sa.JSON(), nullable=True, comment="to a question, until all are answered"),
        sa.Column("told_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
    )
    with op.batch_alter_table("steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_steps_enrollment_id"), ["enrollment_id"], unique=False)

    with op.batch_alter_table("connector_requests", schema=None) as batch_op:
        batch_op.alter_column(
            "sealed_password",
            new_column_name="sealed",
            existing_type=sa.LargeBinary(),
            comment="what only the device can read: see operations.packaging",
        )
        batch_op.add_column(
            sa.Column(
                "kept_password",
                sa.LargeBinary(),
                nullable=True,
                comment="a PKCS answer's, readable by the connector alone",
            )
        )

    with op.batch_alter_table("enrollments", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("inventory_at", WORD, nullable=True, comment="when it is asked what it holds and what it is")
        )
        batch_op.add_column(
            sa.Column("wire_state", sa.JSON(), nullable=True, comment="what its platform's surface has to remember")
        )
        batch_op.alter_column(
            "credential_digest",
            existing_type=WORD,
            comment="SHA-256 of the bearer credential, or of the certificate",
        )
        batch_op.alter_column(
            "push_token",
            existing_type=WORD,
            existing_nullable=False,
            comment="Apple devices make their own: it may not be unique",
        )
        batch_op.drop_constraint(batch_op.f("uq_enrollments_push_token"), type_="unique")
        batch_op.create_index(batch_op.f("ix_enrollments_push_token"), ["push_token"], unique=False)
