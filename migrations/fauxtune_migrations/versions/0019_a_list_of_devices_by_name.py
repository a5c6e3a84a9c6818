"""Revision 0019: The devices of a profile are listed by name in an index alone."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("managed_devices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_managed_devices_name"))
        batch_op.create_index(
            "ix_managed_devices_name",
            ["tenant_id", "device_name", "enrollment_id", "user_principal_name"],
            unique=False,
        )
