"""Revision 0026: challenges of SCEP requests and revocations at partners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "partner_revocations",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False, comment="the request context of the partner's API"),
        sa.Column("serial", WORD, nullable=False, comment="as the authority reported it"),
        sa.Column("issuer", WORD, nullable=False),
        sa.Column("ca_configuration", WORD, nullable=True),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("leased_until", WORD, nullable=True, comment="until then no other download gets it"),
        sa.Column("state", WORD, nullable=False, comment="open, revoked or failed"),
        sa.Column("error_code", WORD, nullable=True),
        sa.Column("error_message", WORD, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_partner_revocations")),
    )
    with op.batch_alter_table("partner_revocations", schema=None) as batch_op:
        batch_op.create_index("ix_partner_revocations_state", ["tenant_id", "state", "created_at", "id"], unique=False)

    op.create_table(
        "scep_challenges",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=True),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("expires_at", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="given, validated, refused, issued or failed"),
        sa.Column("outcome", sa.JSON(), nullable=True, comment="what the authority reported of the last request"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_scep_challenges")),
    )
    with op.batch_alter_table("scep_challenges", schema=None) as batch_op:
        batch_op.create_index("ix_scep_challenges_device", ["tenant_id", "enrollment_id", "profile_id"], unique=False)
        batch_op.create_index("ix_scep_challenges_newest", ["tenant_id", "created_at", "id"], unique=False)
