"""All tables, from where `rows/` declares them. Names are the domain's words; every row belongs to a tenant.

Nothing here cascades: certificates and ledger rows refer to enrolments and outlive Graph's records.
"""

from __future__ import annotations

from fauxtune.storage.columns import metadata
from fauxtune.storage.rows.apps import app_states
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
from fauxtune.storage.rows.changes import directory_changes, directory_tracking
from fauxtune.storage.rows.classrooms import seat_events, seats
from fauxtune.storage.rows.compliance import compliance_states, device_compliance
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
from fauxtune.storage.rows.directory import directory_devices, group_members, group_owners, groups, users
from fauxtune.storage.rows.escrow import escrowed_secrets
from fauxtune.storage.rows.keys import key_holdings, mail_recipients
from fauxtune.storage.rows.labs import lab_runs
from fauxtune.storage.rows.ledger import ledger
from fauxtune.storage.rows.mail import mail_messages, mailbox_entries, published_certificates
from fauxtune.storage.rows.reports import report_jobs
from fauxtune.storage.rows.resources import resources
from fauxtune.storage.rows.scep import (
    partner_revocations,
    ra_certificates,
    revocation_downloads,
    scep_certificates,
    scep_challenges,
    scep_requests,
)
from fauxtune.storage.rows.scripts import script_runs
from fauxtune.storage.rows.sharing import process_messages, tenant_versions
from fauxtune.storage.rows.snapshots import snapshots
from fauxtune.storage.rows.subscriptions import notifications, subscriptions
from fauxtune.storage.rows.tenants import (
    applications,
    audit_events,
    fault_rules,
    journal,
    role_scope_tag_assignments,
    role_scope_tags,
    sign_ins,
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
