"""The compliance of devices for the diagnosis: as they were last judged, with the settings that they do not meet."""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.engine.compliance.built_in import BUILT_IN_NAME
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.states import NO_GRACE, DeviceState, Status
from fauxtune.core.engine.diagnosis.facts import Compliance, UnmetSetting
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.queries import resources
from fauxtune.storage.rows.compliance import ComplianceStateRow
from fauxtune.storage.rows.devices import EnrollmentRow

_UNMET = frozenset({Status.NON_COMPLIANT, Status.ERROR, Status.CONFLICT})


def compliance_of(tx: Transaction, devices: Sequence[EnrollmentRow]) -> dict[EnrollmentId, Compliance]:
    """Return the compliance of these devices; nothing in a tenant that judges nothing."""
    if not tx.tenant.judges_devices:
        return {}
    ids = [device.id for device in devices]
    known, states = queries.devices(tx.connection, ids), queries.states_of_devices(tx.connection, ids)
    policies = {row.policy_id for listed in states.values() for row in listed.values()}
    named = resources.resources_by_id(tx.connection, tx.tenant.id, ids=policies)
    names = {key: str(row.document.get("displayName") or key) for key, row in named.items()}
    return {key: _compliance(row.state, states=list(states[key].values()), names=names) for key, row in known.items()}


def _compliance(state: DeviceState, *, states: list[ComplianceStateRow], names: dict[str, str]) -> Compliance:
    unmet = [
        UnmetSetting(names.get(row.policy_id, BUILT_IN_NAME), each.setting, each.value)
        for row in states
        for each in map(SettingState.from_document, row.settings)
        if each.status in _UNMET
    ]
    ends = min((row.grace_ends_at for row in states), default=NO_GRACE)
    in_grace = state is DeviceState.IN_GRACE_PERIOD
    return Compliance(state, tuple(unmet), ends if in_grace else None)
