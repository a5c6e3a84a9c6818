"""Revision 0015: A device's events and the failed items are found by an index: people look at them in lists."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    failed = text("state = 'failed'")
    op.create_index("ix_journal_device", "journal", ["tenant_id", "device", "seq"], unique=False)
    op.create_index(
        "ix_ledger_failed",
        "ledger",
        ["tenant_id", "enrollment_id"],
        unique=False,
        sqlite_where=failed,
    )
