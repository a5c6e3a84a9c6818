"""Revision 0047: all tables, where the migrations begin. Databases of earlier revisions are not opened.

Their tenants come by export and import (docs/state.md, "From an older version").
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = None
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "app_states",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("app_id", WORD, nullable=False),
        sa.Column("identifier", WORD, nullable=False, comment="package or bundle"),
        sa.Column("intent", WORD, nullable=False, comment="the one of several that wins"),
        sa.Column("state", WORD, nullable=False, comment="Graph's resultantAppState"),
        sa.Column("error_code", sa.Integer()),
        sa.Column("reason", WORD, comment="the device's words for a failure"),
        sa.Column("version", WORD, comment="of the installed app"),
        sa.Column("changed_at", WORD, nullable=False),
        sa.Column("position", sa.Integer(), comment="of its order among those of the device"),
        sa.Column("content", WORD, comment="the version of the content that the device has"),
        sa.Column("attempted", WORD, comment="the version of the content that failed"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False, comment="failures of a management agent in a row"),
        sa.PrimaryKeyConstraint("enrollment_id", "app_id", name=op.f("pk_app_states")),
    )
    op.create_index("ix_app_states_app", "app_states", ["tenant_id", "app_id"])
    op.create_table(
        "applications",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("secret", WORD),
        sa.Column("secret_digest", WORD, comment="of a secret that is not shown again"),
        sa.Column("certificate", sa.LargeBinary(), comment="what client assertions are checked with, DER"),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("consented_scopes", sa.JSON(), nullable=False, comment="what users' tokens may carry; * is everything"),
        sa.Column("redirect_uris", sa.JSON(), nullable=False, comment="https addresses that codes may be sent to"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column(
            "registration",
            sa.JSON(),
            server_default="{}",
            nullable=False,
            comment="Graph's properties of application and service principal, passwords as digests, granted roles",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", name=op.f("pk_applications")),
    )
    op.create_table(
        "assignment_filters",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_assignment_filters")),
    )
    op.create_table(
        "assignments",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="whom it means: a group, all users, all devices"),
        sa.Column("group_id", WORD),
        sa.Column("intent", WORD, comment="apply or remove; null means apply"),
        sa.Column("filter_id", WORD),
        sa.Column("filter_type", WORD, comment="include or exclude, where there is a filter"),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_assignments")),
    )
    op.create_index("ix_assignments_filter", "assignments", ["tenant_id", "filter_id"])
    op.create_index("ix_assignments_group", "assignments", ["tenant_id", "group_id"])
    op.create_index("ix_assignments_profile", "assignments", ["tenant_id", "profile_id"])
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
    op.create_index("ix_audit_events_component", "audit_events", ["tenant_id", "component", "activity_at", "number"])
    op.create_index("ix_audit_events_number", "audit_events", ["tenant_id", "number"])
    op.create_index("ix_audit_events_time", "audit_events", ["tenant_id", "activity_at", "number"])
    op.create_table(
        "authorities",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False, comment="root, issuing or devices; after a rollover also issuing-2, ..."),
        sa.Column("role", WORD, nullable=False, comment="root, issuing or devices"),
        sa.Column("generation", sa.Integer(), nullable=False, comment="of those of one role: the highest is the current one"),
        sa.Column("state", WORD, nullable=False, comment="available or unavailable"),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("key_name", WORD, nullable=False),
        sa.Column("crl_number", sa.Integer(), nullable=False),
        sa.Column("crl", sa.LargeBinary(), comment="its bytes, kept until something changes"),
        sa.Column("crl_next_update", WORD),
        sa.Column("responder_certificate", sa.LargeBinary(), comment="with which its OCSP answers are signed"),
        sa.Column("responder_key_name", WORD),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_authorities")),
    )
    op.create_table(
        "certificates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("authority", WORD, nullable=False),
        sa.Column("serial", WORD, nullable=False),
        sa.Column("thumbprint", WORD, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("template", WORD),
        sa.Column("subject", WORD, nullable=False),
        sa.Column("issuer", WORD),
        sa.Column("key_usage", sa.JSON(), nullable=False),
        sa.Column("extended_key_usages", WORD, comment="OIDs, with commas between them"),
        sa.Column("key_length", sa.Integer(), comment="bits"),
        sa.Column("user_id", WORD),
        sa.Column("enrollment_id", WORD),
        sa.Column("item_key", WORD),
        sa.Column("profile_id", WORD),
        sa.Column("not_before", WORD, nullable=False),
        sa.Column("not_after", WORD, nullable=False),
        sa.Column("revoked_at", WORD),
        sa.Column("reason", WORD),
        sa.Column("revocation_state", WORD, comment="asked: of a connector; waiting or refused: where the connector asked for it without success"),
        sa.Column("revocation_asked_at", WORD),
        sa.PrimaryKeyConstraint("tenant_id", "authority", "serial", name=op.f("pk_certificates")),
    )
    op.create_index(
        "ix_certificates_asked", "certificates", ["tenant_id", "revocation_state", "revocation_asked_at"], sqlite_where=sa.text("revocation_state IS NOT NULL")
    )
    op.create_index(op.f("ix_certificates_enrollment_id"), "certificates", ["enrollment_id"])
    op.create_index(
        "ix_certificates_newest",
        "certificates",
        ["tenant_id", "not_before", "serial", "authority", "not_after", "template", "revoked_at", "reason", "revocation_state"],
    )
    op.create_index("ix_certificates_revoked", "certificates", ["tenant_id", "authority", "revoked_at"], sqlite_where=sa.text("revoked_at IS NOT NULL"))
    op.create_index("ix_certificates_serial", "certificates", ["tenant_id", "serial", "authority"])
    op.create_index("ix_certificates_thumbprint", "certificates", ["tenant_id", "thumbprint"])
    op.create_index("ix_certificates_user", "certificates", ["tenant_id", "user_id", "not_before", "serial"])
    op.create_table(
        "compliance_states",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("policy_id", WORD, nullable=False, comment="a resource, or the built-in policy"),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False, comment="Graph's complianceStatus"),
        sa.Column("version", sa.Integer(), nullable=False, comment="that of the policy"),
        sa.Column("user_id", WORD, comment="by whom the policy reaches the device; else it is the system account"),
        sa.Column("failed_at", WORD, comment="when the present failure began"),
        sa.Column("error_at", WORD, comment="when the present error began"),
        sa.Column("grace_ends_at", WORD, nullable=False),
        sa.Column("reported_at", WORD, nullable=False),
        sa.Column("done", sa.JSON(), nullable=False, comment="the ids of scheduled actions done for the present failure"),
        sa.Column("settings", sa.JSON(), nullable=False, comment="[{setting, status, value, error}, ...]"),
        sa.PrimaryKeyConstraint("enrollment_id", "policy_id", name=op.f("pk_compliance_states")),
    )
    op.create_index("ix_compliance_states_policy", "compliance_states", ["tenant_id", "policy_id", "enrollment_id"])
    op.create_table(
        "connector_events",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("time", WORD, nullable=False),
        sa.Column("connector_id", WORD, nullable=False),
        sa.Column("connector", WORD, nullable=False, comment="its name then"),
        sa.Column("device", WORD, comment="the enrolment"),
        sa.Column("user", WORD),
        sa.Column("diagnostic_code", WORD),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_connector_events")),
    )
    op.create_index("ix_connector_events_connector", "connector_events", ["tenant_id", "connector_id", "number", "event_id"])
    op.create_index("ix_connector_events_device", "connector_events", ["tenant_id", "device", "number"])
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
        sa.Column("fingerprint", WORD, nullable=False, comment="which answer is asked for, so that nothing is asked twice"),
        sa.Column("role", WORD, nullable=False, comment="pkcs or imported-pfx"),
        sa.Column("only_by", WORD, comment="the connector that alone can answer, or server; null: any with the role"),
        sa.Column("leased_by", WORD, comment="the run of a connector that is at work on it"),
        sa.Column("leased_until", WORD, comment="by the system's clock"),
        sa.Column("answered_by", WORD, comment="the connector"),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("state", WORD, nullable=False, comment="open, answered or failed"),
        sa.Column("sealed", sa.LargeBinary(), comment="what only the device can read"),
        sa.Column("pfx", sa.LargeBinary(), comment="a PKCS answer's; an imported one stays where it is"),
        sa.Column("kept_password", sa.LargeBinary(), comment="a PKCS answer's, readable by the connector alone"),
        sa.Column("serial", WORD),
        sa.Column("error_code", sa.Integer()),
        sa.Column("message", WORD),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("answered_at", WORD),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector_requests")),
        sa.UniqueConstraint(
            "enrollment_id",
            "item_key",
            "fingerprint",
            name=op.f("uq_connector_requests_enrollment_id_item_key_fingerprint"),
        ),
    )
    op.create_index("ix_connector_requests_state", "connector_requests", ["tenant_id", "state"])
    op.create_table(
        "connectors",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("program", WORD, nullable=False, comment="certificate-connector, intune-connector or pfx-connector"),
        sa.Column("version", WORD, comment="null: it updates itself, and has the newest"),
        sa.Column("state", WORD, nullable=False, comment="online or offline"),
        sa.Column("mode", WORD, nullable=False, comment="immediate or polling"),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("offline_since", WORD, comment="when it was last heard of, while it is offline"),
        sa.Column("ra_certificate", sa.LargeBinary(), comment="with which DigiCert knows it; its key is in the connector's folder"),
        sa.Column("credential_digest", WORD, comment="SHA-256 of the credential; null: it runs in the server"),
        sa.Column("machine", WORD, comment="where it runs"),
        sa.Column("session", WORD, comment="the run that is served; null: none"),
        sa.Column("contact_at", WORD, comment="when it was last heard of, by the tenant's clock"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_connectors")),
        sa.UniqueConstraint("credential_digest", name=op.f("uq_connectors_credential_digest")),
    )
    op.create_table(
        "device_actions",
        sa.Column("id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="Graph's actionState"),
        sa.Column("details", sa.JSON(), comment="what the device is told beside the action's name"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("completed_at", WORD),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_actions")),
    )
    op.create_index(op.f("ix_device_actions_enrollment_id"), "device_actions", ["enrollment_id"])
    op.create_index("ix_device_actions_tenant", "device_actions", ["tenant_id", "enrollment_id"])
    op.create_table(
        "device_categories",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("display_name", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_device_categories")),
    )
    op.create_table(
        "device_compliance",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="Graph's complianceState"),
        sa.Column("held", WORD, comment="the state that an error leaves in force"),
        sa.Column("judged_at", WORD, nullable=False),
        sa.Column("due_at", WORD, nullable=False, comment="when time alone may change it, or an action is due"),
        sa.Column("retire_policy_id", WORD, comment="of a device on the list of those to retire: the policy that put it there"),
        sa.Column("retire_listed_at", WORD),
        sa.PrimaryKeyConstraint("enrollment_id", name=op.f("pk_device_compliance")),
    )
    op.create_index("ix_device_compliance_due", "device_compliance", ["tenant_id", "due_at"])
    op.create_table(
        "device_identities",
        sa.Column("digest", WORD, nullable=False, comment="SHA-256 of the certificate"),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("hardware_key", WORD, comment="the one device that may use it, once that is known"),
        sa.Column("facts", sa.JSON(), comment="what the device said of itself: platform, and facts as of an enrolment"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_device_identities")),
    )
    op.create_index("ix_device_identities_tenant", "device_identities", ["tenant_id"])
    op.create_table(
        "directory_changes",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="user, group or device"),
        sa.Column("object_id", WORD, nullable=False),
        sa.Column("change", WORD, nullable=False, comment="created, updated, deleted, or one of a member or an owner"),
        sa.Column("names", sa.JSON(), comment="the properties that changed; null: any of them"),
        sa.Column("member_id", WORD, comment="who joined or left the group"),
        sa.Column("member_kind", WORD),
        sa.Column("at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_directory_changes")),
    )
    op.create_table(
        "directory_devices",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD),
        sa.Column("device_key", WORD, comment="deviceId, case-folded: what other services know the device by"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_directory_devices")),
        sa.UniqueConstraint("tenant_id", "device_key", name=op.f("uq_directory_devices_tenant_id_device_key")),
    )
    op.create_index(op.f("ix_directory_devices_enrollment_id"), "directory_devices", ["enrollment_id"])
    op.create_table(
        "directory_tracking",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("epoch", WORD, nullable=False, comment="another one when changes were not tracked: clients begin again"),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_directory_tracking")),
    )
    op.create_table(
        "enrollment_tokens",
        sa.Column("digest", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=False),
        sa.Column("expires_at", WORD, nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_enrollment_tokens")),
    )
    op.create_index("ix_enrollment_tokens_tenant", "enrollment_tokens", ["tenant_id"])
    op.create_table(
        "enrollments",
        sa.Column("id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("platform", WORD, nullable=False),
        sa.Column("mode", WORD),
        sa.Column("variant", WORD, nullable=False),
        sa.Column("user_id", WORD),
        sa.Column("hardware_key", WORD, nullable=False, comment="what tells that a device enrols again"),
        sa.Column("directory_device_id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("cause", WORD, comment="why it ends"),
        sa.Column("credential_digest", WORD, comment="SHA-256 of the bearer credential, or of the certificate"),
        sa.Column("push_token", WORD, nullable=False, comment="Apple devices make their own: it may not be unique"),
        sa.Column("identity_certificate", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", WORD, nullable=False),
        sa.Column("last_checkin_at", WORD),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("settled_generation", sa.Integer(), nullable=False),
        sa.Column("due_at", WORD, nullable=False),
        sa.Column("report_digest", WORD),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("plans", sa.Integer(), nullable=False, comment="how often this device was planned"),
        sa.Column("facts", sa.JSON(), nullable=False, comment="serialNumber, imei, model, osVersion, deviceName ..."),
        sa.Column("inventory_at", WORD, comment="when it is asked what it holds and what it is"),
        sa.Column("wire_state", sa.JSON(), comment="what its platform's surface has to remember"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollments")),
        sa.UniqueConstraint("credential_digest", name=op.f("uq_enrollments_credential_digest")),
    )
    op.create_index("ix_enrollments_directory_device", "enrollments", ["tenant_id", "directory_device_id"])
    op.create_index("ix_enrollments_hardware", "enrollments", ["tenant_id", "hardware_key"])
    op.create_index(op.f("ix_enrollments_push_token"), "enrollments", ["push_token"])
    op.create_index("ix_enrollments_user", "enrollments", ["tenant_id", "user_id"])
    op.create_table(
        "escrowed_secrets",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("directory_device_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("details", sa.JSON(), nullable=False, comment="what is not secret: the volume, the account"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="CMS for the authority of the devices"),
        sa.Column("created_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_escrowed_secrets")),
    )
    op.create_index("ix_escrowed_secrets_device", "escrowed_secrets", ["tenant_id", "directory_device_id", "kind"])
    op.create_table(
        "fault_rules",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="its place among the tenant's rules: they are tried in order"),
        sa.Column("name", WORD),
        sa.Column("document", sa.JSON(), nullable=False, comment="match, when and effect"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False, comment="occasions that it looked at"),
        sa.Column("hits", sa.Integer(), nullable=False, comment="occasions that it struck"),
        sa.Column("last_hit_at", WORD),
        sa.Column("created_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_fault_rules")),
    )
    op.create_table(
        "group_members",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("group_id", WORD, nullable=False),
        sa.Column("member_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="user, group or device"),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "member_id", name=op.f("pk_group_members")),
    )
    op.create_index("ix_group_members_member", "group_members", ["tenant_id", "member_id", "group_id"])
    op.create_table(
        "group_owners",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("group_id", WORD, nullable=False),
        sa.Column("owner_id", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "owner_id", name=op.f("pk_group_owners")),
    )
    op.create_index("ix_group_owners_owner", "group_owners", ["tenant_id", "owner_id"])
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
        sa.Column("user", WORD),
        sa.Column("device", WORD),
        sa.Column("profile", WORD),
        sa.Column("certificate", sa.JSON()),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_journal")),
    )
    op.create_index("ix_journal_device", "journal", ["tenant_id", "device", "seq"])
    op.create_table(
        "key_holdings",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("item_key", WORD, nullable=False),
        sa.Column("thumbprint", WORD, nullable=False),
        sa.Column("since_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", WORD, nullable=False, comment="when the device confirmed that it has the key"),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("until_number", sa.Integer(), comment="null: it has the key still"),
        sa.Column("until", WORD, comment="when the device confirmed that the key is gone"),
        sa.Column("cause", WORD, comment="why it is gone, is to go, or is not wanted any more"),
        sa.Column("issuer_and_serial", WORD, nullable=False, comment="of its certificate: serial number, hash of the issuer"),
        sa.Column("key_id", WORD, comment="of its certificate: the subject key identifier"),
        sa.PrimaryKeyConstraint("enrollment_id", "item_key", "thumbprint", "since_number", name=op.f("pk_key_holdings")),
    )
    op.create_index("ix_key_holdings_key_id", "key_holdings", ["tenant_id", "key_id"])
    op.create_index("ix_key_holdings_recipient", "key_holdings", ["tenant_id", "issuer_and_serial"])
    op.create_table(
        "lab_runs",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("lab", WORD, nullable=False, comment="the name of the lab"),
        sa.Column("started_at", WORD, nullable=False, comment="by the tenant's clock"),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the journal, at the start"),
        sa.Column("progress", sa.JSON(), nullable=False, comment="answers, hints, steps that were passed"),
        sa.Column("materials", sa.JSON(), nullable=False, comment='{"labels": {name: thumbprint}, "files": {name: base64 of PFX}}'),
        sa.PrimaryKeyConstraint("tenant_id", "lab", name=op.f("pk_lab_runs")),
    )
    op.create_table(
        "ledger",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("item_key", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("fingerprint", WORD, comment="of what the device should hold: another one means another delivery"),
        sa.Column("installed_fingerprint", WORD),
        sa.Column("user_id", WORD, comment="whose item it was when it was last wanted"),
        sa.Column("purpose", WORD),
        sa.Column("thumbprint", WORD),
        sa.Column("serial", WORD),
        sa.Column("renew_at", WORD),
        sa.Column("not_after", WORD),
        sa.Column("wanted_by", sa.JSON(), nullable=False, comment="[[profile id, assignment id], ...]"),
        sa.Column("error_code", sa.Integer()),
        sa.Column("message", WORD, comment="why it waits or failed, in words"),
        sa.Column("payload", sa.LargeBinary(), comment="a trusted root's bytes"),
        sa.Column("changed_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("enrollment_id", "item_key", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_failed", "ledger", ["tenant_id", "enrollment_id"], sqlite_where=sa.text("state = 'failed'"))
    op.create_index("ix_ledger_tenant", "ledger", ["tenant_id", "enrollment_id"])
    op.create_index(op.f("ix_ledger_thumbprint"), "ledger", ["thumbprint"])
    op.create_table(
        "mail_messages",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("received_at", WORD, nullable=False),
        sa.Column("envelope_sender", WORD, nullable=False, comment="MAIL FROM; '' for a notification"),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes"),
        sa.Column("document", sa.JSON(), nullable=False, comment="what is seen of the mail without a key"),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_mail_messages")),
    )
    op.create_table(
        "mail_recipients",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False, comment="of a certificate, as mails name their recipients"),
        sa.Column("message_id", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", "message_id", name=op.f("pk_mail_recipients")),
    )
    op.create_index("ix_mail_recipients_message", "mail_recipients", ["tenant_id", "message_id"])
    op.create_table(
        "mailbox_entries",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("user_id", WORD, nullable=False),
        sa.Column("uid", sa.Integer(), autoincrement=False, nullable=False, comment="ascending in its mailbox, from 1"),
        sa.Column("message_id", WORD, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="of the message: mailboxes are measured without reading it"),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "uid", name=op.f("pk_mailbox_entries")),
    )
    op.create_index("ix_mailbox_entries_message", "mailbox_entries", ["tenant_id", "message_id"])
    op.create_table(
        "managed_devices",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("user_id", WORD),
        sa.Column("category_id", WORD),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("device_name", WORD),
        sa.Column("operating_system", WORD),
        sa.Column("compliance_state", WORD),
        sa.Column("management_agent", WORD),
        sa.Column("owner_type", WORD),
        sa.Column("user_principal_name", WORD),
        sa.Column("serial_number", WORD),
        sa.Column("azure_ad_device_id", WORD),
        sa.Column("enrolled_at", WORD),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_managed_devices")),
        sa.UniqueConstraint("enrollment_id", name=op.f("uq_managed_devices_enrollment_id")),
    )
    op.create_index("ix_managed_devices_agent", "managed_devices", ["tenant_id", "management_agent", "enrolled_at", "id"])
    op.create_index("ix_managed_devices_azure_ad", "managed_devices", ["tenant_id", "azure_ad_device_id"])
    op.create_index("ix_managed_devices_category", "managed_devices", ["tenant_id", "category_id"])
    op.create_index("ix_managed_devices_compliance", "managed_devices", ["tenant_id", "compliance_state", "enrolled_at", "id"])
    op.create_index("ix_managed_devices_name", "managed_devices", ["tenant_id", "device_name", "enrollment_id", "user_principal_name"])
    op.create_index("ix_managed_devices_operating_system", "managed_devices", ["tenant_id", "operating_system", "enrolled_at", "id"])
    op.create_index("ix_managed_devices_order", "managed_devices", ["tenant_id", "enrolled_at", "id"])
    op.create_index("ix_managed_devices_owner", "managed_devices", ["tenant_id", "owner_type", "enrolled_at", "id"])
    op.create_index("ix_managed_devices_serial", "managed_devices", ["tenant_id", "serial_number"])
    op.create_index("ix_managed_devices_upn", "managed_devices", ["tenant_id", "user_principal_name", "enrolled_at", "id"])
    op.create_index("ix_managed_devices_user", "managed_devices", ["tenant_id", "user_id", "enrolled_at", "id"])
    op.create_table(
        "notifications",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("subscription_id", WORD, nullable=False),
        sa.Column("url", WORD, nullable=False, comment="where it is sent"),
        sa.Column("created_at", WORD, nullable=False, comment="by the system's clock: receivers judge by their own"),
        sa.Column("place", sa.Integer(), nullable=False, comment="the number of the change, 0 without one"),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes of the document"),
        sa.Column("document", sa.JSON(), nullable=False, comment="what is sent"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notifications")),
    )
    op.create_index("ix_notifications_oldest", "notifications", ["tenant_id", "created_at", "place"])
    op.create_table(
        "partner_revocations",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False, comment="the request context of the partner's API"),
        sa.Column("serial", WORD, nullable=False, comment="as the authority reported it"),
        sa.Column("issuer", WORD, nullable=False),
        sa.Column("ca_configuration", WORD),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("leased_until", WORD, comment="until then no other download gets it"),
        sa.Column("state", WORD, nullable=False, comment="open, revoked or failed"),
        sa.Column("error_code", WORD),
        sa.Column("error_message", WORD),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_partner_revocations")),
    )
    op.create_index("ix_partner_revocations_state", "partner_revocations", ["tenant_id", "state", "created_at", "id"])
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
        sa.Column("verified", sa.Boolean(), nullable=False, comment="the connector has opened it once: password and key fit"),
        sa.Column("certificate", sa.LargeBinary(), comment="as the connector found it in the file; null: not opened yet"),
        sa.Column("not_after", WORD),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "thumbprint", name=op.f("pk_pfx_certificates")),
    )
    op.create_table(
        "process_messages",
        sa.Column("id", WORD, nullable=False),
        sa.Column("question", WORD, nullable=False, comment="the id of the question, also in the question itself"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="sealed under a key that all processes have"),
        sa.Column("sent_at", WORD, nullable=False, comment="by the system's clock"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_messages")),
    )
    op.create_index(op.f("ix_process_messages_question"), "process_messages", ["question"])
    op.create_table(
        "profile_states",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("error_code", sa.Integer()),
        sa.Column("message", WORD),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reported_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("enrollment_id", "profile_id", name=op.f("pk_profile_states")),
    )
    op.create_index("ix_profile_states_profile", "profile_states", ["tenant_id", "profile_id", "status", "enrollment_id"])
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
    op.create_index("ix_profiles_oldest", "profiles", ["tenant_id", "created_at", "id"])
    op.create_table(
        "published_certificates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("address", WORD, nullable=False, comment="in lower case"),
        sa.Column("thumbprint", WORD, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "address", "thumbprint", name=op.f("pk_published_certificates")),
    )
    op.create_table(
        "ra_certificates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("connector_id", WORD, nullable=False),
        sa.Column("purpose", WORD, nullable=False, comment="encryption or signing"),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("file", WORD, nullable=False, comment="the private key's name in the connector's folder"),
        sa.PrimaryKeyConstraint("tenant_id", "connector_id", "purpose", name=op.f("pk_ra_certificates")),
    )
    op.create_table(
        "report_jobs",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("is_cached", sa.Boolean(), nullable=False, comment="a configuration of a cached report, which has no file"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("expires_at", WORD, comment="when the file goes; none while there is no file"),
        sa.Column("document", sa.JSON(), nullable=False, comment="what was asked for, as Graph shows it"),
        sa.Column("status", WORD, nullable=False, comment="notStarted, inProgress, completed or failed"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_report_jobs")),
    )
    op.create_index("ix_report_jobs_oldest", "report_jobs", ["tenant_id", "created_at", "id"])
    op.create_table(
        "resources",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("family", WORD, nullable=False, comment="the collection, such as deviceCompliancePolicies"),
        sa.Column("parent_id", WORD, nullable=False, comment="of a part: the ids above it, with / between; else empty"),
        sa.Column("id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="the name of its type"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("modified_at", WORD, nullable=False),
        sa.Column("priority", sa.Integer()),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "family", "parent_id", "id", name=op.f("pk_resources")),
    )
    op.create_index("ix_resources_id", "resources", ["tenant_id", "id"])
    op.create_index("ix_resources_oldest", "resources", ["tenant_id", "family", "created_at", "id"])
    op.create_table(
        "revocation_downloads",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("at", WORD, nullable=False, comment="of the last download that was not too early"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_revocation_downloads")),
    )
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
    op.create_table(
        "scep_certificates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("challenge_id", WORD, nullable=False),
        sa.Column("thumbprint", WORD, nullable=False, comment="in lower case"),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("report", sa.JSON(), nullable=False, comment="what the authority said of it"),
        sa.Column("reported_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "challenge_id", "thumbprint", name=op.f("pk_scep_certificates")),
    )
    op.create_index("ix_scep_certificates_device", "scep_certificates", ["tenant_id", "enrollment_id", "profile_id"])
    op.create_table(
        "scep_challenges",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("user_id", WORD),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("expires_at", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="given, validated, refused, issued or failed"),
        sa.Column("outcome", sa.JSON(), comment="what the authority reported of the last request"),
        sa.Column("fingerprint", WORD, comment="of the item as it was offered"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_scep_challenges")),
    )
    op.create_index("ix_scep_challenges_device", "scep_challenges", ["tenant_id", "enrollment_id", "profile_id"])
    op.create_index("ix_scep_challenges_newest", "scep_challenges", ["tenant_id", "created_at", "id"])
    op.create_table(
        "scep_requests",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("transaction", WORD, nullable=False, comment="the transactionID, which a repeated message has again"),
        sa.Column("key_digest", WORD, nullable=False, comment="SHA-256 of the public key of the request"),
        sa.Column("signer_digest", WORD, nullable=False, comment="SHA-256 of the public key that signed the message"),
        sa.Column("challenge_id", WORD, nullable=False),
        sa.Column("connector_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="pending, issued or denied"),
        sa.Column("csr", sa.LargeBinary(), comment="PKCS#10, while it is pending"),
        sa.Column("renews", WORD, comment="the serial number of the certificate that signed it"),
        sa.Column("authority", WORD, comment="which issued the certificate"),
        sa.Column("serial", WORD, comment="that of the certificate"),
        sa.Column("message", WORD, comment="why it was denied"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("decided_at", WORD),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_scep_requests")),
        sa.UniqueConstraint("tenant_id", "challenge_id", name=op.f("uq_scep_requests_tenant_id_challenge_id")),
    )
    op.create_index("ix_scep_requests_newest", "scep_requests", ["tenant_id", "created_at", "id"])
    op.create_index("ix_scep_requests_transaction", "scep_requests", ["tenant_id", "transaction"])
    op.create_table(
        "script_runs",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("script_id", WORD, nullable=False),
        sa.Column("family", WORD, nullable=False, comment="the collection of the script"),
        sa.Column("version", WORD, nullable=False, comment="a digest of what it says; another one runs again"),
        sa.Column("number", sa.Integer(), nullable=False, comment="of its next run"),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="how often it failed in a row"),
        sa.Column("state", WORD, nullable=False, comment="Graph's runState"),
        sa.Column("remediation", WORD, nullable=False, comment="Graph's remediationState"),
        sa.Column("due_at", WORD),
        sa.Column("ran_at", WORD),
        sa.Column("remediated_at", WORD, comment="the last time that it removed an issue"),
        sa.Column("results", sa.JSON(), nullable=False, comment="of the parts of its last run"),
        sa.PrimaryKeyConstraint("enrollment_id", "script_id", name=op.f("pk_script_runs")),
    )
    op.create_index("ix_script_runs_script", "script_runs", ["tenant_id", "script_id"])
    op.create_table(
        "seat_events",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", WORD, nullable=False, comment="by the system's clock"),
        sa.Column("event", WORD, nullable=False),
        sa.Column("lab", WORD, comment="the name of the lab"),
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
    op.create_table(
        "sign_ins",
        sa.Column("digest", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="pending, approved, declined or redeemed"),
        sa.Column("scope", WORD, nullable=False),
        sa.Column("user_code", WORD, comment="what a person types in for a device"),
        sa.Column("any_tenant", sa.Boolean(), nullable=False, comment="asked under common or organizations"),
        sa.Column("user_tenant_id", WORD),
        sa.Column("user_id", WORD),
        sa.Column("redirect_uri", WORD),
        sa.Column("challenge", WORD, comment="RFC 7636: method and challenge"),
        sa.Column("nonce", WORD),
        sa.Column("polled_at", WORD),
        sa.Column("expires_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("user_code", name=op.f("uq_sign_ins_user_code")),
    )
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])
    op.create_index("ix_sign_ins_tenant", "sign_ins", ["tenant_id"])
    op.create_table(
        "snapshots",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False, comment="by the system's clock"),
        sa.Column("tenant_time", WORD, nullable=False, comment="by the tenant's clock"),
        sa.Column("revision", WORD, nullable=False, comment="of the schema whose tables it has"),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes of the content"),
        sa.Column("counts", sa.JSON(), nullable=False, comment="{table: number of rows}"),
        sa.Column("key_files", sa.JSON(), nullable=False, comment='{"service": [name, ...], "connector": [name, ...]}'),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="the state, packed"),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "steps",
        sa.Column("id", WORD, nullable=False),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False, comment="install, remove, action or question"),
        sa.Column("subject", WORD, nullable=False, comment="an item's key, an action's id, or what is asked"),
        sa.Column("fingerprint", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="how far the step has come"),
        sa.Column("answer", sa.JSON(), comment="to a question, until all are answered"),
        sa.Column("told_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
    )
    op.create_index(op.f("ix_steps_enrollment_id"), "steps", ["enrollment_id"])
    op.create_index("ix_steps_tenant", "steps", ["tenant_id", "enrollment_id"])
    op.create_table(
        "subscriptions",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("client_id", WORD, nullable=False, comment="the application that made it"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("expires_at", WORD, nullable=False),
        sa.Column("is_warned", sa.Boolean(), nullable=False, comment="its end was announced to the lifecycle URL"),
        sa.Column("document", sa.JSON(), nullable=False, comment="as Graph shows it"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_subscriptions")),
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
        "tenant_versions",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("version", WORD, nullable=False, comment="another one after each change of what processes remember"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_versions")),
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
        sa.Column("clock_frozen_at", WORD),
        sa.Column("clock_offset", sa.BigInteger(), nullable=False, comment="microseconds"),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.Column("connector_seq", sa.Integer(), nullable=False, comment="the same for the connectors' events"),
        sa.Column("keys", WORD, nullable=False, comment="own, or shared: a test tenant's"),
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
        sa.Column("password_digest", WORD),
        sa.Column("manager_id", WORD, comment="the user who is this one's manager"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("tenant_id", "upn_key", name=op.f("uq_users_tenant_id_upn_key")),
    )
    op.create_index("ix_users_manager", "users", ["tenant_id", "manager_id"])
    if op.get_bind().dialect.name == "postgresql":
        # PostgreSQL writes a changed row beside the old one: pages of enrolments have room for both.
        op.execute("ALTER TABLE enrollments SET (fillfactor = 50)")
