"""What the diagnosis reads of devices beside their plans: progress by SCEP, compliance, and scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography import x509

from fauxtune.core.engine.compliance.judging import BUILT_IN_NAME
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.states import NO_GRACE, DeviceState, Status
from fauxtune.core.engine.diagnosis.facts import (
    Compliance,
    Device,
    DeviceScript,
    Mismatch,
    ScepTry,
    UnmetSetting,
    source_of,
)
from fauxtune.core.errors import NotFound, Unavailable
from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.model.states import Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.script_runs import RemediationState, RunState
from fauxtune.core.policies.scripts import AGENTS, Script
from fauxtune.core.scep.challenge import ResultCode
from fauxtune.operations.checkin.deliverables import url_for
from fauxtune.operations.connectors import ra_certificates
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.scripts.device_scripts import assigned_for
from fauxtune.storage.queries import compliance as compliance_queries
from fauxtune.storage.queries import concern, resources
from fauxtune.storage.queries import scep as scep_queries
from fauxtune.storage.queries import script_runs as script_run_queries
from fauxtune.storage.queries.configuration import assignment_targets
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.resources import ComplianceStateRow, ScriptRunRow
from fauxtune.storage.rows.scep import ScepChallengeRow

#: What the codes say of a request; every other one is about the challenge.
_MISMATCHES = {
    ResultCode.EXPIRED: Mismatch.LATE,
    ResultCode.INVALID_TIMESTAMP: Mismatch.EARLY,
    ResultCode.SUBJECT_MISSING: Mismatch.CONTENT,
    ResultCode.SUBJECT_MISMATCH: Mismatch.CONTENT,
    ResultCode.ALTERNATIVE_NAME_MISSING: Mismatch.CONTENT,
    ResultCode.ALTERNATIVE_NAME_MISMATCH: Mismatch.CONTENT,
    ResultCode.KEY_USAGE_MISMATCH: Mismatch.CONTENT,
    ResultCode.KEY_LENGTH_MISMATCH: Mismatch.CONTENT,
    ResultCode.EXTENDED_USAGE_MISSING: Mismatch.CONTENT,
    ResultCode.EXTENDED_USAGE_MISMATCH: Mismatch.CONTENT,
    ResultCode.SIGNER_MISMATCH: Mismatch.CONTENT,
}


def is_by_scep(devices: Sequence[Device]) -> bool:
    """Whether a SCEP profile reaches one of the devices."""
    return any(source_of(profile) is Source.SCEP for device in devices for profile in device.profiles)


def tries_of(tx: Transaction, devices: Sequence[Device]) -> dict[str, dict[ProfileId, ScepTry]]:
    """Return the newest challenge of each device by each SCEP profile."""
    ids = [EnrollmentId(device.id) for device in devices]
    given = scep_queries.challenges_of(tx.connection, tx.tenant.id, enrollment_ids=ids)
    newest = {(row.enrollment_id, row.profile_id): row for row in given}.values()
    pending = scep_queries.pending_challenges(tx.connection, tx.tenant.id, challenge_ids=[row.id for row in newest])
    urls = {device.id: _urls(device) for device in devices}
    tries: dict[str, dict[ProfileId, ScepTry]] = {device.id: {} for device in devices}
    for row in newest:
        tries[row.enrollment_id][row.profile_id] = _try(
            row, url=urls[row.enrollment_id].get(row.profile_id, ""), is_pending=row.id in pending
        )
    return tries


def end_of_ra(tx: Transaction) -> datetime | None:
    """Return when the first of the RA certificates expires with which the tenant's SCEP server answers; None if it has
    none, or does not answer.
    """
    try:
        serving = ra_certificates.serving_connector(tx)
    except (NotFound, Unavailable):
        return None
    rows = scep_queries.ra_certificate_rows(tx.connection, tx.tenant.id, connector_id=serving.id)
    return min((x509.load_der_x509_certificate(row.certificate).not_valid_after_utc for row in rows), default=None)


def _urls(device: Device) -> Mapping[ProfileId, str]:
    """The address at which the device requests, by SCEP profile."""
    named = {
        profile.id: [str(url) for url in profile.document.get("scepServerUrls") or ()]
        for profile in device.profiles
        if source_of(profile) is Source.SCEP
    }
    return {profile: url_for(urls, EnrollmentId(device.id)) for profile, urls in named.items() if urls}


def _try(row: ScepChallengeRow, *, url: str, is_pending: bool) -> ScepTry:
    outcome: JsonObject = row.outcome or {}
    code = outcome.get("code")
    reason = outcome.get("description") or outcome.get("reason") or ""
    is_refused = row.state == "refused"
    return ScepTry(
        id=row.id,
        given_at=row.created_at,
        expires_at=row.expires_at,
        state=row.state,
        code=None if code is None else str(code),
        mismatch=_MISMATCHES.get(ResultCode(str(code)), Mismatch.CHALLENGE) if is_refused else None,
        reason=str(reason),
        url=url,
        is_pending=is_pending,
    )


_UNMET = frozenset({Status.NON_COMPLIANT, Status.ERROR, Status.CONFLICT})


def compliance_of(tx: Transaction, devices: Sequence[EnrollmentRow]) -> dict[EnrollmentId, Compliance]:
    """Return the compliance of these devices; nothing in a tenant that judges nothing."""
    if not tx.tenant.judges_devices:
        return {}
    ids = [device.id for device in devices]
    known, states = (
        compliance_queries.devices(tx.connection, ids),
        compliance_queries.states_of_devices(tx.connection, ids),
    )
    policies = {row.policy_id for listed in states.values() for row in listed.values()}
    named = resources.resources_by_id(tx.connection, tx.tenant.id, ids=policies)
    names = {key: str(row.document.get("displayName") or key) for key, row in named.items()}
    return {key: _compliance(row.state, states=list(states[key].values()), names=names) for key, row in known.items()}


def _compliance(state: DeviceState, *, states: list[ComplianceStateRow], names: dict[str, str]) -> Compliance:
    unmet = [
        UnmetSetting(names.get(row.policy_id, BUILT_IN_NAME), setting_state.setting, setting_state.value)
        for row in states
        for setting_state in map(SettingState.from_document, row.settings)
        if setting_state.status in _UNMET
    ]
    ends = min((row.grace_ends_at for row in states), default=NO_GRACE)
    in_grace = state is DeviceState.IN_GRACE_PERIOD
    return Compliance(state, tuple(unmet), ends if in_grace else None)


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
    runs = script_run_queries.of_devices(tx.connection, tx.tenant.id, ids=with_agent)
    scripts: dict[EnrollmentId, tuple[DeviceScript, ...]] = {}
    for variant, script, _rows in assigned:
        for device, of_variant in reached[ProfileId(script.id)]:
            if device in with_agent and of_variant == variant:
                row = next((run for run in runs.get(device, ()) if run.script_id == script.id), None)
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
