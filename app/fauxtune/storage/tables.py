"""All tables, from where `rows/` declares them. Names are the domain's words; every row belongs to a tenant.

Nothing here cascades: certificates and ledger rows refer to enrolments and outlive Graph's records.
"""

from __future__ import annotations

from fauxtune.storage.columns import metadata
from fauxtune.storage.rows.certificates import (
    authorities,
    certificates,
    connector_events,
    connector_keys,
    connector_requests,
    connectors,
    pfx_certificates,
    templates,
)
from fauxtune.storage.rows.classrooms import lab_runs, seat_events, seats
from fauxtune.storage.rows.configuration import assignment_filters, assignments, profile_states, profiles
from fauxtune.storage.rows.devices import (
    device_actions,
    device_categories,
    device_identities,
    enrollment_tokens,
    enrollments,
    managed_devices,
    steps,
)
from fauxtune.storage.rows.directory import (
    directory_changes,
    directory_devices,
    directory_tracking,
    group_members,
    group_owners,
    groups,
    notifications,
    subscriptions,
    users,
)
from fauxtune.storage.rows.ledger import escrowed_secrets, key_holdings, ledger
from fauxtune.storage.rows.mail import mail_messages, mail_recipients, mailbox_entries, published_certificates
from fauxtune.storage.rows.resources import app_states, compliance_states, device_compliance, resources, script_runs
from fauxtune.storage.rows.scep import (
    partner_revocations,
    ra_certificates,
    revocation_downloads,
    scep_certificates,
    scep_challenges,
    scep_requests,
)
from fauxtune.storage.rows.tenants import (
    applications,
    audit_events,
    fault_rules,
    journal,
    process_messages,
    report_jobs,
    role_scope_tag_assignments,
    role_scope_tags,
    sign_ins,
    snapshots,
    tenant_versions,
    tenants,
)

__all__ = [
    "app_states",
    "applications",
    "assignment_filters",
    "assignments",
    "audit_events",
    "authorities",
    "certificates",
    "compliance_states",
    "connector_events",
    "connector_keys",
    "connector_requests",
    "connectors",
    "device_actions",
    "device_categories",
    "device_compliance",
    "device_identities",
    "directory_changes",
    "directory_devices",
    "directory_tracking",
    "enrollment_tokens",
    "enrollments",
    "escrowed_secrets",
    "fault_rules",
    "group_members",
    "group_owners",
    "groups",
    "journal",
    "key_holdings",
    "lab_runs",
    "ledger",
    "mail_messages",
    "mail_recipients",
    "mailbox_entries",
    "managed_devices",
    "metadata",
    "notifications",
    "partner_revocations",
    "pfx_certificates",
    "process_messages",
    "profile_states",
    "profiles",
    "published_certificates",
    "ra_certificates",
    "report_jobs",
    "resources",
    "revocation_downloads",
    "role_scope_tag_assignments",
    "role_scope_tags",
    "scep_certificates",
    "scep_challenges",
    "scep_requests",
    "script_runs",
    "seat_events",
    "seats",
    "sign_ins",
    "snapshots",
    "steps",
    "subscriptions",
    "templates",
    "tenant_versions",
    "tenants",
    "users",
]
