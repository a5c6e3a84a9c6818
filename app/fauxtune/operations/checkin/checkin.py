"""A check-in: one short transaction, or two with long work of the connector between them.

Nearly every check-in changes nothing: it is quiet (`report`), and one statement decides that and writes the time
(`storage.queries.quiet`). If it is not, what is stored of the device is read into a value (`visits.visit.Visit`), and
three steps follow. *begin*, in a transaction, takes in the device's report, plans, settles the generation that it saw,
has the device judged, and makes one request to the connector for each item. *fulfil* answers the requests. *finish*
stores the answers and plans with them. Nearly always the connector's work takes a few milliseconds: then all three are
one transaction, which writes once. Otherwise *fulfil* is done in worker threads, outside any transaction.

What is planned is decided by `core/engine/planning`: `targeting`, `desired` and `plan`, in this order; `plan_visit`
writes it down.

An imported file that was never opened
before may cost seconds to open, within bounds (`core.pki.pbe`). So a check-in waits `patience` seconds for all such
files, and as long once more for those that have begun by then. Files that have not begun stay requested, and are begun
at the next check-in; files that have not ended are refused. The files of one tenant never keep another tenant waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from fauxtune.connector.refusals import PfxBroken
from fauxtune.connector.work import Done
from fauxtune.core.engine.planning.plan import ConnectorRequest, Plan, plan
from fauxtune.core.engine.planning.reported_items import apply_inventory, profile_outcomes
from fauxtune.core.engine.removal.decisions import DeviceKind, verdict
from fauxtune.core.model.ids import EnrollmentId, ItemKey, RequestId, UserId
from fauxtune.core.model.items import AccountOrder, ImportedCertificateOrder, LedgerRow, RequestOrder, key_source
from fauxtune.core.model.states import Cause, EnrollmentState, Incident, ItemState, Source
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.foreign import is_intermediate
from fauxtune.core.profiles.family import Profile
from fauxtune.operations.apps.device_apps import concern, settle_apps
from fauxtune.operations.checkin.fulfilment import Fulfilled, Task, open_requests, store
from fauxtune.operations.checkin.own_connector import OwnConnector
from fauxtune.operations.checkin.report import Report, quiet
from fauxtune.operations.checkin.scep_reports import with_issued
from fauxtune.operations.compliance.occasions import is_judged_at_check_in, judge_now
from fauxtune.operations.connectors import revocation
from fauxtune.operations.connectors.selection import maker
from fauxtune.operations.devices.action_results import actions_sent
from fauxtune.operations.devices.audience import Audience
from fauxtune.operations.devices.caller import DeviceCaller, is_live
from fauxtune.operations.devices.ending import revoke_issued_late, unreported
from fauxtune.operations.devices.records import write_news
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.left import Left, left_by_last
from fauxtune.operations.visits.situations import ROLES, DeviceSituation, situations
from fauxtune.operations.visits.visit import Visit, visiting, visiting_again
from fauxtune.storage.rows.certificates import RequestRow, ServedRequestRow
from fauxtune.storage.rows.configuration import ProfileStateRow
from fauxtune.storage.rows.devices import EnrollmentRow


@dataclass(frozen=True, slots=True)
class Begun:
    """The result of *begin*: the answer, the connector's tasks if long work has to be done first, and the device as it
    was left.
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
    left = left_by_last(runner.memory.of(tenant.id), caller.credential)
    # A device that has been given a policy reports that it has applied it: nobody need ask whether that is quiet.
    if left is None or left.rests:
        known = await quiet(emulator, tenant, caller=caller, report=report, left=left)
        if known is not None:
            return CheckedIn(known.policy_version, 0)

    tenant = await runner.as_it_is(tenant)
    connector = OwnConnector.of(emulator, tenant)
    begun = await runner.run_check_in(tenant, begin, caller=caller, report=report, connector=connector)
    if not begun.tasks:
        return begun.answer
    answers = await fulfilled(emulator, tenant, tasks=begun.tasks, connector=connector)
    return await runner.run_check_in(tenant, finish, begun=begun, answers=answers)


