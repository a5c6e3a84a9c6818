"""Revision 0003: owners of groups, managers of users, and Entra devices that are found by their deviceId."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "group_owners",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("group_id", WORD, nullable=False),
        sa.Column("owner_id", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "owner_id", name=op.f("pk_group_owners")),
    )
    with op.batch_alter_table("group_owners", schema=None) as batch_op:
        batch_op.create_index("ix_group_owners_owner", ["tenant_id", "owner_id"], unique=False)

    with op.batch_alter_table("group_members", schema=None) as batch_op:
        batch_op.drop_index("ix_group_members_member")
        batch_op.create_index("ix_group_members_member", ["tenant_id", "member_id", "group_id"], unique=False)

    with op.batch_alter_table("directory_devices", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "device_key",
                WORD,
                nullable=True,
                comment="deviceId, case-folded: what other services know the device by",
            )
        )
        batch_op.alter_column("enrollment_id", existing_type=WORD, nullable=True)
        batch_op.create_unique_constraint(
            batch_op.f("uq_directory_devices_tenant_id_device_key"), ["tenant_id", "device_key"]
        )

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("manager_id", WORD, nullable=True, comment="the user who is this one's manager"))
        batch_op.create_index("ix_users_manager", ["tenant_id", "manager_id"], unique=False)

    member = "json_extract(document, '$.deviceId')" if _is_sqlite() else "document ->> 'deviceId'"
    op.execute(f"UPDATE directory_devices SET device_key = lower({member})")  # noqa: S608 - our own two words


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
