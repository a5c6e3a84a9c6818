"""Whether devices comply: judged from what they last reported, and written down.

A device is judged at a check-in that is not quiet (with all policies that reach it), and without it when an assignment
is removed and when time passes (with the policies that it was judged by before). Graph: deviceCompliancePolicyState,
complianceState; Intune, "Monitor results of your device compliance policies".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fauxtune.core.clock import iso
from fauxtune.core.engine.compliance.grace import (
    NOTHING_YET,
    Course,
    Graced,
    Judged,
    actions_of,
    due_actions,
    grace_of,
    judge_device,
)
from fauxtune.core.engine.compliance.judging import (
    BUILT_IN_ID,
    USER,
    Policy,
    Standing,
    Switches,
    Verdict,
    applies,
    judge_built_in,
    judge_policies,
)
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.states import JUDGED_EVERY, NO_GRACE, DeviceState, is_compliant
from fauxtune.core.engine.planning.targeting import TargetKind, target
from fauxtune.core.graph.index import NO_END
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.compliance.actions import Failure, carry_out
from fauxtune.operations.devices.audience import Audience, Filters
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import EnrollmentRow, ManagedDeviceRow
from fauxtune.storage.rows.resources import ComplianceStateRow, DeviceComplianceRow

_MAIL_PROFILE, _MAIL_SETTING = "isManagedEmailProfileInstalled", "managedEmailProfileRequired"
#: So many failing settings are named in the journal.
_NAMED = 20


def judge(
    tx: Transaction,
    devices: Sequence[EnrollmentRow],
    *,
    contact_at: datetime | None = None,
    is_known_only: bool = False,
    audience: Audience | None = None,
) -> list[Judgement]:
    """Judge these devices, write what has changed, and do the scheduled actions that are due. `contact_at`: the moment
    of a contact that is not written down yet. `is_known_only`: without policies that the device has not yet been
    judged by, and with the verdict that it had by a policy that was changed since. `audience`: that of the devices, if
    it was read already.
    """
    judgements = judgements_of(tx, devices, contact_at=contact_at, is_known_only=is_known_only, audience=audience)
    for judgement in judgements:
        _write(tx, judgement)
    return judgements


def _write(tx: Transaction, judgement: Judgement) -> None:
    device, judged, before = judgement.device, judgement.judged, judgement.before
    acted = _act(tx, judgement)
    rows = [_state_row(tx, judgement, key=key, course=acted.courses[key]) for key in judgement.policies]
    rows.append(_built_in_row(tx, judgement))
    _put_states(tx, device.id, rows=rows, before=before.states)
    is_failing = any(course.failed_at for course in acted.courses.values())
    new = DeviceComplianceRow(
        enrollment_id=device.id,
        tenant_id=tx.tenant.id,
        state=judged.state,
        held=judged.held,
        judged_at=tx.now,
        due_at=min(judged.due_at, acted.next_at, _user_looked_up_at(tx, judgement)),
        retire_policy_id=acted.retire_policy if is_failing else None,
        retire_listed_at=acted.retire_at if is_failing else None,
    )
    if before.device is None or replace(before.device, judged_at=tx.now) != new:
        queries.put_devices(tx.connection, [new])
    _show(tx, judgement)


def _user_looked_up_at(tx: Transaction, judgement: Judgement) -> datetime:
    """When a device whose user is gone or has no licence is judged again at the latest."""
    is_missing = any(setting_state.setting == USER for setting_state in judgement.built_in.failing)
    return tx.now + JUDGED_EVERY if is_missing else NO_GRACE


@dataclass(slots=True)
class _Acted:
    """The courses of the policies after the scheduled actions, when the next one is due, and the list to retire."""

    courses: dict[str, Course]
    next_at: datetime
    retire_policy: str | None
    retire_at: datetime | None


def _act(tx: Transaction, judgement: Judgement) -> _Acted:
    """Do the scheduled actions that are due."""
    known = judgement.before.device
    acted = _Acted(
        dict(judgement.judged.courses),
        NO_GRACE,
        None if known is None else known.retire_policy_id,
        None if known is None else known.retire_listed_at,
    )
    if not switches(tx.tenant).has_scheduled_actions:
        return acted
    for key, policy in judgement.policies.items():
        course = acted.courses[key]
        due, following = due_actions(actions_of(policy.document), course, variant=judgement.device.variant, now=tx.now)
        acted.next_at = min(acted.next_at, following)
        if due and carry_out(tx, Failure(judgement.device, policy, due)):
            acted.retire_policy, acted.retire_at = key, tx.now
        acted.courses[key] = replace(course, done=course.done | {action.id for action in due})
    return acted


def _put_states(
    tx: Transaction,
    enrollment_id: EnrollmentId,
    *,
    rows: Sequence[ComplianceStateRow],
    before: Mapping[str, ComplianceStateRow],
) -> None:
    """Write the states that differ from those before, and drop those of policies that do not reach the device."""
    changed = []
    for row in rows:
        old = before.get(row.policy_id)
        if old is None or replace(old, reported_at=row.reported_at) != row:
            changed.append(row)
    queries.put_states(tx.connection, changed)
    for policy_id in before.keys() - {row.policy_id for row in rows}:
        queries.drop_state(tx.connection, enrollment_id, policy_id=policy_id)


def _state_row(tx: Transaction, judgement: Judgement, *, key: str, course: Course) -> ComplianceStateRow:
    policy, verdict = judgement.policies[key], judgement.verdicts[key]
    return ComplianceStateRow(
        enrollment_id=judgement.device.id,
        policy_id=key,
        tenant_id=tx.tenant.id,
        status=verdict.status,
        version=policy.version,
        user_id=judgement.device.user_id if policy.by_user else None,
        failed_at=course.failed_at,
        error_at=course.error_at,
        grace_ends_at=Graced(verdict, course, grace_of(policy.document)).grace_ends_at,
        reported_at=tx.now,
        done=sorted(course.done),
        settings=[setting.document() for setting in verdict.settings],
    )


def _built_in_row(tx: Transaction, judgement: Judgement) -> ComplianceStateRow:
    return ComplianceStateRow(
        enrollment_id=judgement.device.id,
        policy_id=BUILT_IN_ID,
        tenant_id=tx.tenant.id,
        status=judgement.built_in.status,
        version=1,
        user_id=judgement.device.user_id,
        failed_at=None,
        error_at=None,
        grace_ends_at=NO_GRACE,
        reported_at=tx.now,
        done=[],
        settings=[setting.document() for setting in judgement.built_in.settings],
    )


def _show(tx: Transaction, judgement: Judgement) -> None:
    """Write the state into Graph's record and into the directory's device, and a change into the journal."""
    device, judged = judgement.device, judgement.judged
    record = device_queries.managed_device_of(tx.connection, device.id)
    if record is None:
        return
    visible = {
        "complianceState": judged.state.value,
        "complianceGracePeriodExpirationDateTime": NO_END
        if judged.grace_ends_at == NO_GRACE
        else iso(judged.grace_ends_at),
    }
    if all(record.document.get(name) == value for name, value in visible.items()):
        return
    document = {**record.document, **visible}
    device_queries.change_managed_device(tx.connection, tx.tenant.id, managed_device_id=record.id, document=document)
    if record.compliance_state == judged.state.value:
        return
    _show_in_directory(tx, device, state=judged.state)
    _note(tx, judgement, record=record)


def _show_in_directory(tx: Transaction, device: EnrollmentRow, *, state: DeviceState) -> None:
    row = directory_queries.directory_device(tx.connection, tx.tenant.id, device_id=device.directory_device_id)
    if row is not None and row.document.get("isCompliant") is not is_compliant(state):
        directory_queries.change_directory_device(
            tx.connection,
            tx.tenant.id,
            device_id=row.id,
            document={**row.document, "isCompliant": is_compliant(state)},
            names=("isCompliant",),
        )


def _note(tx: Transaction, judgement: Judgement, *, record: ManagedDeviceRow) -> None:
    failing = [
        setting_state.setting
        for verdict in (*judgement.verdicts.values(), judgement.built_in)
        for setting_state in verdict.failing
    ]
    tx.record(
        "complianceChanged",
        user=record.user_principal_name or None,
        device=judgement.device.id,
        before=record.compliance_state,
        state=judgement.judged.state.value,
        settings=failing[:_NAMED],
    )


def states_of(tx: Transaction, enrollment_id: EnrollmentId) -> list[ComplianceStateRow]:
    """Return the states of the policies on a device, the built-in one first. Of a device that was never judged that is
    all; it is judged only for this answer.
    """
    stored = queries.states_of_devices(tx.connection, [enrollment_id])[enrollment_id]
    if not stored:
        devices = device_queries.enrollments_by_id(tx.connection, [enrollment_id]).values()
        return [_built_in_row(tx, judgement) for judgement in judgements_of(tx, list(devices), is_known_only=True)]
    return sorted(stored.values(), key=lambda row: (row.policy_id != BUILT_IN_ID, row.policy_id))


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of one device before: the states of its policies, and its own."""

    states: Mapping[str, ComplianceStateRow]
    device: DeviceComplianceRow | None

    @property
    def state(self) -> DeviceState:
        """The device's state; of one that was never judged it is unknown."""
        return DeviceState.UNKNOWN if self.device is None else self.device.state


