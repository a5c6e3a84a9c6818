"""Revision 0007: audit events and scope tags."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


#: The tag that everything has which has no other.
DEFAULT = {
    "id": "0",
    "displayName": "Default",
    "description": "Built-in scope tag that is applied to untagged objects.",
    "isBuiltIn": True,
}
_DOCUMENT = sa.column("document", sa.JSON())


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "audit_events",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("activity_at", WORD, nullable=False),
        sa.Column("component", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_audit_events")),
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_events_component", ["tenant_id", "component", "activity_at", "number"], unique=False
        )
        batch_op.create_index("ix_audit_events_number", ["tenant_id", "number"], unique=False)
        batch_op.create_index("ix_audit_events_time", ["tenant_id", "activity_at", "number"], unique=False)

    op.create_table(
        "role_scope_tag_assignments",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("tag_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "tag_id", "id", name=op.f("pk_role_scope_tag_assignments")),
    )
    op.create_table(
        "role_scope_tags",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False, comment="the number, as text"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_role_scope_tags")),
    )
    # Every tenant has the built-in tag.
    tags = sa.table("role_scope_tags", sa.column("tenant_id"), sa.column("id"), sa.column("number"), _DOCUMENT)
    tenants = sa.table("tenants", sa.column("id"))
    built_in = sa.literal(DEFAULT, sa.JSON())
    every = sa.select(tenants.c.id, sa.literal("0"), sa.literal(0), built_in)
    op.execute(sa.insert(tags).from_select(["tenant_id", "id", "number", "document"], every))
