"""What changes of scripts do: from the first assigned one on the agents of devices ask for work, and a deleted script
has no runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.policies.scripts import check_schedule
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


def forget_runs(tx: Transaction, row: ResourceRow) -> None:
    """Forget the runs of a script that is deleted."""
    queries.drop_script(tx.connection, tx.tenant.id, script_id=row.id)


SCRIPT_HOOKS = Hooks(assigned=_assigned, deleting=forget_runs)
