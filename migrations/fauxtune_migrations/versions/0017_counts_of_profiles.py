"""Revision 0017: The index by which the devices of a profile are counted by status covers the count."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("profile_states", schema=None) as batch_op:
        batch_op.drop_index("ix_profile_states_profile")
        batch_op.create_index(
            "ix_profile_states_profile", ["tenant_id", "profile_id", "status", "enrollment_id"], unique=False
        )
