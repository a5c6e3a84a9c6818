"""Revision 0011: The index of serials covers what ledgers are joined by: SQLite read all of a tenant's certificates."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificates_serial"))
        batch_op.create_index("ix_certificates_serial", ["tenant_id", "serial", "authority"], unique=False)
