"""Revision 0027: A challenge of a SCEP request says for which offer of the item it is: a failed one is given again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("scep_challenges", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fingerprint", WORD, nullable=True, comment="of the item as it was offered"))
