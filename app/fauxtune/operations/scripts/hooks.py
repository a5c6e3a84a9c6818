"""What changes of scripts do: from the first assigned one on the agents of devices ask for work, and a deleted script
has no runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fauxtune.core.errors import Invalid
from fauxtune.core.policies.scripts import check_schedule
from fauxtune.operations.compliance.changes import asking_policies
from fauxtune.operations.profiles.assignments import NewAssignment
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.profiles.switches import AGENTS, switch_on
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import script_runs as queries
from fauxtune.storage.rows.resources import ResourceRow


def _assigned(tx: Transaction, _row: ResourceRow, targets: Sequence[NewAssignment]) -> None:
    for target in targets:
        check_schedule(target.more.get("runSchedule"))
    if targets:
        switch_on(tx, AGENTS)


def _forget_runs(tx: Transaction, row: ResourceRow) -> None:
    queries.drop_script(tx.connection, tx.tenant.id, script_id=row.id)


def _unasked(tx: Transaction, row: ResourceRow) -> None:
    """Raise Invalid for a script that a policy asks: it cannot be deleted (the same page)."""
    asking = asking_policies(tx, row.id)
    if asking:
        raise Invalid(f"The policy '{asking[0].document['displayName']}' has this script: change or delete it first.")
    _forget_runs(tx, row)


SCRIPT_HOOKS = Hooks(assigned=_assigned, deleting=_forget_runs)
#: Those of scripts that compliance policies ask.
COMPLIANCE_SCRIPT_HOOKS = replace(SCRIPT_HOOKS, deleting=_unasked)
