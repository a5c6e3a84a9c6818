"""A remediation that somebody wants to run on one device now. Graph: managedDevice:
initiateOnDemandProactiveRemediation.
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import ResourceId
from fauxtune.core.policies.script_runs import ON_DEMAND, RemediationState, RunState
from fauxtune.core.policies.scripts import REMEDIATION
from fauxtune.operations.profiles.switches import AGENTS, switch_on
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries import script_runs as queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scripts import ScriptRunRow


def run_now(tx: Transaction, enrollment: EnrollmentRow, *, key: str) -> None:
    """Let a device run a remediation when its agent asks next, whether it is assigned or not. Raises NotFound."""
    script = resource_queries.resource(tx.connection, tx.tenant.id, family=REMEDIATION.family, resource_id=key)
    if script is None:
        raise NotFound(f"There is no deviceHealthScript '{key}'.")
    switch_on(tx, AGENTS)
    present = {row.script_id: row for row in queries.of_device(tx.connection, enrollment.id)}.get(script.id)
    new = ScriptRunRow(
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment.id,
        script_id=ResourceId(script.id),
        family=REMEDIATION.family,
        version=ON_DEMAND,
        number=1,
        attempts=0,
        state=RunState.PENDING.value,
        remediation=RemediationState.UNKNOWN.value,
        due_at=tx.now,
        ran_at=None,
        remediated_at=None,
        results=[],
    )
    queries.put(tx.connection, [new if present is None else replace(present, due_at=tx.now)])