def begin(tx: Transaction, *, caller: DeviceCaller, report: Report, connector: OwnConnector) -> Begun:
    """Run the first transaction of a check-in that is not quiet. Raises as `identified`."""
    with visiting(tx, caller) as visit:
        if visit.is_quiet(report.digest):
            visit.change(last_checkin_at=tx.now)
            return Begun(visit.left)
        plans = visit.row.plans
        begun = begin_visit(visit, report=report, connector=connector)
        visit.rests = visit.row.plans == plans and visit.is_quiet(report.digest)
        return begun


def begin_visit(visit: Visit, *, report: Report, connector: OwnConnector) -> Begun:
    """Take in the report, plan, and gather the connector's tasks; do them, if that takes a few milliseconds."""
    tx = visit.tx
    if visit.row.state is EnrollmentState.ENDING:
        operations = _ending_contacted(visit)
        return Begun(visit.left, operations=operations)
    news = write_news(tx, visit.row, facts=report.facts())
    if news is not None:
        visit.change(facts=news.facts)
    has_other_items = _take_in(visit, report=report)
    is_judged = is_judged_at_check_in(tx, visit.row, news=news, has_other_items=has_other_items)
    # What was sent since the last plan may have made something due, such as a challenge of SCEP that nobody uses.
    awaits = any(row.state is ItemState.SENT for row in visit.ledger.values())
    replans = has_other_items or is_judged or awaits or (news is not None and news.replans)
    if not replans and visit.row.is_settled(tx.now) and not visit.actions and not concern(tx):
        # It reports in other words, or what no plan reads: the last plan is still true.
        visit.change(report_digest=report.digest, last_checkin_at=tx.now)
        return Begun(visit.left)
    new = plan_visit(visit)
    if is_judged:
        visit.aside(lambda row: judge_now(tx, row, audience=visit.audience))
    version = visit.row.policy_version
    apps_change = settle_apps(visit, report=None if report.apps is None else report.apps(version))
    work, next_poll = connector.tasks(visit)
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
    begun = Begun(visit.left, operations=operations, tasks=work)
    answers = connector.at_once(work) if work else []
    visit.continues = answers is None or new.policy_changed
    if answers is None:
        return begun
    if work:
        finish_visit(visit, begun=begun, answers=answers)
    return Begun(visit.left, operations=operations)


def finish(tx: Transaction, *, begun: Begun, answers: list[Fulfilled]) -> CheckedIn:
    """Run the second transaction. Raises NotFound if the device is gone."""
    with visiting_again(tx, begun.left) as visit:
        return finish_visit(visit, begun=begun, answers=answers)


def finish_visit(visit: Visit, *, begun: Begun, answers: list[Fulfilled]) -> CheckedIn:
    """Store the connector's answers and plan with them; return the answer to the device."""
    tx, user = visit.tx, visit.user
    # In one order for all devices of a user, who open the same files (storage/queries/locks.py).
    in_order = sorted(answers, key=lambda answer: answer.task.request.item_key)
    stored = [store(tx, visit.row, fulfilled=answer, user=user, visit=visit) for answer in in_order]
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
    visit.continues |= new.policy_changed
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


def plan_device(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    rows: Mapping[ItemKey, LedgerRow],
    requests: Sequence[ServedRequestRow] | None = None,
    audience: Audience | None = None,
) -> tuple[Plan, tuple[Profile, ...]]:
    """Return the device's plan at this moment, from its ledger rows, and the profiles that it is about. `requests`: all
    that was asked of the connectors for it, `audience`: its user and groups, if they were read already. Nothing is
    written.
    """
    present = _situation(tx, enrollment, rows=rows, requests=requests, audience=audience)
    return plan(present.situation), present.profiles


def _situation(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    rows: Mapping[ItemKey, LedgerRow],
    requests: Sequence[ServedRequestRow] | None = None,
    audience: Audience | None = None,
) -> DeviceSituation:
    return situations(
        tx,
        [enrollment],
        ledgers={enrollment.id: rows},
        audience=audience,
        requests=None if requests is None else {enrollment.id: requests},
    )[enrollment.id]


