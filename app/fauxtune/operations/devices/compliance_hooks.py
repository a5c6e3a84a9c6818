"""What changes of compliance policies do to devices: a policy that is taken away counts at once.

A new assignment and a changed policy count at the next check-in of each device (Intune, "Monitor results of your device
compliance policies"): the mechanism of resources wakes those devices.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.policies.scripts import ASKING
from fauxtune.operations.profiles.assignments import NewAssignment
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.profiles.switches import AGENTS, COMPLIANCE, switch_on
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.rows.resources import ResourceRow


def _created(tx: Transaction, _row: ResourceRow) -> None:
    """From the first policy on, the tenant judges its devices."""
    switch_on(tx, COMPLIANCE)


def _assigned(tx: Transaction, row: ResourceRow, targets: Sequence[NewAssignment]) -> None:  # noqa: PLR0917 - a hook
    """The assignments are the new ones already. A policy with a script lets agents ask for it."""
    if targets and row.document.get(ASKING):
        switch_on(tx, AGENTS)
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
