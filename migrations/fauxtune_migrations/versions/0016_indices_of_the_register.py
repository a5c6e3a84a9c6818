"""Revision 0016: Indices of the register of certificates: the console pages and filters a hundred thousand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificates_user"))
        batch_op.create_index("ix_certificates_user", ["tenant_id", "user_id", "not_before", "serial"], unique=False)
        batch_op.create_index(
            "ix_certificates_asked",
            ["tenant_id", "revocation_state", "revocation_asked_at"],
            unique=False,
            sqlite_where=sa.text("revocation_state IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_certificates_newest",
            [
                "tenant_id",
                "not_before",
                "serial",
                "authority",
                "not_after",
                "template",
                "revoked_at",
                "reason",
                "revocation_state",
            ],
            unique=False,
        )
        batch_op.create_index(
            "ix_certificates_revoked",
            ["tenant_id", "authority", "revoked_at"],
            unique=False,
            sqlite_where=sa.text("revoked_at IS NOT NULL"),
        )
