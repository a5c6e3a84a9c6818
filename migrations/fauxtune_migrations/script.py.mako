"""Revision ${up_revision}: ${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "${up_revision}"
down_revision = ${f'"{down_revision}"' if down_revision else None}
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    ${upgrades if upgrades else "pass"}