@dataclass(frozen=True, slots=True)
class Judgement:
    """One device's compliance at a moment: its policies, their verdicts, its state; and what was known before."""

    device: EnrollmentRow
    policies: Mapping[str, Policy]
    verdicts: Mapping[str, Verdict]
    built_in: Verdict
    judged: Judged
    before: Known


def switches(tenant: Tenant) -> Switches:
    """Return what the tenant has set (Graph: deviceManagement.settings)."""
    return Switches(
        secure_by_default=bool(tenant.setting("compliance.secureByDefault")),
        contact_days=int(tenant.setting("compliance.checkinThresholdDays")),
        has_scheduled_actions=bool(tenant.setting("compliance.scheduledActions")),
    )


def judgements_of(
    tx: Transaction,
    devices: Sequence[EnrollmentRow],
    *,
    contact_at: datetime | None = None,
    is_known_only: bool = False,
    audience: Audience | None = None,
) -> list[Judgement]:
    """Return the judgement of each of these devices at this moment: see `judge`. Nothing is written."""
    if not devices:
        return []
    ids = [device.id for device in devices]
    states, known = queries.states_of_devices(tx.connection, ids), queries.devices(tx.connection, ids)
    audience = audience or Audience.of(tx, devices)
    reaching = _reaching(tx, devices, audience=audience)
    facts = _facts(tx, devices, policies=[policy for listed in reaching.values() for policy in listed])
    return [
        _judgement(
            tx,
            device,
            policies=reaching[device.id],
            facts=facts[device.id],
            known=Known(states[device.id], known.get(device.id)),
            audience=audience,
            contact_at=contact_at or device.last_checkin_at or device.enrolled_at,
            is_known_only=is_known_only,
        )
        for device in devices
    ]


