"""A check-in: two short transactions with the connector's work between them.

*begin* takes in what the device reports, plans, and writes one row per request to the connector. *fulfil* answers what
it can, in worker threads, outside any transaction. *finish* stores the answers and settles the generation that *begin*
saw; what changed meanwhile waits for the next check-in. Nearly every check-in changes nothing: it is quiet, and one
statement finds that out and writes the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.engine.planning.report import Inventory, apply_inventory
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin.fulfilment import Fulfilled, Task, open_requests, store, tasks
from fauxtune.operations.checkin.inside_connector import fulfilled
from fauxtune.operations.checkin.planning import Planned, plan_device, record_item, write_plan
from fauxtune.operations.devices.action_results import actions_sent
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.devices.ending import revoke_issued_late
from fauxtune.operations.devices.users import user_name
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.secret_packaging import Packagings
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import EnrollmentRow


@dataclass(frozen=True, slots=True)
class Report:
    """What a device says at a check-in. `digest` names it; `read(policy version, ledger)` is called only if it is new
    or something is to be planned, and gives the inventory.
    """

    digest: str
    read: Callable[[int, Mapping[ItemKey, LedgerRow]], Inventory]


@dataclass(frozen=True, slots=True)
class Begun:
    """What *begin* leaves: the answer, and the connector's tasks if that is not all."""

    enrollment: EnrollmentRow
    policy_version: int
    operations: int = 0
    tasks: list[Task] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """What the device is told: the version of its policy, and how many operations wait for it."""

    policy_version: int
    operations: int


async def check_in(emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, report: Report) -> CheckedIn:
    """One check-in of one device. Two at once are served one after the other.

    Unauthenticated, NotFound or EnrollmentEnded for a caller that is no device of this tenant, or none any more.
    """
    quiet = await quiet_version(emulator, tenant, caller=caller, report=report)
    if quiet is not None:
        return CheckedIn(quiet, 0)
    async with emulator.turns.of(caller.enrollment_id):
        return await take_turn(emulator, tenant, caller=caller, report=report)


async def quiet_version(emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, report: Report) -> int | None:
    """The whole of a check-in that changes nothing: the policy's version. None: this one is not quiet."""
    return await emulator.runner.read(
        queries.quiet_checkin,
        tenant.id,
        enrollment_id=caller.enrollment_id,
        credential=caller.credential,
        report=report.digest,
        now=emulator.runner.now(tenant),
    )


async def take_turn(emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, report: Report) -> CheckedIn:
    """*begin*, *fulfil* and *finish*; the caller holds the device's turn."""
    begun = await emulator.runner.run(
        tenant, begin, caller=caller, report=report, keys=emulator.keys, packagings=emulator.packagings
    )
    if not begun.tasks:
        return CheckedIn(begun.policy_version, begun.operations)
    answers = await fulfilled(emulator, tenant, tasks=begun.tasks)
    return await emulator.runner.run(tenant, finish, begun=begun, answers=answers)


def begin(tx: Transaction, *, caller: DeviceCaller, report: Report, keys: KeyStore, packagings: Packagings) -> Begun:
    """The first transaction."""
    row = identified(tx, caller, lock=True)
    if row.state == EnrollmentState.ENDING.value:
        return Begun(row, policy_version=row.policy_version, operations=_contacted(tx, row))
    quiet = row.generation == row.settled_generation and row.due_at > tx.now and row.report_digest == report.digest
    if quiet:
        queries.change_enrollment(tx.connection, row.id, last_checkin_at=tx.now)
        return Begun(row, policy_version=row.policy_version)
    rows, changed = _taken_in(tx, row, report=report)
    planned = plan_device(tx, row, rows=rows)
    queries.put_ledger_rows(tx.connection, tx.tenant.id, enrollment_id=row.id, changed=changed.values(), at=tx.now)
    write_plan(tx, row, planned=planned, user=user_name(tx, row))
    work, next_poll = tasks(tx, row, keys=keys, packagings=packagings)
    operations = actions_sent(tx, row, ending=False)
    version = row.policy_version + planned.plan.policy_changed
    # With work to do the device stays due, so that a crash before *finish* leaves nothing undone; with operations that
    # wait for it too, for a quiet check-in would not tell it of them.
    queries.change_enrollment(
        tx.connection,
        row.id,
        report_digest=report.digest,
        last_checkin_at=tx.now,
        policy_version=version,
        plans=row.plans + 1,
        settled_generation=row.settled_generation if work else row.generation,
        due_at=tx.now if work or operations else _due(row, planned, next_poll=next_poll),
    )
    return Begun(row, policy_version=version, operations=operations, tasks=work)


def finish(tx: Transaction, *, begun: Begun, answers: list[Fulfilled]) -> CheckedIn:
    """The second transaction; what the device is told."""
    row = queries.enrollment(tx.connection, begun.enrollment.id, lock=True)
    assert row is not None
    user = user_name(tx, row)
    issued = [store(tx, row, fulfilled=answer, user=user) for answer in answers]
    if row.state != EnrollmentState.ACTIVE.value:
        revoke_issued_late(tx, row, serials=[serial for serial in issued if serial is not None])
        ending = row.state == EnrollmentState.ENDING.value
        return CheckedIn(row.policy_version, _contacted(tx, row) if ending else 0)
    if len(answers) < len(begun.tasks):
        tx.wake([row.id])  # the rest is done when it comes again
    planned = plan_device(tx, row, rows=queries.ledger_rows(tx.connection, row.id))
    write_plan(tx, row, planned=planned, user=user)
    ready, next_poll = open_requests(tx, row)
    version = int(row.policy_version) + planned.plan.policy_changed
    queries.change_enrollment(
        tx.connection,
        row.id,
        policy_version=version,
        plans=row.plans + 1,
        settled_generation=begun.enrollment.generation,
        # What is asked only now is answered at the next check-in.
        due_at=tx.now if ready or begun.operations else _due(row, planned, next_poll=next_poll),
    )
    return CheckedIn(version, begun.operations)


def note_changes(
    tx: Transaction, row: EnrollmentRow, *, before: Mapping[ItemKey, LedgerRow], changed: Mapping[ItemKey, LedgerRow]
) -> None:
    """Journal entries about what the device says it has installed, refused or removed."""
    words = {ItemState.INSTALLED: "installed", ItemState.FAILED: "failed", ItemState.REMOVED: "removed"}
    user = user_name(tx, row) if changed else None
    for key, new in changed.items():
        if new.state in words and (new.state, new.fingerprint) != (before[key].state, before[key].fingerprint):
            record_item(tx, words[new.state], row=new, device=row.id, user=user)


def _taken_in(
    tx: Transaction, row: EnrollmentRow, *, report: Report
) -> tuple[Mapping[ItemKey, LedgerRow], dict[ItemKey, LedgerRow]]:
    rows = queries.ledger_rows(tx.connection, row.id)
    changed = apply_inventory(rows.values(), report.read(row.policy_version, rows))
    note_changes(tx, row, before=rows, changed=changed)
    return {**rows, **changed}, changed


def _due(row: EnrollmentRow, planned: Planned, *, next_poll: datetime | None) -> datetime:
    moments = (planned.plan.due_at, next_poll, row.inventory_at)
    return min(each for each in moments if each is not None)


def _contacted(tx: Transaction, row: EnrollmentRow) -> int:
    """A device whose end was ordered is here: the order is on its way. How many operations wait."""
    queries.change_enrollment(tx.connection, row.id, last_checkin_at=tx.now)
    return actions_sent(tx, row, ending=True)
