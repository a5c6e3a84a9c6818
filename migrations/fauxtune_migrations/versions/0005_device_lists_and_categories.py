"""Revision 0005: columns that lists of devices are filtered by, categories, details of actions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "device_categories",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("display_name", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_device_categories")),
    )
    with op.batch_alter_table("device_actions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("details", sa.JSON(), nullable=True, comment="what the device is told beside the action's name")
        )
        batch_op.alter_column(
            "state",
            existing_type=WORD,
            existing_nullable=False,
            comment="Graph's actionState",
            existing_comment="pending, active, done, failed",
        )

    with op.batch_alter_table("managed_devices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("category_id", WORD, nullable=True))
        batch_op.add_column(sa.Column("device_name", WORD, nullable=True))
        batch_op.add_column(sa.Column("operating_system", WORD, nullable=True))
        batch_op.add_column(sa.Column("compliance_state", WORD, nullable=True))
        batch_op.add_column(sa.Column("management_agent", WORD, nullable=True))
        batch_op.add_column(sa.Column("owner_type", WORD, nullable=True))
        batch_op.add_column(sa.Column("user_principal_name", WORD, nullable=True))
        batch_op.add_column(sa.Column("serial_number", WORD, nullable=True))
        batch_op.add_column(sa.Column("azure_ad_device_id", WORD, nullable=True))
        batch_op.add_column(sa.Column("enrolled_at", WORD, nullable=True))
        batch_op.create_index(
            "ix_managed_devices_agent", ["tenant_id", "management_agent", "enrolled_at", "id"], unique=False
        )
        batch_op.create_index("ix_managed_devices_azure_ad", ["tenant_id", "azure_ad_device_id"], unique=False)
        batch_op.create_index("ix_managed_devices_category", ["tenant_id", "category_id"], unique=False)
        batch_op.create_index(
            "ix_managed_devices_compliance", ["tenant_id", "compliance_state", "enrolled_at", "id"], unique=False
        )
        batch_op.create_index("ix_managed_devices_name", ["tenant_id", "device_name"], unique=False)
        batch_op.create_index(
            "ix_managed_devices_operating_system", ["tenant_id", "operating_system", "enrolled_at", "id"], unique=False
        )
        batch_op.create_index("ix_managed_devices_order", ["tenant_id", "enrolled_at", "id"], unique=False)
        batch_op.create_index(
            "ix_managed_devices_owner", ["tenant_id", "owner_type", "enrolled_at", "id"], unique=False
        )
        batch_op.create_index("ix_managed_devices_serial", ["tenant_id", "serial_number"], unique=False)
        batch_op.create_index(
            "ix_managed_devices_upn", ["tenant_id", "user_principal_name", "enrolled_at", "id"], unique=False
        )
        batch_op.create_index("ix_managed_devices_user", ["tenant_id", "user_id", "enrolled_at", "id"], unique=False)

    columns = {
        "device_name": "deviceName",
        "operating_system": "operatingSystem",
        "compliance_state": "complianceState",
        "management_agent": "managementAgent",
        "owner_type": "managedDeviceOwnerType",
        "user_principal_name": "userPrincipalName",
        "serial_number": "serialNumber",
        "azure_ad_device_id": "azureADDeviceId",
        "enrolled_at": "enrolledDateTime",
    }
    record = sa.table("managed_devices", sa.column("document", sa.JSON()), *map(sa.column, columns))
    values = {column: record.c.document[member].as_string() for column, member in columns.items()}
    op.execute(record.update().values(values))
