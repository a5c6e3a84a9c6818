"""Which scripts reach a device: those that are assigned, and those that its compliance policies ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.policies.compliance import COMPLIANCE_POLICIES
from fauxtune.core.policies.script_runs import WantedScript
from fauxtune.core.policies.scripts import AGENTS, ASKED, ASKING, COMPLIANCE, Script, kinds_for, script_of
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.agent_work import reaching, reaching_each
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.resources import ResourceRow

Assigned = list[tuple[Script, list[AssignmentRow]]]


@dataclass(frozen=True, slots=True)
class ReachingScript:
    """A script that reaches a device, and how its assignment wants it."""

    script: Script
    wanted: WantedScript


def scripts_of(tx: Transaction, enrollment: EnrollmentRow) -> dict[str, ReachingScript]:
    """Return the scripts that reach a device, by id."""
    return _by_id(reaching(tx, enrollment, assigned=assigned_for(tx, enrollment.variant)))


def scripts_of_each(tx: Transaction, devices: Sequence[EnrollmentRow]) -> dict[EnrollmentId, dict[str, ReachingScript]]:
    """Return the scripts that reach each of these devices, of those that run some, by id."""
    scripts: dict[EnrollmentId, dict[str, ReachingScript]] = {}
    for variant in {device.variant for device in devices} & AGENTS.keys():
        some = [device for device in devices if device.variant is variant]
        reached = reaching_each(tx, some, assigned=assigned_for(tx, variant))
        scripts |= {device: _by_id(brought) for device, brought in reached.items()}
    return scripts


def _by_id(brought: Iterable[tuple[Script, AssignmentRow]]) -> dict[str, ReachingScript]:
    return {script.id: ReachingScript(script, script.wanted(row.document)) for script, row in brought}


def assigned_for(tx: Transaction, variant: Variant) -> Assigned:
    """Return the scripts that are assigned and that devices of this variant run, each with its assignments."""
    return tx.known(("assigned scripts", variant), lambda: _assigned(tx, variant))


def _assigned(tx: Transaction, variant: Variant) -> Assigned:
    kinds = [kind for kind in kinds_for(variant) if kind not in COMPLIANCE]
    scripts = [
        script_of(kind, row.document)
        for kind in kinds
        for row in resource_queries.assigned_of_family(tx.connection, tx.tenant.id, family=kind.family)
    ]
    listed = _assignments(tx, [script.id for script in scripts])
    return [*((script, listed[ProfileId(script.id)]) for script in scripts), *_asked_by_policies(tx, variant)]


def _asked_by_policies(tx: Transaction, variant: Variant) -> Assigned:
    """The compliance scripts, each with the assignments of the policies that ask it. Without such a policy one
    statement.
    """
    (kind,) = (each for each in COMPLIANCE if each.variant is variant)
    rows = resource_queries.assigned_of_family(tx.connection, tx.tenant.id, family=COMPLIANCE_POLICIES.name)
    policies = {_script_id(row): row for row in rows if _script_id(row)}
    if not policies:
        return []
    known = resource_queries.resources_by_id(tx.connection, tx.tenant.id, ids=list(policies))
    listed = _assignments(tx, [row.id for row in rows if _script_id(row)])
    scripts: Assigned = []
    for key, row in known.items():
        if row.family != kind.family or not kind.fits(row.document):
            continue
        asking = [each for each in rows if _script_id(each) == key]
        intervals = [each.document[ASKING].get("runIntervalInMinutes") or 0 for each in asking]
        shortest = min(filter(None, intervals), default=None)
        script = script_of(kind, row.document)
        script = replace(script, document={**script.document, "runIntervalInMinutes": shortest})
        scripts.append((script, [each for policy in asking for each in listed[ProfileId(policy.id)]]))
    return scripts


def _script_id(policy: ResourceRow) -> str:
    return str((policy.document.get(ASKING) or {}).get(ASKED) or "")


def _assignments(tx: Transaction, ids: Iterable[str]) -> dict[ProfileId, list[AssignmentRow]]:
    keys = [ProfileId(key) for key in ids]
    return configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=keys)
