"""Revision 0048: deterministic tenants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("tenants", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "number",
                sa.BigInteger(),
                nullable=True,
                comment="of a deterministic tenant: what its chance comes from",
            )
        )
        batch_op.add_column(
            sa.Column(
                "tick",
                sa.BigInteger(),
                server_default="0",
                nullable=False,
                comment="microseconds by which its clock moves with each request",
            )
        )
        batch_op.add_column(
            sa.Column(
                "exchanges",
                sa.BigInteger(),
                server_default="0",
                nullable=False,
                comment="how many requests it has served in their order",
            )
        )
