"""Compliance and scripts of a device on its page: how each policy was last judged, and how each script ran last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.engine.compliance.judging import BUILT_IN_ID, words_of
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.states import NO_GRACE, Status
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.policies.script_runs import RemediationState, RunState
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as compliance_queries
from fauxtune.storage.queries import resources
from fauxtune.storage.queries import script_runs as script_run_queries
from fauxtune.storage.rows.resources import ComplianceStateRow, ResourceRow, ScriptRunRow
from fauxtune_console.device_words import Said

#: data. Status -> colour, and words.
_STATES = {
    Status.UNKNOWN: ("wait", "not known"),
    Status.NOT_APPLICABLE: ("off", "does not apply"),
    Status.COMPLIANT: ("good", "compliant"),
    Status.REMEDIATED: ("good", "compliant"),
    Status.NON_COMPLIANT: ("bad", "not compliant"),
    Status.ERROR: ("bad", "could not be compared"),
    Status.CONFLICT: ("bad", "policies contradict each other"),
    Status.NOT_ASSIGNED: ("off", "not assigned"),
}


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting: its name, what it requires, its state, and the value that the device reported."""

    name: str
    requires: str
    state: Said
    value: str


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One policy: its id, its name, its state, and its settings."""

    id: str
    name: str
    state: Said
    settings: tuple[SettingLine, ...]


def compliance_lines(tx: Transaction, device: EnrollmentId) -> list[PolicyLine]:
    """Return the policies of a device, the built-in one last; nothing in a tenant that judges nothing."""
    if not tx.tenant.judges_devices:
        return []
    rows = compliance_queries.states_of_devices(tx.connection, [device])[device].values()
    policies = resources.resources_by_id(tx.connection, tx.tenant.id, ids=[row.policy_id for row in rows])
    lines = [_line(row, policies.get(row.policy_id)) for row in rows]
    return sorted(lines, key=lambda line: (line.id == BUILT_IN_ID, line.name.casefold()))


def _line(row: ComplianceStateRow, policy: ResourceRow | None) -> PolicyLine:
    css, words = _STATES[row.status]
    if policy is not None and policy.version != row.version:
        words += "; it was changed since, and counts from the next check-in on"
    if row.status is Status.NON_COMPLIANT and row.grace_ends_at != NO_GRACE:
        words += f"; its period of grace ends {row.grace_ends_at:%Y-%m-%d %H:%M} UTC"
    settings = tuple(_setting(SettingState.from_document(setting)) for setting in row.settings)
    name = "Every device" if policy is None else str(policy.document.get("displayName") or policy.id)
    return PolicyLine(row.policy_id, name, Said(css, words, row.reported_at), settings)


def _setting(state: SettingState) -> SettingLine:
    css, words = _STATES[state.status]
    requires = words_of(state.setting)
    return SettingLine(state.setting.rpartition(".")[2], requires, Said(css, words), state.value or "")


#: data. The collection of a script -> what it is called.
_KINDS = {
    "deviceManagementScripts": "PowerShell script",
    "deviceShellScripts": "shell script",
    "deviceCustomAttributeShellScripts": "custom attribute",
    "deviceHealthScripts": "remediation",
    "deviceComplianceScripts": "compliance script",
}
_DETECTING = frozenset({"deviceHealthScripts", "deviceComplianceScripts"})
_RUN_STATES = {
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
    rows = script_run_queries.of_device(tx.connection, device)
    ids = [str(row.script_id) for row in rows]
    known = resources.resources_by_id(tx.connection, tx.tenant.id, ids=ids) if ids else {}
    names = {str(key): str(row.document.get("displayName") or key) for key, row in known.items()}
    lines = [_script_line(row, names.get(row.script_id, row.script_id)) for row in rows]
    return sorted(lines, key=lambda line: line.name.casefold())


def _script_line(row: ScriptRunRow, name: str) -> ScriptLine:
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
    return _DETECTED.get(state, _RUN_STATES[state]) if row.family in _DETECTING else _RUN_STATES[state]
