"""The occasions at which devices are judged, each of them one call of `_judge`: a check-in, facts that others report,
changes of policies, and time. In a tenant that judges nothing they cost nothing: the judge is imported when the first
device is judged.

*Changes of policies.* A policy that is taken away counts at once. A new assignment and a changed policy count at the
next check-in of each device (Intune, "Monitor results of your device compliance policies"): the mechanism of resources
wakes those devices. Of a policy that is taken away the documents disagree: "Monitor compliance policy" (2026-04-16)
judges with the data at hand, which is done here; "Troubleshoot policies" (2026-03-26) lets it stay until the next
check-in.

*Facts of others*: a partner's threat level, attested health, Play Integrity, and what a script of a compliance policy
printed. The device is judged again at once.

*Time*: the end of grace and of tolerated errors, scheduled actions, the contact with devices that stay away, and users
who are gone. When it is looked at, `checkin.due` decides. Intune judges the contact once a day; here once a day of the
tenant's clock, and whenever the clock is moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.device_facts import PARTNER_FACTS, accepted
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.scripts import ASKED, ASKING
from fauxtune.operations.devices.audience import Audience
from fauxtune.operations.devices.records import News, note_facts
from fauxtune.operations.profiles.assignments import NewAssignment
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import AGENTS, COMPLIANCE, Transaction, switch_on
from fauxtune.storage.queries import compliance as compliance_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import locks
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.resources import ResourceRow

#: In a tenant that judges its devices, those that do not report their facts by themselves are asked so often.
#: Differs from Intune: there some facts, such as those on encryption, are asked for at each check-in.
FACTS_EVERY = timedelta(days=1)


def is_judged_at_check_in(
    tx: Transaction, enrollment: EnrollmentRow, *, news: News | None, has_other_items: bool
) -> bool:
    """Whether a device that checks in is judged now: anything has changed that counts, its facts (`news`), what it
    holds, or what concerns it. One that is about to be asked what it is waits for its answers. A device that was out of
    contact is judged in every tenant.
    """
    longest = timedelta(days=int(tx.tenant.setting("compliance.checkinThresholdDays")))
    if enrollment.report_digest is None and (
        enrollment.last_checkin_at is not None or tx.now - enrollment.enrolled_at > longest
    ):
        return True
    is_asked = enrollment.inventory_at is not None and enrollment.inventory_at <= tx.now
    if is_asked or not tx.tenant.judges_devices:
        return False
    if has_other_items or enrollment.generation != enrollment.settled_generation:
        return True
    return news is not None and _counts(news)


def _counts(news: News) -> bool:
    from fauxtune.core.engine.compliance.settings import FACTS  # at first use: most tenants judge nothing

    return not FACTS.isdisjoint(news.names)


def judge_now(tx: Transaction, enrollment: EnrollmentRow, *, audience: Audience) -> None:
    """Judge a device that is in contact now, with all policies that reach it. `audience`: that of the device."""
    _judge(tx, [enrollment], contact_at=tx.now, audience=audience)


def judge_known(tx: Transaction, ids: Collection[EnrollmentId]) -> None:
    """Judge these devices at once, without a check-in: something that they were judged by does not reach them now."""
    rows = device_queries.enrollments_by_id(tx.connection, ids)
    _judge(tx, [row for row in rows.values() if row.state is not EnrollmentState.ENDED], is_known_only=True)


def _judge(
    tx: Transaction,
    devices: Sequence[EnrollmentRow],
    *,
    contact_at: datetime | None = None,
    is_known_only: bool = False,
    audience: Audience | None = None,
) -> None:
    """Judge these devices: see `judging.judge`, which is imported here only."""
    from fauxtune.operations.compliance.judging import judge

    judge(tx, devices, contact_at=contact_at, is_known_only=is_known_only, audience=audience)


def report_facts(tx: Transaction, key: str, *, facts: Mapping[str, object]) -> None:
    """Note these facts of a device, by the id of its enrolment or of its managedDevice. Raises NotFound for a device
    that is not enrolled, Invalid for a fact that the device reports itself, or a value of the wrong type.
    """
    row = device_queries.enrollment_named(tx.connection, tx.tenant.id, key=key)
    if row is None or row.state is EnrollmentState.ENDED:
        raise NotFound(f"There is no enrolled device '{key}'; use the id of an enrolment or of a managedDevice.")
    for name in facts:
        if name not in PARTNER_FACTS:
            known = ", ".join(sorted(PARTNER_FACTS))
            raise Invalid(f"'{name}' is not a fact that others report of a device. These are: {known}.", target=name)
    usable = accepted(facts)
    for name in facts:
        if name not in usable:
            raise Invalid(f"The value of '{name}' is not one that it can have.", target=name)
    note_facts_of_others(tx, row, facts=usable)


def note_facts_of_others(tx: Transaction, row: EnrollmentRow, *, facts: JsonObject) -> None:
    """Note facts that a device can have, and judge it."""
    if note_facts(tx, row, facts=facts) and tx.tenant.judges_devices:
        judge_known(tx, [row.id])


def _checked(tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:  # noqa: PLR0917 - a hook
    """Return a policy whose script no other policy asks, with rules that can be judged. Raises Invalid for others.
    Intune: "Create a discovery script for custom compliance", 2025-09-04: each script with one policy only.
    """
    script = document.get(ASKING)
    if not script:
        return document
    from fauxtune.core.engine.compliance.custom_rules import check_rules  # at first use: most tenants ask no scripts

    check_rules(script)
    asking = asking_policies(tx, str(script.get(ASKED)))
    others = [row for row in asking if before is None or row.id != before.id]
    if others:
        raise Invalid(f"The policy '{others[0].document['displayName']}' has this script already.", target=ASKED)
    return document


def asking_policies(tx: Transaction, script: str) -> list[ResourceRow]:
    """Return the policies that ask a script."""
    rows = resource_queries.resources_of_family(tx.connection, tx.tenant.id, family=compliance_queries.POLICIES)
    return [row for row in rows if str((row.document.get(ASKING) or {}).get(ASKED)).lower() == script.lower()]


def _created(tx: Transaction, _row: ResourceRow) -> None:
    """From the first policy on, the tenant judges its devices, and asks for their facts each day."""
    if not tx.tenant.setting(COMPLIANCE):
        locks.hold_all(tx.connection, tx.tenant.id)
        compliance_queries.ask_for_facts(tx.connection, tx.tenant.id, by=tx.now + FACTS_EVERY)
    switch_on(tx, COMPLIANCE)


def _assigned(tx: Transaction, row: ResourceRow, targets: Sequence[NewAssignment]) -> None:  # noqa: PLR0917 - a hook
    """The assignments are the new ones already. A policy with a script lets agents ask for it."""
    if targets and row.document.get(ASKING):
        switch_on(tx, AGENTS)
    states = compliance_queries.states_of_policy(tx.connection, tx.tenant.id, policy_id=row.id)
    if states:
        judge_known(tx, [state.enrollment_id for state in states])


def _deleting(tx: Transaction, row: ResourceRow) -> None:
    """Without its state a policy is not among those that a device was judged by."""
    states = compliance_queries.states_of_policy(tx.connection, tx.tenant.id, policy_id=row.id)
    if states:
        compliance_queries.drop_policy(tx.connection, tx.tenant.id, policy_id=row.id)
        judge_known(tx, [state.enrollment_id for state in states])


COMPLIANCE_HOOKS = Hooks(check=_checked, created=_created, assigned=_assigned, deleting=_deleting)


_CHUNK = 200


def judge_due(tx: Transaction) -> bool:
    """Judge some of the devices whose time has come; return whether there may be more."""
    devices = compliance_queries.due(tx.connection, tx.tenant.id, now=tx.now, limit=_CHUNK)
    if not devices:
        since = tx.now - timedelta(days=int(tx.tenant.setting("compliance.checkinThresholdDays")))
        devices = compliance_queries.out_of_contact(tx.connection, tx.tenant.id, since=since, limit=_CHUNK)
        # Their next check-in is read in full: a quiet one would not judge them.
        compliance_queries.ask_for_report(
            tx.connection, [device.id for device in devices if device.state is EnrollmentState.ACTIVE]
        )
    if devices:
        _judge(tx, devices, is_known_only=True)
    return bool(devices)


async def judge_again(emulator: Emulator, tenant: Tenant, *, changed: Iterable[str]) -> None:
    """Judge the devices that were judged before once more, if one of the settings that were changed is a switch of
    compliance: also where nothing judges any more, since nobody else would take the last verdict away.
    """
    if any(name.startswith("compliance.") for name in changed):
        await emulator.runner.run(tenant, _let_be_due)
        await judge_all(emulator, tenant)


def _let_be_due(tx: Transaction) -> None:
    compliance_queries.let_be_due(tx.connection, tx.tenant.id, now=tx.now)


async def judge_all(emulator: Emulator, tenant: Tenant) -> datetime | None:
    """Judge all devices whose time has come; return when the next one's comes, as far as that is known."""
    while await emulator.runner.run(tenant, judge_due):
        pass
    return await first_due(emulator, tenant)


async def first_due(emulator: Emulator, tenant: Tenant) -> datetime | None:
    """Return when the first device is to be judged; None in a tenant that has judged none."""
    first: datetime | None = await emulator.runner.read(compliance_queries.first_due, tenant.id)
    return first
