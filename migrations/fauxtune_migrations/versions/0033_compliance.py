"""Revision 0033: Compliance as it was last judged, of devices and of policies on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "compliance_states",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("policy_id", WORD, nullable=False, comment="a resource, or the built-in policy"),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False, comment="Graph's complianceStatus"),
        sa.Column("version", sa.Integer(), nullable=False, comment="that of the policy"),
        sa.Column(
            "user_id", WORD, nullable=True, comment="by whom the policy reaches the device; else it is the system account"
        ),
        sa.Column("failed_at", WORD, nullable=True, comment="when the present failure began"),
        sa.Column("error_at", WORD, nullable=True, comment="when the present error began"),
        sa.Column("grace_ends_at", WORD, nullable=False),
        sa.Column("reported_at", WORD, nullable=False),
        sa.Column(
            "done", sa.JSON(), nullable=False, comment="the ids of scheduled actions done for the present failure"
        ),
        sa.Column("settings", sa.JSON(), nullable=False, comment="[{setting, status, value, error}, ...]"),
        sa.PrimaryKeyConstraint("enrollment_id", "policy_id", name=op.f("pk_compliance_states")),
    )
    with op.batch_alter_table("compliance_states", schema=None) as batch_op:
        batch_op.create_index(
            "ix_compliance_states_policy", ["tenant_id", "policy_id", "enrollment_id"], unique=False
        )
    op.create_table(
        "device_compliance",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="Graph's complianceState"),
        sa.Column("held", WORD, nullable=True, comment="the state that an error leaves in force"),
        sa.Column("judged_at", WORD, nullable=False),
        sa.Column("due_at", WORD, nullable=False, comment="when time alone may change it, or an action is due"),
        sa.Column(
            "retire_policy_id",
            WORD,
            nullable=True,
            comment="of a device on the list of those to retire: the policy that put it there",
        ),
        sa.Column("retire_listed_at", WORD, nullable=True),
        sa.PrimaryKeyConstraint("enrollment_id", name=op.f("pk_device_compliance")),
    )
    with op.batch_alter_table("device_compliance", schema=None) as batch_op:
        batch_op.create_index("ix_device_compliance_due", ["tenant_id", "due_at"], unique=False)
