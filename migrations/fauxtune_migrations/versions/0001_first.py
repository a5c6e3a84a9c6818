"""Revision 0001: first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "applications",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("secret", WORD, nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", name=op.f("pk_applications")),
    )
    op.create_table(
        "assignments",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="group, exclusion, allDevices or allLicensedUsers"),
        sa.Column("group_id", WORD, nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_assignments")),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index("ix_assignments_group", ["tenant_id", "group_id"], unique=False)
        batch_op.create_index("ix_assignments_profile", ["tenant_id", "profile_id"], unique=False)

    op.create_table(
        "authorities",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False, comment="root, issuing or devices"),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("key_name", WORD, nullable=False),
        sa.Column("crl_number", sa.Integer(), nullable=False),
        sa.Column("crl", sa.LargeBinary(), nullable=True, comment="its bytes, kept until something changes"),
        sa.Column("crl_next_update", WORD, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_authorities")),
    )
    op.create_table(
        "certificates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("authority", WORD, nullable=False),
        sa.Column("serial", WORD, nullable=False),
        sa.Column("thumbprint", WORD, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("template", WORD, nullable=True),
        sa.Column("subject", WORD, nullable=False),
        sa.Column("key_usage", sa.JSON(), nullable=False),
        sa.Column("user_id", WORD, nullable=True),
        sa.Column("enrollment_id", WORD, nullable=True),
        sa.Column("item_key", WORD, nullable=True),
        sa.Column("profile_id", WORD, nullable=True),
        sa.Column("not_before", WORD, nullable=False),
        sa.Column("not_after", WORD, nullable=False),
        sa.Column("revoked_at", WORD, nullable=True),
        sa.Column("reason", WORD, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "authority", "serial", name=op.f("pk_certificates")),
    )
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificates_enrollment_id"), ["enrollment_id"], unique=False)
        batch_op.create_index("ix_certificates_thumbprint", ["tenant_id", "thumbprint"], unique=False)
        batch_op.create_index("ix_certificates_user", ["tenant_id", "user_id"], unique=False)

    op.create_table(
        "connector_keys",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("connector_id", WORD, nullable=False),
        sa.Column("provider", WORD, nullable=False),
        sa.Column("key_name", WORD, nullable=False),
        sa.Column("key_length", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False, comment="SubjectPublicKeyInfo, DER"),
        sa.Column("file", WORD, nullable=False, comment="the private key's name in the connector's folder"),
        sa.PrimaryKeyConstraint("tenant_id", "connector_id", "provider", "key_name", name=op.f("pk_connector_keys")),
    )
    op.create_table(
        "connector_requests",
        sa.Column("id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("item_key", WORD, nullable=False),
        sa.Column(
            "fingerprint", WORD, nullable=False, comment="which answer is asked for, so that nothing is asked twice"
        ),
        sa.Column("role", WORD, nullable=False, comment="pkcs or imported-pfx"),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("state", WORD, nullable=False, comment="open, answered or failed"),
        sa.Column("sealed_password", sa.LargeBinary(), nullable=True),
        sa.Column("pfx", sa.LargeBinary(), nullable=True, comment="a PKCS answer's; an imported one stays where it is"),
        sa.Column("serial", WORD, nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("message", WORD, nullable=True),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("answered_at", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector_requests")),
        sa.UniqueConstraint(
            "enrollment_id",
            "item_key",
            "fingerprint",
            name=op.f("uq_connector_requests_enrollment_id_item_key_fingerprint"),
        ),
    )
    with op.batch_alter_table("connector_requests", schema=None) as batch_op:
        batch_op.create_index("ix_connector_requests_state", ["tenant_id", "state"], unique=False)

    op.create_table(
        "connectors",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="online or offline"),
        sa.Column("mode", WORD, nullable=False, comment="immediate or polling"),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_connectors")),
    )
    op.create_table(
        "device_actions",
        sa.Column("id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="pending, active, done, failed"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("completed_at", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_actions")),
    )
    with op.batch_alter_table("device_actions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_actions_enrollment_id"), ["enrollment_id"], unique=False)

    op.create_table(
        "directory_devices",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_directory_devices")),
    )
    with op.batch_alter_table("directory_devices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_directory_devices_enrollment_id"), ["enrollment_id"], unique=False)

    op.create_table(
        "enrollment_tokens",
        sa.Column("digest", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=False),
        sa.Column("expires_at", WORD, nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_enrollment_tokens")),
    )
    op.create_table(
        "enrollments",
        sa.Column("id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("platform", WORD, nullable=False),
        sa.Column("mode", WORD, nullable=True),
        sa.Column("variant", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=True),
        sa.Column("hardware_key", WORD, nullable=False, comment="what tells that a device enrols again"),
        sa.Column("directory_device_id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("cause", WORD, nullable=True, comment="why it ends"),
        sa.Column("credential_digest", WORD, nullable=True),
        sa.Column("push_token", WORD, nullable=False),
        sa.Column("identity_certificate", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", WORD, nullable=False),
        sa.Column("last_checkin_at", WORD, nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("settled_generation", sa.Integer(), nullable=False),
        sa.Column("due_at", WORD, nullable=False),
        sa.Column("report_digest", WORD, nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("plans", sa.Integer(), nullable=False, comment="how often this device was planned"),
        sa.Column("facts", sa.JSON(), nullable=False, comment="serialNumber, imei, model, osVersion, deviceName ..."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollments")),
        sa.UniqueConstraint("credential_digest", name=op.f("uq_enrollments_credential_digest")),
        sa.UniqueConstraint("push_token", name=op.f("uq_enrollments_push_token")),
    )
    with op.batch_alter_table("enrollments", schema=None) as batch_op:
        batch_op.create_index("ix_enrollments_directory_device", ["tenant_id", "directory_device_id"], unique=False)
        batch_op.create_index("ix_enrollments_hardware", ["tenant_id", "hardware_key"], unique=False)
        batch_op.create_index("ix_enrollments_user", ["tenant_id", "user_id"], unique=False)

    op.create_table(
        "group_members",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("group_id", WORD, nullable=False),
        sa.Column("member_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="user, group or device"),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "member_id", name=op.f("pk_group_members")),
    )
    with op.batch_alter_table("group_members", schema=None) as batch_op:
        batch_op.create_index("ix_group_members_member", ["tenant_id", "member_id"], unique=False)

    op.create_table(
        "groups",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_groups")),
    )
    op.create_table(
        "journal",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("time", WORD, nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("user", WORD, nullable=True),
        sa.Column("device", WORD, nullable=True),
        sa.Column("profile", WORD, nullable=True),
        sa.Column("certificate", sa.JSON(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_journal")),
    )
    op.create_table(
        "ledger",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("item_key", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("fingerprint", WORD, nullable=True, comment="what the device should hold: see core.engine.ledger"),
        sa.Column("installed_fingerprint", WORD, nullable=True),
        sa.Column("user_id", WORD, nullable=True, comment="whose item it was when it was last wanted"),
        sa.Column("purpose", WORD, nullable=True),
        sa.Column("thumbprint", WORD, nullable=True),
        sa.Column("serial", WORD, nullable=True),
        sa.Column("renew_at", WORD, nullable=True),
        sa.Column("not_after", WORD, nullable=True),
        sa.Column("wanted_by", sa.JSON(), nullable=False, comment="[[profile id, assignment id], ...]"),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("message", WORD, nullable=True, comment="why it waits or failed, in words"),
        sa.Column("payload", sa.LargeBinary(), nullable=True, comment="a trusted root's bytes"),
        sa.Column("changed_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("enrollment_id", "item_key", name=op.f("pk_ledger")),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_thumbprint"), ["thumbprint"], unique=False)

    op.create_table(
        "managed_devices",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_managed_devices")),
        sa.UniqueConstraint("enrollment_id", name=op.f("uq_managed_devices_enrollment_id")),
    )
    op.create_table(
        "pfx_certificates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=False),
        sa.Column("thumbprint", WORD, nullable=False),
        sa.Column("purpose", WORD, nullable=False),
        sa.Column("provider", WORD, nullable=False),
        sa.Column("key_name", WORD, nullable=False),
        sa.Column("padding", WORD, nullable=False),
        sa.Column("encrypted_password", sa.LargeBinary(), nullable=False),
        sa.Column("pfx", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", WORD, nullable=False, comment="SHA-256 of the PFX file"),
        sa.Column(
            "verified", sa.Boolean(), nullable=False, comment="the connector has opened it once: password and key fit"
        ),
        sa.Column("not_after", WORD, nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "thumbprint", name=op.f("pk_pfx_certificates")),
    )
    op.create_table(
        "profile_states",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("message", WORD, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reported_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("enrollment_id", "profile_id", name=op.f("pk_profile_states")),
    )
    with op.batch_alter_table("profile_states", schema=None) as batch_op:
        batch_op.create_index("ix_profile_states_profile", ["tenant_id", "profile_id"], unique=False)

    op.create_table(
        "profiles",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("navigations", sa.JSON(), nullable=False, comment="{navigation: profile id}"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_profiles")),
    )
    op.create_table(
        "templates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("authority", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "authority", "name", name=op.f("pk_templates")),
    )
    op.create_table(
        "tenants",
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("domain", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("ca_host", WORD, nullable=False),
        sa.Column("ca_name", WORD, nullable=False),
        sa.Column("public_http_url", WORD, nullable=False),
        sa.Column("clock_mode", WORD, nullable=False),
        sa.Column("clock_frozen_at", WORD, nullable=True),
        sa.Column("clock_offset", sa.BigInteger(), nullable=False, comment="microseconds"),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("domain", name=op.f("uq_tenants_domain")),
        sa.UniqueConstraint("name", name=op.f("uq_tenants_name")),
    )
    op.create_table(
        "users",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("upn_key", WORD, nullable=False, comment="userPrincipalName, case-folded"),
        sa.Column("licensed", sa.Boolean(), nullable=False),
        sa.Column("password_digest", WORD, nullable=True),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("tenant_id", "upn_key", name=op.f("uq_users_tenant_id_upn_key")),
    )
