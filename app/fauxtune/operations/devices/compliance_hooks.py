"""What changes of compliance policies do to devices: a policy that is taken away counts at once.

A new assignment and a changed policy count at the next check-in of each device (Intune, "Monitor results of your device
compliance policies"): the mechanism of resources wakes those devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fauxtune.operations.profiles.assignments import NewAssignment
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.rows.resources import ResourceRow


def _created(tx: Transaction, _row: ResourceRow) -> None:
    """From the first policy on, the tenant judges its devices."""
    if tx.tenant.setting("compliance.judged"):
        return
    tenant = tenant_queries.tenant_to_change(tx.connection, tx.tenant.id) or tx.tenant
    tx.tenant = replace(tenant, settings={**tenant.settings, "compliance.judged": True})
    tenant_queries.change_tenant(tx.connection, tx.tenant)
    tx.tenant_changed = True


def _assigned(tx: Transaction, row: ResourceRow, _targets: Sequence[NewAssignment]) -> None:
    """The assignments are the new ones already."""
    states = queries.states_of_policy(tx.connection, tx.tenant.id, policy_id=row.id)
    if states:
        from fauxtune.operations.devices.compliance import judge_known  # at first use: see compliance_occasions

        judge_known(tx, [state.enrollment_id for state in states])


def _deleting(tx: Transaction, row: ResourceRow) -> None:
    """Without its state a policy is not among those that a device was judged by."""
    states = queries.states_of_policy(tx.connection, tx.tenant.id, policy_id=row.id)
    if states:
        from fauxtune.operations.devices.compliance import judge_known

        queries.drop_policy(tx.connection, tx.tenant.id, policy_id=row.id)
        judge_known(tx, [state.enrollment_id for state in states])


COMPLIANCE_HOOKS = Hooks(created=_created, assigned=_assigned, deleting=_deleting)
