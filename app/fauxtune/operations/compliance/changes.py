"""What changes of compliance policies do to devices: a policy that is taken away counts at once.

A new assignment and a changed policy count at the next check-in of each device (Intune, "Monitor results of your device
compliance policies"): the mechanism of resources wakes those devices. Of a policy that is taken away the documents
disagree: "Monitor compliance policy" (2026-04-16) judges with the data at hand, which is done here; "Troubleshoot
policies" (2026-03-26) lets it stay until the next check-in.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.scripts import ASKED, ASKING
from fauxtune.operations.compliance.occasions import FACTS_EVERY
from fauxtune.operations.profiles.assignments import NewAssignment
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.profiles.switches import AGENTS, COMPLIANCE, switch_on
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.queries import locks
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.resources import ResourceRow


def _checked(tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:  # noqa: PLR0917 - a hook
    """Return a policy whose script no other policy asks, with rules that can be judged. Raises Invalid for others.
    Intune: "Create a discovery script for custom compliance", 2025-09-04: each script with one policy only.
    """
    script = document.get(ASKING)
    if not script:
        return document
    from fauxtune.core.engine.compliance.custom_rules import check_rules  # at first use: see compliance_occasions

    check_rules(script)
    asking = asking_policies(tx, str(script.get(ASKED)))
    others = [row for row in asking if before is None or row.id != before.id]
    if others:
        raise Invalid(f"The policy '{others[0].document['displayName']}' has this script already.", target=ASKED)
    return document


def asking_policies(tx: Transaction, script: str) -> list[ResourceRow]:
    """Return the policies that ask a script."""
    rows = resource_queries.resources_of_family(tx.connection, tx.tenant.id, family=queries.POLICIES)
    return [row for row in rows if str((row.document.get(ASKING) or {}).get(ASKED)).lower() == script.lower()]


def _created(tx: Transaction, _row: ResourceRow) -> None:
    """From the first policy on, the tenant judges its devices, and asks for their facts each day."""
    if not tx.tenant.setting(COMPLIANCE):
        locks.hold_all(tx.connection, tx.tenant.id)
        queries.ask_for_facts(tx.connection, tx.tenant.id, by=tx.now + FACTS_EVERY)
    switch_on(tx, COMPLIANCE)


def _assigned(tx: Transaction, row: ResourceRow, targets: Sequence[NewAssignment]) -> None:  # noqa: PLR0917 - a hook
    """The assignments are the new ones already. A policy with a script lets agents ask for it."""
    if targets and row.document.get(ASKING):
        switch_on(tx, AGENTS)
    states = queries.states_of_policy(tx.connection, tx.tenant.id, policy_id=row.id)
    if states:
        from fauxtune.operations.compliance.judging import judge_known  # at first use: see compliance_occasions

        judge_known(tx, [state.enrollment_id for state in states])


def _deleting(tx: Transaction, row: ResourceRow) -> None:
    """Without its state a policy is not among those that a device was judged by."""
    states = queries.states_of_policy(tx.connection, tx.tenant.id, policy_id=row.id)
    if states:
        from fauxtune.operations.compliance.judging import judge_known

        queries.drop_policy(tx.connection, tx.tenant.id, policy_id=row.id)
        judge_known(tx, [state.enrollment_id for state in states])


COMPLIANCE_HOOKS = Hooks(check=_checked, created=_created, assigned=_assigned, deleting=_deleting)
