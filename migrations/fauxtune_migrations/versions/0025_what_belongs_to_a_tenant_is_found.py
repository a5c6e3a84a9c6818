"""Revision 0025: What belongs to a tenant is found by an index in every table: to delete it reads no others' rows."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_INDICES = {
    "ledger": ["tenant_id", "enrollment_id"],
    "device_actions": ["tenant_id", "enrollment_id"],
    "steps": ["tenant_id", "enrollment_id"],
    "device_identities": ["tenant_id"],
    "enrollment_tokens": ["tenant_id"],
}


def upgrade() -> None:
    """Go to this revision."""
    for table, columns in _INDICES.items():
        op.create_index(f"ix_{table}_tenant", table, columns, unique=False)
