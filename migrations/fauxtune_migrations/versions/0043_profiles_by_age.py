"""Revision 0043: an index of profiles in the order of their lists."""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_index("ix_profiles_oldest", "profiles", ["tenant_id", "created_at", "id"])
