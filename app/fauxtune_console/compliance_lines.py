"""The compliance of a device on its page: each policy with its settings, as it was last judged."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.engine.compliance.built_in import BUILT_IN_ID
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.states import NO_GRACE, Status
from fauxtune.core.engine.compliance.words import words_of
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.queries import resources
from fauxtune.storage.rows.compliance import ComplianceStateRow
from fauxtune.storage.rows.resources import ResourceRow
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
    rows = queries.states_of_devices(tx.connection, [device])[device].values()
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
