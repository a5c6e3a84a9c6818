"""A check-in: one short transaction, or two with the connector's work between them.

Nearly every check-in changes nothing: it is quiet, and one statement decides that and writes the time
(`storage.queries.quiet`). If it is not,
*begin*, in a transaction, takes in the device's report, plans, settles the generation that it saw, and writes
one row per request to the connector. *fulfil* answers the requests, in worker threads, outside any transaction.
*finish* stores the answers and plans with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.engine.planning.plan import Plan
from fauxtune.core.engine.planning.report import Inventory, apply_inventory
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_states import AppReport
from fauxtune.operations.apps.device_apps import settle_apps
from fauxtune.operations.checkin.fulfilment import Fulfilled, Task, open_requests, store, tasks
from fauxtune.operations.checkin.inside_connector import fulfilled
from fauxtune.operations.checkin.planning import plan_visit, record_item
from fauxtune.operations.checkin.scep_reports import with_issued
from fauxtune.operations.compliance.occasions import is_judged_at_check_in, judge_now
from fauxtune.operations.devices.action_results import actions_sent
from fauxtune.operations.devices.caller import Caller, DeviceCaller, is_live
from fauxtune.operations.devices.ending import revoke_issued_late
from fauxtune.operations.devices.inventory_facts import write_news
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.secret_packaging import Packagings
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.visit import Left, Visit, visiting, visiting_again
from fauxtune.storage.queries.quiet import Quiet
from fauxtune.storage.rows.devices import EnrollmentRow


@dataclass(frozen=True, slots=True)
class Report:
    """A device's report at a check-in. `digest` identifies it; `read(policy version, ledger)` returns the inventory and
    `facts()` what the device says of itself, `apps(policy version)` what it says of its apps: they are called only if
    the report is new or something is to be planned. A device without `apps` reports them by the answers to its steps.
    """

    digest: str
    read: Callable[[int, Mapping[ItemKey, LedgerRow]], Inventory]
    facts: Callable[[], JsonObject] = dict
    apps: Callable[[int], AppReport] | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """The result of *begin*: the answer, the connector's tasks if they have to be done first, and the device as it was
    left.
    """

    left: Left
    operations: int = 0
    tasks: list[Task] = field(default_factory=list)

    @property
    def answer(self) -> CheckedIn:
        """The answer if there are no tasks."""
        return CheckedIn(self.left.row.policy_version, self.operations)


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """The answer to a check-in: the version of the device's policy, and how many operations wait for it."""

    policy_version: int
    operations: int


async def check_in(emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, report: Report) -> CheckedIn:
    """Serve one check-in of a device. Two at once are served one after the other.

    Raises Unauthenticated, NotFound or EnrollmentEnded as `identified`.
    """
    async with emulator.turns.of(caller.credential):
        return await take_turn(emulator, tenant, caller=caller, report=report)


async def take_turn(emulator: Emulator, tenant: Tenant, *, caller: DeviceCaller, report: Report) -> CheckedIn:
    """Serve a check-in of a device whose turn the caller holds."""
    runner = emulator.runner
    known = await quiet(emulator, tenant, caller=caller, report=report)
    if known is not None:
        return CheckedIn(known.policy_version, 0)

    def first(tx: Transaction) -> Begun:
        return begin(tx, caller=caller, report=report, keys=emulator.keys, packagings=emulator.packagings)

    tenant = await runner.as_it_is(tenant)
    begun = await runner.run_check_in(tenant, first)
    if not begun.tasks:
        return begun.answer
    answers = await fulfilled(emulator, tenant, tasks=begun.tasks)
    return await runner.run_check_in(tenant, finish, begun=begun, answers=answers)


async def quiet(emulator: Emulator, tenant: Tenant, *, caller: Caller, report: Report) -> Quiet | None:
    """Serve a check-in that changes nothing, with one statement. None: it is not quiet, or the tenant has changed."""
    return await emulator.runner.quiet(tenant, credential=caller.credential, named=caller.named, report=report.digest)


def begin(tx: Transaction, *, caller: DeviceCaller, report: Report, keys: KeyStore, packagings: Packagings) -> Begun:
    """Run the first transaction of a check-in that is not quiet. Raises as `identified`."""
    with visiting(tx, caller) as visit:
        return begin_visit(visit, report=report, keys=keys, packagings=packagings)


