"""Revision 0022: Whether a tenant has keys of its own, or shares them with other test tenants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_COMMENT = "own, or shared: a test tenant's"


def upgrade() -> None:
    """Go to this revision. Every tenant so far has keys of its own."""
    with op.batch_alter_table("tenants") as batch_op:
        batch_op.add_column(sa.Column("keys", WORD, nullable=True, comment=_COMMENT))
    op.execute("UPDATE tenants SET keys = 'own'")
    with op.batch_alter_table("tenants") as batch_op:
        batch_op.alter_column("keys", existing_type=WORD, nullable=False, existing_comment=_COMMENT)
