"""The scripts of a device on its page: how each ran last, what it wrote, and when it runs next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.policies.script_runs import RemediationState, RunState
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources
from fauxtune.storage.queries import script_runs as queries
from fauxtune.storage.rows.scripts import ScriptRunRow
from fauxtune_console.device_words import Said

#: data. The collection of a script -> what it is called.
_KINDS = {
    "deviceManagementScripts": "PowerShell script",
    "deviceShellScripts": "shell script",
    "deviceCustomAttributeShellScripts": "custom attribute",
    "deviceHealthScripts": "remediation",
    "deviceComplianceScripts": "compliance script",
}
_DETECTING = frozenset({"deviceHealthScripts", "deviceComplianceScripts"})
_STATES = {
    RunState.SUCCESS: ("good", "succeeded"),
    RunState.FAIL: ("bad", "failed"),
    RunState.SCRIPT_ERROR: ("bad", "the script ended with an error"),
    RunState.PENDING: ("wait", "has not run yet"),
}
_DETECTED = {RunState.SUCCESS: ("good", "no issue"), RunState.FAIL: ("bad", "an issue")}
_REMEDIATED = {
    RemediationState.SUCCESS: ("good", "the issue was removed"),
    RemediationState.SKIPPED: ("bad", "an issue; it is not to be removed"),
    RemediationState.FAILED: ("bad", "the issue is still there"),
    RemediationState.SCRIPT_ERROR: ("bad", "the remediation ended with an error"),
}


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One script. `output`: what the parts of its last run wrote, to each of their outputs."""

    id: str
    name: str
    kind: str
    state: Said
    output: tuple[str, ...]
    due_at: datetime | None


def script_lines(tx: Transaction, device: EnrollmentId) -> list[ScriptLine]:
    """Return the scripts that reach a device, by name; nothing in a tenant whose devices have no agents."""
    if not tx.tenant.has_agents:
        return []
    rows = queries.of_device(tx.connection, device)
    ids = [str(row.script_id) for row in rows]
    known = resources.resources_by_id(tx.connection, tx.tenant.id, ids=ids) if ids else {}
    names = {str(key): str(row.document.get("displayName") or key) for key, row in known.items()}
    lines = [_line(row, names.get(row.script_id, row.script_id)) for row in rows]
    return sorted(lines, key=lambda line: line.name.casefold())


def _line(row: ScriptRunRow, name: str) -> ScriptLine:
    codes = ", then ".join(str(result["exitCode"]) for result in row.results)
    css, words = _words(row)
    state = Said(css, words, row.ran_at, note=f"exit code {codes}" if codes else "")
    written = tuple(str(result[stream]) for result in row.results for stream in ("output", "error") if result[stream])
    return ScriptLine(row.script_id, name, _KINDS[row.family], state, written, row.due_at)


def _words(row: ScriptRunRow) -> tuple[str, str]:
    remediated = _REMEDIATED.get(RemediationState(row.remediation))
    if remediated is not None:
        return remediated
    state = RunState(row.state)
    return _DETECTED.get(state, _STATES[state]) if row.family in _DETECTING else _STATES[state]
