"""Revision 0046: remove rows of tenants that were deleted while others worked in them, which stayed until now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    connection = op.get_bind()
    tenants = sa.table("tenants", sa.column("id"))
    inspector = sa.inspect(connection)
    for name in inspector.get_table_names():
        if any(column["name"] == "tenant_id" for column in inspector.get_columns(name)):
            of = sa.table(name, sa.column("tenant_id"))
            connection.execute(sa.delete(of).where(of.c.tenant_id.not_in(sa.select(tenants.c.id))))
