"""Revision 0041: seats of classrooms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "seat_events",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", WORD, nullable=False, comment="by the system's clock"),
        sa.Column("event", WORD, nullable=False),
        sa.Column("lab", WORD, nullable=True, comment="the name of the lab"),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_seat_events")),
    )
    op.create_table(
        "seats",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("classroom", WORD, nullable=False, comment="the name of the classroom"),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the seat, from 1"),
        sa.Column("credential_digest", WORD, nullable=False, comment="of the password, SHA-256"),
        sa.Column("labs", sa.JSON(), nullable=False, comment="the names of the labs, in the order of the lesson"),
        sa.Column("created_at", WORD, nullable=False, comment="by the system's clock"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_seats")),
        sa.UniqueConstraint("credential_digest", name=op.f("uq_seats_credential_digest")),
    )
