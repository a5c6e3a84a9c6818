"""A check-in: two short transactions with the connector's work between them.

*begin* takes in the device's report, plans, settles the generation that it saw, and writes one row per request to the
connector. *fulfil* answers the requests, in worker threads, outside any transaction. *finish* stores the answers and
plans with them. Nearly every check-in changes nothing: it is quiet, and one statement decides that and writes the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.engine.planning.report import Inventory, apply_inventory
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.checkin.fulfilment import Fulfilled, Task, open_requests, store, tasks
from fauxtune.operations.checkin.inside_connector import fulfilled
from fauxtune.operations.checkin.planning import Planned, plan_device, record_item, write_plan
from fauxtune.operations.checkin.scep_reports import with_issued
from fauxtune.operations.devices.action_results import actions_sent
from fauxtune.operations.devices.caller import DeviceCaller, identified, is_live
from fauxtune.operations.devices.compliance_occasions import judge_at_check_in
from fauxtune.operations.devices.ending import revoke_issued_late
from fauxtune.operations.devices.inventory_facts import note_facts
from fauxtune.operations.devices.ledger import write_ledger
from fauxtune.operations.devices.users import user_name
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.secret_packaging import Packagings
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import EnrollmentRow


@dataclass(frozen=True, slots=True)
class Report:
    """A device's report at a check-in. `digest` identifies it; `read(policy version, ledger)` returns the inventory and
    `facts()` what the device says of itself: both are called only if the report is new or something is to be planned.
    """

    digest: str
    read: Callable[[int, Mapping[ItemKey, LedgerRow]], Inventory]
    facts: Callable[[], JsonObject] = dict


@dataclass(frozen=True, slots=True)
class Begun:
    """The result of *begin*: the answer, and the connector's tasks if they have to be done first."""

    enrollment_id: EnrollmentId
    policy_version: int
    operations: int = 0
    tasks: list[Task] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """The answer to a check-in: the version of the device's policy, and how many operations wait for it."""

    policy_version: int
    operations: int


async def check_in(emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, report: Report) -> CheckedIn:
    """Serve one check-in of a device. Two at once are served one after the other.

    Raises Unauthenticated, NotFound or EnrollmentEnded as `identified`.
    """
    turns = emulator.turns
    was_taken = turns.is_taken(caller.enrollment_id)
    version = await quiet_version(emulator, tenant, caller=caller, report=report)
    if version is not None:
        return CheckedIn(version, 0)
    was_taken = was_taken or turns.is_taken(caller.enrollment_id)
    async with turns.of(caller.enrollment_id):
        if was_taken:
            # Another check-in may have settled the device meanwhile.
            version = await quiet_version(emulator, tenant, caller=caller, report=report)
        if version is not None:
            return CheckedIn(version, 0)
        return await take_turn(emulator, tenant, caller=caller, report=report)


async def quiet_version(emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, report: Report) -> int | None:
    """Serve a check-in that changes nothing, with one statement; return the policy's version. None: it is not quiet."""
    return await emulator.runner.read(
        queries.quiet_checkin,
        tenant.id,
        enrollment_id=caller.enrollment_id,
        credential=caller.credential,
        report=report.digest,
        now=emulator.runner.now(tenant),
    )


async def take_turn(emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, report: Report) -> CheckedIn:
    """Serve a check-in that is not quiet: *begin*, *fulfil* and *finish*. The caller holds the device's turn."""
    begun = await emulator.runner.run(
        tenant, begin, caller=caller, report=report, keys=emulator.keys, packagings=emulator.packagings
    )
    if not begun.tasks:
        return CheckedIn(begun.policy_version, begun.operations)
    answers = await fulfilled(emulator, tenant, tasks=begun.tasks)
    return await emulator.runner.run(tenant, finish, begun=begun, answers=answers)


