"""The judgement of devices: read what they reported, the policies that reach them and what was known; write nothing.

The rules are those of `core/engine/compliance`: `settings`, `judging`, `grace` and `device_state`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.engine.compliance.actions import grace_of
from fauxtune.core.engine.compliance.built_in import Standing, Switches, judge_built_in
from fauxtune.core.engine.compliance.device_state import Judged, judge_device
from fauxtune.core.engine.compliance.grace import NOTHING_YET, Course, Graced
from fauxtune.core.engine.compliance.judging import Policy, Verdict, applies, judge_policies
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.states import DeviceState
from fauxtune.core.engine.planning.targeting import TargetKind, target
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.audience import Audience, Filters
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.compliance import ComplianceStateRow, DeviceComplianceRow
from fauxtune.storage.rows.devices import EnrollmentRow

_MAIL_PROFILE, _MAIL_SETTING = "isManagedEmailProfileInstalled", "managedEmailProfileRequired"
#: So many failing settings are named in the journal.
_NAMED = 20


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
    facts = _facts(tx, devices, policies=[each for listed in reaching.values() for each in listed])
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
    filters = Filters.of(tx, devices, assignments=(each for _policy, listed in candidates for each in listed))
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
    return Verdict(row.status, tuple(SettingState.from_document(each) for each in row.settings))


def _course(row: ComplianceStateRow | None) -> Course:
    return NOTHING_YET if row is None else Course(row.failed_at, row.error_at, frozenset(row.done))