def plan_visit(visit: Visit) -> Plan:
    """Plan the device, and write its ledger, requests to the connector, revocations and profile states."""
    tx, device = visit.tx, visit.row.id
    before = visit.ledger
    present = visit.situation
    if present is None:
        present = _situation(tx, visit.row, rows=before, requests=visit.requests, audience=visit.audience)
    else:
        present = present.after(rows=before, requests=visit.requests)
    visit.situation = present
    new = plan(present.situation)
    changed = new.rows.values()
    visit.put_items(changed, causes=new.unwanted)
    visit.put_requests(_requests(visit, new.requests))
    tx.connectors_called |= bool(new.requests)
    revoked = [*new.revoked, *_unreported(tx, visit.row, causes=new.unwanted, before=before)]
    if revoked:
        revoke_planned(tx, device, revoked=revoked, user=visit.user)
        visit.read_items_again()
    for row in changed:
        old = before.get(row.key)
        if row.state is ItemState.FAILED and (old is None or old.problem != row.problem):
            record_item(tx, "failed", row=row, device=device, user=visit.user)
    for row in new.offered:
        record_item(tx, "delivered", row=row, device=device, user=visit.user)
    _write_states(visit, profiles=present.profiles)
    return new


def _unreported(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    causes: Mapping[ItemKey, Cause | Incident],
    before: Mapping[ItemKey, LedgerRow],
) -> list[tuple[LedgerRow, Cause | Incident]]:
    """What is revoked of certificates by SCEP that are not wanted any more before the device has reported them."""
    device = DeviceKind(enrollment.variant, tx.tenant.edition)
    rows = [before[key] for key in causes if key in before]
    issued = unreported(tx, enrollment.id, rows=rows)
    return [(row, causes[row.key]) for row in issued if verdict(row, device, cause=causes[row.key]).revoked]


def _requests(visit: Visit, requests: Sequence[ConnectorRequest]) -> list[RequestRow]:
    """Return the rows of requests. Their ids differ only in the last digits, so that they are written to one place of
    the database's index: each random one would be on a page of its own.
    """
    common = visit.tx.ids.uuid()[:-4] if requests else ""
    return [_request(visit, request, id=RequestId(f"{common}{n:04x}")) for n, request in enumerate(requests)]


def _request(visit: Visit, request: ConnectorRequest, *, id: RequestId) -> RequestRow:  # noqa: A002 - the column's name
    tx, enrollment = visit.tx, visit.row
    return RequestRow(
        id=id,
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment.id,
        item_key=request.item.key,
        fingerprint=request.fingerprint,
        role=_role(request),
        only_by=maker(tx, visit.requests, serials=_carried_serials(request, rows=visit.ledger)),
        leased_by=None,
        leased_until=None,
        answered_by=None,
        order=_order(request, user_id=enrollment.user_id),
        state="open",
        serial=None,
        error_code=None,
        message=None,
        created_at=tx.now,
        answered_at=None,
    )


def revoke_planned(
    tx: Transaction,
    enrollment_id: EnrollmentId,
    *,
    revoked: Sequence[tuple[LedgerRow, Cause | Incident]],
    user: str | None,
) -> None:
    """Revoke the certificates that a plan revokes, each with the cause."""
    for row, cause in revoked:
        if row.serial is not None:
            if not revocation.revoke_for_connector(
                tx, row.serial, device=enrollment_id, user=user, source=row.source.value
            ):
                continue
            tx.record("revocationCaused", user=user, device=enrollment_id, item=row.key, cause=cause.value)


def record_item(tx: Transaction, event: str, *, row: LedgerRow, device: EnrollmentId, user: str | None) -> None:
    """Record an event about one item on one device in the journal."""
    detail: JsonObject = {"item": row.key}
    if row.problem is not None:
        detail |= {"errorCode": row.problem.code, "reason": row.problem.message}
    certificate: JsonObject = {"thumbprint": row.thumbprint, "serial": row.serial, "source": row.source.value}
    if row.source is Source.ROOT and row.payload is not None and is_intermediate(row.payload):
        certificate["intermediate"] = True
    tx.record(
        event,
        user=user,
        device=device,
        profile=row.claims[0].profile if row.claims else None,
        certificate=certificate,
        **detail,
    )


def _order(request: ConnectorRequest, *, user_id: UserId | None) -> RequestOrder:
    """Return what the connector is asked to make."""
    if request.account is not None:
        return AccountOrder(user_id, request.account)
    if request.item.order is not None:
        return request.item.order
    assert user_id is not None
    assert request.item.thumbprint is not None
    return ImportedCertificateOrder(user_id, request.item.thumbprint)


