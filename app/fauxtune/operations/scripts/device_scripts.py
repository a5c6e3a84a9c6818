"""The scripts of devices: which ones reach a device, what its agent runs and reports, and what changes of scripts do.

Scripts on a device: what its agent is to run now, and what it reports of their runs. When a script runs, and again,
is decided in `core/policies/script_runs.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fauxtune.core.engine.compliance.setting_states import NO_JSON, SCRIPT_FAILED
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.device_facts import SCRIPT_ERRORS, SCRIPT_OUTPUT
from fauxtune.core.model.ids import EnrollmentId, ProfileId, ResourceId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.compliance import COMPLIANCE_POLICIES
from fauxtune.core.policies.script_runs import (
    ON_DEMAND,
    Part,
    PartResult,
    RemediationState,
    RunState,
    ScriptRun,
    WantedScript,
    after_run,
    planned,
)
from fauxtune.core.policies.scripts import (
    AGENTS,
    ASKED,
    ASKING,
    BY_FAMILY,
    COMPLIANCE,
    Script,
    check_schedule,
    kinds_for,
    order,
    script_of,
)
from fauxtune.operations.compliance import occasions
from fauxtune.operations.compliance.occasions import asking_policies
from fauxtune.operations.devices.audience import AgentVisit, Orders, reaching, reaching_each, user_name
from fauxtune.operations.profiles.assignments import NewAssignment
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import AGENTS as AGENTS_ASK
from fauxtune.operations.runtime.transaction import Transaction, switch_on
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries import script_runs as queries
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.resources import ResourceRow, ScriptRunRow

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
    (kind,) = (script_kind for script_kind in COMPLIANCE if script_kind.variant is variant)
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
        asking = [resource for resource in rows if _script_id(resource) == key]
        intervals = [resource.document[ASKING].get("runIntervalInMinutes") or 0 for resource in asking]
        shortest = min(filter(None, intervals), default=None)
        script = script_of(kind, row.document)
        script = replace(script, document={**script.document, "runIntervalInMinutes": shortest})
        scripts.append((script, [assignment for policy in asking for assignment in listed[ProfileId(policy.id)]]))
    return scripts


def _script_id(policy: ResourceRow) -> str:
    return str((policy.document.get(ASKING) or {}).get(ASKED) or "")


def _assignments(tx: Transaction, ids: Iterable[str]) -> dict[ProfileId, list[AssignmentRow]]:
    keys = [ProfileId(key) for key in ids]
    return configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=keys)


#: Scripts in one answer: an agent asks again as soon as it has run them.
_MOST = 8


@dataclass(frozen=True, slots=True)
class RunReport:
    """The report of a run, with the number that its order had."""

    id: str
    run: int
    results: tuple[PartResult, ...]


def settle(tx: Transaction, visit: AgentVisit, *, reports: Sequence[RunReport]) -> Orders:
    """Take in the reports of runs, plan the scripts that reach the device, and return those to run now.

    A report of a script that reaches the device no more, or of an earlier run, changes nothing. Raises Invalid for
    results that no run of the script can have.
    """
    enrollment = visit.enrollment
    rows = {str(row.script_id): row for row in queries.of_device(tx.connection, enrollment.id)}
    reached = {**_on_demand(tx, rows), **scripts_of(tx, enrollment)}
    before = {key: run_of(row) for key, row in rows.items()}
    after = _reported(tx, enrollment, reached=reached, before=before, reports=reports)
    runs = {
        key: planned(reaching_script.wanted, after.get(key), now=tx.now) for key, reaching_script in reached.items()
    }
    changed = [
        row_of(tx, enrollment, reaching_script=reached[key], run=run)
        for key, run in runs.items()
        if run != before.get(key)
    ]
    queries.put(tx.connection, changed)
    queries.drop(tx.connection, enrollment.id, ids=sorted(before.keys() - runs.keys()))
    ready = {
        key: run
        for key, run in runs.items()
        if run.is_due(tx.now) and (visit.user_is_here or not reached[key].script.needs_user)
    }
    later = [run.due_at for run in runs.values() if run.due_at is not None and run.due_at > tx.now]
    return Orders(_orders(tx, reached, runs=dict(list(ready.items())[:_MOST])), min(later, default=None))


def _on_demand(tx: Transaction, rows: Mapping[str, ScriptRunRow]) -> dict[str, ReachingScript]:
    """Return the scripts that somebody wanted to run on the device, without an assignment."""
    ids = [key for key, row in rows.items() if row.version == ON_DEMAND]
    known = resource_queries.resources_by_id(tx.connection, tx.tenant.id, ids=ids) if ids else {}
    scripts = {str(key): script_of(BY_FAMILY[row.family], row.document) for key, row in known.items()}
    return {key: ReachingScript(script, script.on_demand(version=ON_DEMAND)) for key, script in scripts.items()}


def _reported(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    reached: Mapping[str, ReachingScript],
    before: Mapping[str, ScriptRun],
    reports: Sequence[RunReport],
) -> dict[str, ScriptRun]:
    runs = dict(before)
    printed: dict[str, str | None] = {}
    for report in reports:
        each, run = reached.get(report.id), runs.get(report.id)
        if each is None or run is None or (run.version, run.number) != (each.wanted.version, report.run):
            continue
        runs[report.id] = after_run(run, each.wanted, results=report.results, now=tx.now)
        _note(tx, enrollment, reaching_script=each, run=runs[report.id])
        if each.script.kind in COMPLIANCE:
            is_failed = runs[report.id].state is not RunState.SUCCESS
            printed[report.id] = None if is_failed else report.results[0].kept().output
    if printed:
        _judge(tx, enrollment, printed=printed)
    return runs


def _judge(tx: Transaction, enrollment: EnrollmentRow, *, printed: Mapping[str, str | None]) -> None:
    """Hand what compliance scripts printed, by their ids (None: it failed), to the rules of their policies. Of several
    scripts the values are joined.
    """
    values = _object(enrollment.facts.get(SCRIPT_OUTPUT)) or {}
    errors = _object(enrollment.facts.get(SCRIPT_ERRORS)) or {}
    for key, text in printed.items():
        document = _object(text)
        errors.pop(key, None)
        if document is None:
            errors[key] = SCRIPT_FAILED if text is None else NO_JSON
        values |= document or {}
    occasions.note_facts_of_others(
        tx, enrollment, facts={SCRIPT_OUTPUT: json.dumps(values), SCRIPT_ERRORS: json.dumps(errors)}
    )


def _object(text: object) -> dict[str, Any] | None:
    try:
        document = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _orders(
    tx: Transaction, reached: Mapping[str, ReachingScript], *, runs: Mapping[str, ScriptRun]
) -> list[JsonObject]:
    if not runs:
        return []
    rows = resource_queries.resources_by_id(tx.connection, tx.tenant.id, ids=list(runs))
    return [
        order(reached[key].script, rows[key].document, run=run.number, remediates=reached[key].wanted.remediates)
        for key, run in runs.items()
    ]


def run_of(row: ScriptRunRow) -> ScriptRun:
    """Return a stored run."""
    return ScriptRun(
        version=row.version,
        number=row.number,
        attempts=row.attempts,
        state=RunState(row.state),
        remediation=RemediationState(row.remediation),
        due_at=row.due_at,
        ran_at=row.ran_at,
        remediated_at=row.remediated_at,
        results=tuple(
            PartResult(Part(result["part"]), result["exitCode"], result["output"], result["error"])
            for result in row.results
        ),
    )


def row_of(
    tx: Transaction, enrollment: EnrollmentRow, *, reaching_script: ReachingScript, run: ScriptRun
) -> ScriptRunRow:
    """Return a run as it is stored."""
    return ScriptRunRow(
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment.id,
        script_id=ResourceId(reaching_script.script.id),
        family=reaching_script.script.kind.family,
        version=run.version,
        number=run.number,
        attempts=run.attempts,
        state=run.state.value,
        remediation=run.remediation.value,
        due_at=run.due_at,
        ran_at=run.ran_at,
        remediated_at=run.remediated_at,
        results=[
            {"part": part.part.value, "exitCode": part.exit_code, "output": part.output, "error": part.error}
            for part in run.results
        ],
    )


def _note(tx: Transaction, enrollment: EnrollmentRow, *, reaching_script: ReachingScript, run: ScriptRun) -> None:
    """Record a run in the journal."""
    tx.record(
        "scriptRan",
        user=user_name(tx, enrollment),
        device=enrollment.id,
        script=reaching_script.script.id,
        name=reaching_script.script.name,
        state=run.state.value,
        remediation=run.remediation.value,
        exitCode=run.results[-1].exit_code,
    )


def _agents_ask(tx: Transaction, _row: ResourceRow, targets: Sequence[NewAssignment]) -> None:
    for target in targets:
        check_schedule(target.more.get("runSchedule"))
    if targets:
        switch_on(tx, AGENTS_ASK)


def _forget_runs(tx: Transaction, row: ResourceRow) -> None:
    queries.drop_script(tx.connection, tx.tenant.id, script_id=row.id)


def _unasked(tx: Transaction, row: ResourceRow) -> None:
    """Raise Invalid for a script that a policy asks: it cannot be deleted (the same page)."""
    asking = asking_policies(tx, row.id)
    if asking:
        raise Invalid(f"The policy '{asking[0].document['displayName']}' has this script: change or delete it first.")
    _forget_runs(tx, row)


SCRIPT_HOOKS = Hooks(assigned=_agents_ask, deleting=_forget_runs)
#: Those of scripts that compliance policies ask.
COMPLIANCE_SCRIPT_HOOKS = replace(SCRIPT_HOOKS, deleting=_unasked)
