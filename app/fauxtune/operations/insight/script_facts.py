"""The scripts of devices for the diagnosis: those that reach them, and how each ran last."""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.engine.diagnosis.facts import DeviceScript
from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.policies.script_runs import RemediationState, RunState
from fauxtune.core.policies.scripts import AGENTS, Script
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.scripts.device_scripts import assigned_for
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import script_runs as queries
from fauxtune.storage.queries.configuration import assignment_targets
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scripts import ScriptRunRow

_FAILED = (RunState.FAIL.value, RunState.SCRIPT_ERROR.value)


def scripts_of_devices(
    tx: Transaction, devices: Sequence[EnrollmentRow]
) -> dict[EnrollmentId, tuple[DeviceScript, ...]]:
    """Return the scripts that reach each of these devices; nothing in a tenant whose devices have no agents."""
    with_agent = {device.id for device in devices if device.variant in AGENTS}
    if not tx.tenant.has_agents or not with_agent:
        return {}
    assigned = [
        (variant, script, rows)
        for variant in {device.variant for device in devices} & AGENTS.keys()
        for script, rows in assigned_for(tx, variant)
    ]
    targets = {ProfileId(script.id): assignment_targets(rows) for _variant, script, rows in assigned}
    reached = concern.reach(tx.connection, tx.tenant.id, assigned=targets)
    runs = queries.of_devices(tx.connection, tx.tenant.id, ids=with_agent)
    scripts: dict[EnrollmentId, tuple[DeviceScript, ...]] = {}
    for variant, script, _rows in assigned:
        for device, of_variant in reached[ProfileId(script.id)]:
            if device in with_agent and of_variant == variant:
                row = next((each for each in runs.get(device, ()) if each.script_id == script.id), None)
                scripts[device] = (*scripts.get(device, ()), _script(script, row))
    return scripts


def _script(script: Script, row: ScriptRunRow | None) -> DeviceScript:
    if row is None:
        return DeviceScript(id=script.id, name=script.name, is_known=False, needs_user=script.needs_user)
    last = row.results[-1] if row.results else None
    return DeviceScript(
        id=script.id,
        name=script.name,
        is_known=True,
        needs_user=script.needs_user,
        due_at=row.due_at,
        exit_code=None if last is None else last["exitCode"],
        output="" if last is None else last["error"] or last["output"],
        failed=row.state in _FAILED and row.remediation != RemediationState.SUCCESS.value,
    )
