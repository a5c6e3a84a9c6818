"""Scripts on a device: which ones reach it, what its agent is to run now, and what it reports of their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fauxtune.core.model.ids import ProfileId, ResourceId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.script_runs import (
    Part,
    PartResult,
    RemediationState,
    RunState,
    ScriptRun,
    WantedScript,
    after_run,
    planned,
)
from fauxtune.core.policies.scripts import ScriptKind, kinds_for, needs_user, order, wanted_script
from fauxtune.operations.checkin.agent_work import AgentVisit, Orders, reaching
from fauxtune.operations.devices.users import user_name
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries import script_runs as queries
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scripts import ScriptRunRow

#: Scripts in one answer: an agent asks again as soon as it has run them.
_MOST = 8


@dataclass(frozen=True, slots=True)
class RunReport:
    """The report of a run, with the number that its order had."""

    id: str
    run: int
    results: tuple[PartResult, ...]


@dataclass(frozen=True, slots=True)
class AssignedScript:
    """A script that is assigned, without its text."""

    kind: ScriptKind
    wanted: WantedScript
    name: str
    needs_user: bool


def settle(tx: Transaction, visit: AgentVisit, *, reports: Sequence[RunReport]) -> Orders:
    """Take in the reports of runs, plan the scripts that reach the device, and return those to run now.

    A report of a script that reaches the device no more, or of an earlier run, changes nothing. Raises Invalid for
    results that no run of the script can have.
    """
    enrollment = visit.enrollment
    reached = {script.wanted.id: script for script in wanted_scripts(tx, enrollment)}
    rows = {str(row.script_id): row for row in queries.of_device(tx.connection, enrollment.id)}
    if not reached and not rows:
        return Orders()
    before = {key: run_of(row) for key, row in rows.items()}
    after = _reported(tx, enrollment, reached=reached, before=before, reports=reports)
    runs = {key: planned(script.wanted, after.get(key), now=tx.now) for key, script in reached.items()}
    changed = [
        _row(tx, enrollment, script=reached[key], run=run) for key, run in runs.items() if run != before.get(key)
    ]
    queries.put(tx.connection, changed)
    queries.drop(tx.connection, enrollment.id, ids=sorted(before.keys() - runs.keys()))
    ready = {
        key: run
        for key, run in runs.items()
        if run.is_due(tx.now) and (visit.user_is_here or not reached[key].needs_user)
    }
    due = [run.due_at for key, run in runs.items() if key not in ready and run.due_at is not None]
    return Orders(
        _orders(tx, reached, runs=dict(list(ready.items())[:_MOST])),
        min([each for each in due if each > tx.now], default=None),
    )


def wanted_scripts(tx: Transaction, enrollment: EnrollmentRow) -> list[AssignedScript]:
    """Return the scripts that reach a device."""
    variant = enrollment.variant
    assigned = tx.known(("assigned scripts", variant), lambda: _assigned(tx, variant))
    return [script for script, _assignment in reaching(tx, enrollment, assigned=assigned)]


def _assigned(tx: Transaction, variant: Variant) -> list[tuple[AssignedScript, list[AssignmentRow]]]:
    scripts = [
        AssignedScript(
            kind,
            wanted_script(kind, row.document),
            str(row.document.get("displayName") or ""),
            needs_user=needs_user(row.document),
        )
        for kind in kinds_for(variant)
        for row in resource_queries.assigned_of_family(tx.connection, tx.tenant.id, family=kind.family)
    ]
    ids = [ProfileId(script.wanted.id) for script in scripts]
    listed = configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=ids)
    return [(script, listed[ProfileId(script.wanted.id)]) for script in scripts]


def _reported(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    reached: Mapping[str, AssignedScript],
    before: Mapping[str, ScriptRun],
    reports: Sequence[RunReport],
) -> dict[str, ScriptRun]:
    runs = dict(before)
    for report in reports:
        script, run = reached.get(report.id), runs.get(report.id)
        if script is None or run is None or (run.version, run.number) != (script.wanted.version, report.run):
            continue
        runs[report.id] = after_run(run, script.wanted, results=report.results, now=tx.now)
        _note(tx, enrollment, script=script, run=runs[report.id])
    return runs


def _orders(
    tx: Transaction, reached: Mapping[str, AssignedScript], *, runs: Mapping[str, ScriptRun]
) -> list[JsonObject]:
    if not runs:
        return []
    rows = resource_queries.resources_by_id(tx.connection, tx.tenant.id, ids=list(runs))
    return [order(reached[key].kind, rows[key].document, run=run.number) for key, run in runs.items()]


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
            PartResult(Part(each["part"]), each["exitCode"], each["output"], each["error"]) for each in row.results
        ),
    )


def _row(tx: Transaction, enrollment: EnrollmentRow, *, script: AssignedScript, run: ScriptRun) -> ScriptRunRow:
    return ScriptRunRow(
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment.id,
        script_id=ResourceId(script.wanted.id),
        family=script.kind.family,
        version=run.version,
        number=run.number,
        attempts=run.attempts,
        state=run.state.value,
        remediation=run.remediation.value,
        due_at=run.due_at,
        ran_at=run.ran_at,
        remediated_at=run.remediated_at,
        results=[
            {"part": each.part.value, "exitCode": each.exit_code, "output": each.output, "error": each.error}
            for each in run.results
        ],
    )


def _note(tx: Transaction, enrollment: EnrollmentRow, *, script: AssignedScript, run: ScriptRun) -> None:
    """Record a run in the journal."""
    tx.record(
        "scriptRan",
        user=user_name(tx, enrollment),
        device=enrollment.id,
        script=script.wanted.id,
        name=script.name,
        state=run.state.value,
        exitCode=run.results[-1].exit_code,
    )
