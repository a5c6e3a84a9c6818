"""Revision 0018: The log of a connector is filtered by event number in its index."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("connector_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_connector_events_connector"))
        batch_op.create_index(
            "ix_connector_events_connector", ["tenant_id", "connector_id", "number", "event_id"], unique=False
        )