def _role(request: ConnectorRequest) -> str:
    """The role of the connector that answers. An account with an imported certificate needs the connector that has the
    key of its import.
    """
    if request.account is None:
        return ROLES[request.item.source]
    carried = [certificate.item for certificate in request.account.certificates.values()]
    return ROLES[Source.IMPORTED if any(key_source(key) is Source.IMPORTED for key in carried) else Source.PKCS]


def _carried_serials(request: ConnectorRequest, *, rows: Mapping[ItemKey, LedgerRow]) -> set[str | None]:
    """The serial numbers of the certificates that an account carries and a connector made."""
    carried = () if request.account is None else tuple(request.account.certificates.values())
    return {rows[own.item].serial for own in carried if rows[own.item].source is Source.PKCS}


def _write_states(visit: Visit, *, profiles: Sequence[Profile]) -> None:
    outcomes = profile_outcomes(profiles, visit.ledger.values(), has_user=visit.row.user_id is not None)
    changed = []
    versions = {profile.id: profile.version for profile in profiles}
    for key, outcome in outcomes.items():
        old = visit.states.get(key)
        state = ProfileStateRow(
            enrollment_id=visit.row.id,
            profile_id=key,
            tenant_id=visit.tx.tenant.id,
            status=outcome.status,
            error_code=outcome.problem.code if outcome.problem else None,
            message=outcome.problem.message if outcome.problem else None,
            version=versions[key],
            reported_at=visit.tx.now if old is None else old.reported_at,
        )
        if state != old:
            changed.append(replace(state, reported_at=visit.tx.now))
    visit.put_states(changed, dropped=visit.states.keys() - outcomes.keys())


async def fulfilled(
    emulator: Emulator, tenant: Tenant, *, tasks: list[Task], connector: OwnConnector
) -> list[Fulfilled]:
    """Return the answers, without those for files that were not begun in time."""
    work = connector.fulfil
    own = [emulator.workers.submit(tenant.id, partial(_all, work, some)) for some in _apart(tasks)]
    opened = [task for task in tasks if task.opens]
    begun: dict[asyncio.Future[Fulfilled], tuple[Future[Fulfilled], Task]] = {}
    for task in opened:
        future = emulator.openers.submit(tenant.id, partial(work, task))
        begun[asyncio.wrap_future(future)] = (future, task)
    try:
        answers = [answer for some in own for answer in await asyncio.wrap_future(some)]
        late = await _wait_for_imported(begun, patience=emulator.patience)
        answers += [future.result() for future in begun if future.done() and not future.cancelled()]
        return answers + [_refused(begun[future][1], emulator.patience) for future in late]
    finally:
        for some in own:
            some.cancel()
        for waiting in begun:
            waiting.cancel()


def _apart(tasks: list[Task]) -> list[list[Task]]:
    """Return the tasks that open no file for the first time, in the parts that threads do: each new certificate by
    itself, since its key may have to be made; together all that is only sealed, which takes no longer than handing it
    over.
    """
    own = [task for task in tasks if not task.opens]
    sealed = [task for task in own if task.application is None]
    return [*([task] for task in own if task.application is not None), *([sealed] if sealed else [])]


def _all(work: Callable[[Task], Fulfilled], tasks: list[Task]) -> list[Fulfilled]:
    return [work(task) for task in tasks]


async def _wait_for_imported(
    begun: dict[asyncio.Future[Fulfilled], tuple[Future[Fulfilled], Task]], *, patience: float
) -> set[asyncio.Future[Fulfilled]]:
    """Wait for the files that are opened for the first time; return those that have begun and not ended."""
    late = {future for future, (_, task) in begun.items() if task.opens and not future.done()}
    if late:
        _, late = await asyncio.wait(late, timeout=patience)
    running = {future for future in late if not begun[future][0].cancel()}
    for future in late - running:
        future.cancel()
    if running:
        _, running = await asyncio.wait(running, timeout=patience)
    return running


def _refused(task: Task, patience: float) -> Fulfilled:
    order = task.request.order
    mark = order.thumbprint if isinstance(order, ImportedCertificateOrder) else task.request.item_key
    why = f"The imported file of {mark} takes longer than {patience:g} seconds to open: it asks for too much work."
    return Fulfilled(task=task, done=Done(refusal=PfxBroken(why)))