def begin_visit(visit: Visit, *, report: Report, keys: KeyStore, packagings: Packagings) -> Begun:
    """Take in the report, plan, and gather the connector's tasks."""
    tx = visit.tx
    if visit.row.state is EnrollmentState.ENDING:
        operations = _ending_contacted(visit)
        return Begun(visit.left, operations=operations)
    news = write_news(tx, visit.row, facts=report.facts())
    if news is not None:
        visit.change(facts=news.facts)
    has_other_items = _take_in(visit, report=report)
    new = plan_visit(visit)
    if is_judged_at_check_in(tx, visit.row, news=news, has_other_items=has_other_items):
        visit.aside(lambda row: judge_now(tx, row, audience=visit.audience))
    version = visit.row.policy_version
    apps_change = settle_apps(visit, report=None if report.apps is None else report.apps(version))
    work, next_poll = tasks(visit, keys=keys, packagings=packagings)
    operations = actions_sent(tx, visit.actions, ending=False)
    # With work to do the device stays due, so that a crash before *finish* leaves nothing undone; with operations that
    # wait for it too, for the answer to a quiet check-in does not mention them.
    visit.change(
        report_digest=report.digest,
        last_checkin_at=tx.now,
        policy_version=version + (new.policy_changed or apps_change),
        plans=visit.row.plans + 1,
        settled_generation=visit.row.generation,
        due_at=tx.now if work or operations else _due(visit.row, new, next_poll=next_poll),
    )
    visit.continues = bool(work)
    return Begun(visit.left, operations=operations, tasks=work)


def finish(tx: Transaction, *, begun: Begun, answers: list[Fulfilled]) -> CheckedIn:
    """Run the second transaction. Raises NotFound if the device is gone."""
    with visiting_again(tx, begun.left) as visit:
        return finish_visit(visit, begun=begun, answers=answers)


def finish_visit(visit: Visit, *, begun: Begun, answers: list[Fulfilled]) -> CheckedIn:
    """Store the connector's answers and plan with them; return the answer to the device."""
    tx, user = visit.tx, visit.user
    # In one order for all devices of a user, who open the same files (storage/queries/locks.py).
    in_order = sorted(answers, key=lambda answer: answer.task.request.item_key)
    stored = [store(tx, visit.row, fulfilled=answer, user=user) for answer in in_order]
    for answer in stored:
        if answer is None:
            visit.read_requests_again()
        else:
            visit.note_answer(
                answer.request, answer.changes, certificate=answer.certificate, authority=answer.authority
            )
    if visit.row.state is not EnrollmentState.ACTIVE:
        serials = [answer.serial for answer in stored if answer is not None and answer.serial is not None]
        revoke_issued_late(tx, visit.row, serials=serials)
        return CheckedIn(visit.row.policy_version, _ending_contacted(visit) if is_live(visit.row) else 0)
    if len(answers) < len(begun.tasks):
        tx.wake([visit.row.id])  # the next check-in does the rest
    new = plan_visit(visit)
    ready, next_poll = open_requests(visit)
    visit.change(
        policy_version=visit.row.policy_version + new.policy_changed,
        plans=visit.row.plans + 1,
        # Requests that this plan has made are answered at the next check-in.
        due_at=tx.now if ready or begun.operations else _due(visit.row, new, next_poll=next_poll),
    )
    return CheckedIn(visit.row.policy_version, begun.operations)


def take_in_changes(visit: Visit, changed: Mapping[ItemKey, LedgerRow]) -> None:
    """Write what the device reports as installed, refused or removed, also into the journal."""
    words = {ItemState.INSTALLED: "installed", ItemState.FAILED: "failed", ItemState.REMOVED: "removed"}
    before = visit.ledger
    for key, new in changed.items():
        if new.state in words and (new.state, new.fingerprint) != (before[key].state, before[key].fingerprint):
            record_item(visit.tx, words[new.state], row=new, device=visit.row.id, user=visit.user)
    visit.put_items(changed.values())


def _take_in(visit: Visit, *, report: Report) -> bool:
    """Take in what the device holds; return whether that is something else than before."""
    rows = visit.ledger
    inventory = report.read(visit.row.policy_version, rows)
    inventory = with_issued(visit.tx, visit.row, rows=rows, inventory=inventory)
    changed = apply_inventory(rows.values(), inventory)
    take_in_changes(visit, changed)
    return bool(changed)


def _due(row: EnrollmentRow, new: Plan, *, next_poll: datetime | None) -> datetime:
    moments = (new.due_at, next_poll, row.inventory_at)
    return min(moment for moment in moments if moment is not None)


def _ending_contacted(visit: Visit) -> int:
    """Note the contact of a device whose end was ordered; return how many operations wait for it."""
    visit.change(last_checkin_at=visit.tx.now)
    return actions_sent(visit.tx, visit.actions, ending=True)