def _judgement(
    tx: Transaction,
    device: EnrollmentRow,
    *,
    policies: Iterable[Policy],
    facts: JsonObject,
    known: Known,
    audience: Audience,
    contact_at: datetime,
    is_known_only: bool,
) -> Judgement:
    listed = {policy.id: policy for policy in policies if not is_known_only or policy.id in known.states}
    verdicts = dict(judge_policies(listed.values(), variant=device.variant, facts=facts))
    if is_known_only:
        # A changed policy counts from the device's next check-in on.
        changed = [key for key, policy in listed.items() if known.states[key].version != policy.version]
        verdicts |= {key: _verdict_of(known.states[key]) for key in changed}
    user = audience.user_of(device)
    standing = Standing(
        contact_at=contact_at,
        has_policy=any(applies(each, variant=device.variant, facts=facts) for each in listed.values()),
        has_entitled_user=device.user_id is None or (user is not None and bool(user.licensed)),
    )
    built_in = judge_built_in(standing, switches=switches(tx.tenant), now=tx.now)
    graced = {
        key: Graced(verdicts[key], _course(known.states.get(key)), grace_of(policy.document))
        for key, policy in listed.items()
    }
    held = None if known.device is None else known.device.held
    judged = judge_device(graced, built_in=built_in, before=known.state, held=held, now=tx.now)
    return Judgement(device, listed, verdicts, built_in, judged, known)


def _reaching(
    tx: Transaction, devices: Sequence[EnrollmentRow], *, audience: Audience
) -> dict[EnrollmentId, list[Policy]]:
    """The policies that reach each device, of any platform."""
    memberships = {device.id: audience.membership(device) for device in devices}
    groups = {group for each in memberships.values() for group in each.user_groups | each.device_groups}
    candidates = queries.candidates(tx.connection, tx.tenant.id, groups=groups)
    filters = Filters.of(
        tx, devices, assignments=(assignment for _policy, listed in candidates for assignment in listed)
    )
    reaching: dict[EnrollmentId, list[Policy]] = {device.id: [] for device in devices}
    for device in devices:
        membership = memberships[device.id]
        for row, assignments in candidates:
            chosen = target(assignments, membership, matches=filters.matching(device))
            if chosen is not None:
                by_user = membership.has_user and (
                    chosen.kind is TargetKind.ALL_USERS or chosen.group in membership.user_groups
                )
                reaching[device.id].append(Policy(row.id, row.kind, row.document, row.version, by_user=by_user))
    return reaching


def _facts(
    tx: Transaction, devices: Sequence[EnrollmentRow], *, policies: Iterable[Policy]
) -> dict[EnrollmentId, JsonObject]:
    """The facts that each device has reported; where a policy requires a managed mail account, whether it has one."""
    # Devices may enrol with empty texts in place of what they do not know.
    facts: dict[EnrollmentId, JsonObject] = {
        device.id: {name: value for name, value in device.facts.items() if value != ""} for device in devices
    }
    if any(policy.document.get(_MAIL_SETTING) for policy in policies):
        ledgers = device_queries.ledgers(tx.connection, list(facts))
        for device_id, rows in ledgers.items():
            has_mail = any(row.source is Source.EMAIL and row.state is ItemState.INSTALLED for row in rows.values())
            facts[device_id] = {**facts[device_id], _MAIL_PROFILE: has_mail}
    return facts


def _verdict_of(row: ComplianceStateRow) -> Verdict:
    return Verdict(row.status, tuple(SettingState.from_document(setting) for setting in row.settings))


def _course(row: ComplianceStateRow | None) -> Course:
    return NOTHING_YET if row is None else Course(row.failed_at, row.error_at, frozenset(row.done))
