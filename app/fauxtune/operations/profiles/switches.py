"""Settings of a tenant that its first resource of a kind switches on, so that others pay nothing for it."""

from __future__ import annotations

from dataclasses import replace

from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import tenants as queries

ENROLLMENT = "enrollment.judged"
COMPLIANCE = "compliance.judged"
AGENTS = "agent.works"
APPROVALS = "approvals.required"
PROCESSING = "apps.processed"
LABS = "labs.played"


def switch_on(tx: Transaction, name: str) -> None:
    """Set a setting of the tenant to true, if it is not."""
    if tx.tenant.setting(name):
        return
    tenant = queries.tenant_to_change(tx.connection, tx.tenant.id) or tx.tenant
    tx.tenant = replace(tenant, settings={**tenant.settings, name: True})
    queries.change_tenant(tx.connection, tx.tenant)
    tx.tenant_changed = True
