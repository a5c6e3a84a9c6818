"""Revision 0002: applications and sign-ins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "sign_ins",
        sa.Column("digest", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="pending, approved, declined or redeemed"),
        sa.Column("scope", WORD, nullable=False),
        sa.Column("user_code", WORD, nullable=True, comment="what a person types in for a device"),
        sa.Column("any_tenant", sa.Boolean(), nullable=False, comment="asked under common or organizations"),
        sa.Column("user_tenant_id", WORD, nullable=True),
        sa.Column("user_id", WORD, nullable=True),
        sa.Column("redirect_uri", WORD, nullable=True),
        sa.Column("challenge", WORD, nullable=True, comment="RFC 7636: method and challenge"),
        sa.Column("nonce", WORD, nullable=True),
        sa.Column("polled_at", WORD, nullable=True),
        sa.Column("expires_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("user_code", name=op.f("uq_sign_ins_user_code")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index("ix_sign_ins_expires_at", ["expires_at"], unique=False)
        batch_op.create_index("ix_sign_ins_tenant", ["tenant_id"], unique=False)

    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("secret_digest", WORD, nullable=True, comment="of a secret that is not shown again")
        )
        batch_op.add_column(
            sa.Column(
                "certificate", sa.LargeBinary(), nullable=True, comment="what client assertions are checked with, DER"
            )
        )
        batch_op.add_column(
            sa.Column("redirect_uris", sa.JSON(), nullable=True, comment="https addresses that codes may be sent to")
        )
        batch_op.add_column(sa.Column("created_at", WORD, nullable=True))
        batch_op.alter_column("secret", existing_type=WORD, nullable=True)

    # Whatever is there came with its tenant.
    op.execute("UPDATE applications SET redirect_uris = '[]'")
    op.execute(
        "UPDATE applications SET created_at = (SELECT created_at FROM tenants WHERE tenants.id = applications.tenant_id)"
    )
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.alter_column("redirect_uris", existing_type=sa.JSON(), nullable=False)
        batch_op.alter_column("created_at", existing_type=WORD, nullable=False)