def begin(tx: Transaction, *, caller: DeviceCaller, report: Report, keys: KeyStore, packagings: Packagings) -> Begun:
    """Run the first transaction: take in the report, plan, and gather the connector's tasks."""
    row = identified(tx, caller, lock=True)
    if row.state is EnrollmentState.ENDING:
        return Begun(row.id, row.policy_version, operations=_ending_contacted(tx, row))
    row = replace(row, facts={**row.facts, **note_facts(tx, row, facts=report.facts())})
    before, changed = _taken_in(tx, row, report=report)
    planned = plan_device(tx, row, rows={**before, **changed})
    write_ledger(tx, row.id, before=before, changed=changed.values())
    write_plan(tx, row, planned=planned, user=user_name(tx, row))
    judge_at_check_in(tx, row)
    work, next_poll = tasks(tx, row, keys=keys, packagings=packagings)
    operations = actions_sent(tx, row, ending=False)
    version = row.policy_version + planned.plan.policy_changed
    # With work to do the device stays due, so that a crash before *finish* leaves nothing undone; with operations that
    # wait for it too, for the answer to a quiet check-in does not mention them.
    queries.change_enrollment(
        tx.connection,
        row.id,
        report_digest=report.digest,
        last_checkin_at=tx.now,
        policy_version=version,
        plans=row.plans + 1,
        settled_generation=row.generation,
        due_at=tx.now if work or operations else _due(row, planned, next_poll=next_poll),
    )
    return Begun(row.id, version, operations=operations, tasks=work)


def finish(tx: Transaction, *, begun: Begun, answers: list[Fulfilled]) -> CheckedIn:
    """Run the second transaction: store the connector's answers and plan with them; return the answer to the device."""
    row = queries.enrollment(tx.connection, begun.enrollment_id, lock=True)
    if row is None:  # meanwhile the tenant was deleted, or got a state that does not have the device
        raise NotFound(f"There is no device '{begun.enrollment_id}'.")
    user = user_name(tx, row)
    issued = [store(tx, row, fulfilled=answer, user=user) for answer in answers]
    if row.state is not EnrollmentState.ACTIVE:
        revoke_issued_late(tx, row, serials=[serial for serial in issued if serial is not None])
        return CheckedIn(row.policy_version, _ending_contacted(tx, row) if is_live(row) else 0)
    if len(answers) < len(begun.tasks):
        tx.wake([row.id])  # the next check-in does the rest
    planned = plan_device(tx, row, rows=queries.ledger_rows(tx.connection, row.id))
    write_plan(tx, row, planned=planned, user=user)
    ready, next_poll = open_requests(tx, row)
    version = row.policy_version + planned.plan.policy_changed
    queries.change_enrollment(
        tx.connection,
        row.id,
        policy_version=version,
        plans=row.plans + 1,
        # Requests that this plan has made are answered at the next check-in.
        due_at=tx.now if ready or begun.operations else _due(row, planned, next_poll=next_poll),
    )
    return CheckedIn(version, begun.operations)


def note_changes(
    tx: Transaction, row: EnrollmentRow, *, before: Mapping[ItemKey, LedgerRow], changed: Mapping[ItemKey, LedgerRow]
) -> None:
    """Record what the device reports as installed, refused or removed in the journal."""
    words = {ItemState.INSTALLED: "installed", ItemState.FAILED: "failed", ItemState.REMOVED: "removed"}
    user = user_name(tx, row) if changed else None
    for key, new in changed.items():
        if new.state in words and (new.state, new.fingerprint) != (before[key].state, before[key].fingerprint):
            record_item(tx, words[new.state], row=new, device=row.id, user=user)


def _taken_in(
    tx: Transaction, row: EnrollmentRow, *, report: Report
) -> tuple[Mapping[ItemKey, LedgerRow], dict[ItemKey, LedgerRow]]:
    rows = queries.ledger_rows(tx.connection, row.id)
    inventory = with_issued(tx, row, rows=rows, inventory=report.read(row.policy_version, rows))
    changed = apply_inventory(rows.values(), inventory)
    note_changes(tx, row, before=rows, changed=changed)
    return rows, changed


def _due(row: EnrollmentRow, planned: Planned, *, next_poll: datetime | None) -> datetime:
    moments = (planned.plan.due_at, next_poll, row.inventory_at)
    return min(moment for moment in moments if moment is not None)


def _ending_contacted(tx: Transaction, row: EnrollmentRow) -> int:
    """Note the contact of a device whose end was ordered; return how many operations wait for it."""
    queries.change_enrollment(tx.connection, row.id, last_checkin_at=tx.now)
    return actions_sent(tx, row, ending=True)
