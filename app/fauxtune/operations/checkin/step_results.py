"""Taking in the results of steps. An install that the device confirms counts as installed only when an inventory shows
it, for some clients confirm everything and keep nothing; where the device cannot list what it holds, its confirmation
counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import assert_never

from fauxtune.core.engine.planning.ledger import moved
from fauxtune.core.engine.planning.reported_items import Inventory, apply_inventory
from fauxtune.core.engine.planning.steps import SentStep, confirmed_items
from fauxtune.core.engine.removal.decisions import DeviceKind, is_to_go
from fauxtune.core.model.actions import DeviceAction, EscrowKind, StepKind, StepState
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem
from fauxtune.core.model.states import ItemState
from fauxtune.operations.checkin import steps
from fauxtune.operations.checkin.checkin import take_in_changes
from fauxtune.operations.checkin.scep_reports import with_issued
from fauxtune.operations.checkin.steps import Exchange, PlatformAdapter, Result, StepResult
from fauxtune.operations.compliance.occasions import FACTS_EVERY, judge_now
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices.caller import is_live
from fauxtune.operations.devices.escrow import keep_sealed
from fauxtune.operations.devices.records import write_news
from fauxtune.operations.visits.visit import Visit
from fauxtune.storage.rows.devices import EnrollmentRow

#: Intune: hardware and software inventory is refreshed every seven days.
INVENTORY_EVERY = timedelta(days=7)
_ABOUT_APPS = (StepKind.INSTALL_APP, StepKind.REMOVE_APP, StepKind.LIST_APPS)


def apply_results(visit: Visit, exchange: Exchange) -> bool:
    """Take in the results that the device reports. Return whether its enrolment is still live after them."""
    if exchange.begins:
        _restart(visit)
        if exchange.has_news or any(action.action is DeviceAction.SYNC for action in visit.actions):
            visit.change(inventory_at=visit.tx.now)
    if not exchange.results:
        return True
    sent = {step.id: step for step in visit.sent}
    for result in exchange.results:
        step = sent.get(result.step)
        is_open = step is not None and step.state in (StepState.SENT, StepState.WAITING, StepState.LATER)
        if step is None or not is_open:
            continue
        if step.step.kind in _ABOUT_APPS and result.result is not Result.LATER:
            steps.apply(visit, step=step, result=result, adapter=exchange.adapter)
        elif not _apply_result(visit, step=step, result=result):
            return False
    confirmed = _confirmed_now(sent, exchange.results)
    # What was answered earlier does not tell about them.
    parts = {part for key in confirmed for part in exchange.adapter.parts_that_tell(key)}
    visit.drop_steps([step.id for step in sent.values() if _is_answered(step) and step.step.subject in parts])
    _apply_answers(visit, adapter=exchange.adapter, confirmed=confirmed)
    return True


def _confirmed_now(sent: Mapping[str, SentStep], results: Sequence[StepResult]) -> frozenset[ItemKey]:
    """The items whose installs these results confirm."""
    done = [sent[result.step].step for result in results if result.step in sent and result.result is Result.DONE]
    return frozenset(ItemKey(step.subject) for step in done if step.kind is StepKind.INSTALL)


def _is_answered(step: SentStep) -> bool:
    return step.step.kind is StepKind.QUESTION and step.state is StepState.ANSWERED


def _restart(visit: Visit) -> None:
    """Begin a new conversation: steps that were sent or put off wait to be sent again, refused ones may be planned
    again.
    """
    steps.restart(visit)
    for step in visit.sent:
        if step.state is StepState.REFUSED:
            visit.drop_steps([step.id])
        elif step.state in (StepState.SENT, StepState.LATER):
            visit.change_step(step.id, state=StepState.WAITING)


def questions(
    visit: Visit,
    *,
    adapter: PlatformAdapter,
    keys: Collection[ItemKey] = (),
    going: AbstractSet[ItemKey] = frozenset(),
) -> tuple[str, ...]:
    """Return the questions for the device now: all of them when its inventory is due, those of the inventory after an
    install, and those that it was sent and whose answers were not taken in yet. `keys`: the device's items, for which
    it is asked more; `going`: those whose installs go to it for the first time, before the questions.
    """
    row, sent = visit.row, visit.sent
    before = {step.step.subject for step in sent if step.step.kind is StepKind.QUESTION}
    inventory = [
        part for part in adapter.inventory_parts(row.variant) if part in before or adapter.is_needed(part, keys=keys)
    ]
    information = adapter.information_parts(row.variant, known=row.facts)
    if is_inventory_due(visit):
        return (*inventory, *information)
    put_off = _put_off(sent)
    is_new = any(not put_off & adapter.parts_that_tell(key) for key in confirmed_items(sent) | going)
    return tuple(part for part in (*inventory, *information) if part in before or (is_new and part in inventory))


def is_inventory_due(visit: Visit) -> bool:
    """Whether the device's inventory is to be refreshed: every seven days, or each day where devices are judged by it,
    when an admin synchronises it, and when the device begins a conversation with news.
    """
    return visit.row.inventory_at is not None and visit.row.inventory_at <= visit.tx.now


def _apply_result(visit: Visit, *, step: SentStep, result: StepResult) -> bool:
    """Return whether the enrolment is still live after it."""
    if result.result is Result.LATER:
        visit.change_step(step.id, state=StepState.LATER)
        return True
    match step.step.kind:
        case StepKind.INSTALL:
            _apply_install(visit, step=step, result=result)
        case StepKind.REMOVE:
            _apply_removal(visit, step=step, result=result)
        case StepKind.ACTION:
            return _apply_action(visit, step=step, result=result)
        case StepKind.QUESTION:
            visit.change_step(step.id, state=StepState.ANSWERED, answer=result.data)
        case StepKind.INSTALL_APP | StepKind.REMOVE_APP | StepKind.LIST_APPS:
            raise AssertionError(f"{step.step.kind} is for app_steps")
        case _:
            assert_never(step.step.kind)
    return True


def _apply_install(visit: Visit, *, step: SentStep, result: StepResult) -> None:
    if result.result is Result.DONE:
        visit.change_step(step.id, state=StepState.CONFIRMED)
        return
    visit.change_step(step.id, state=StepState.REFUSED)
    rows = visit.ledger
    current = rows.get(ItemKey(step.step.subject))
    if current is not None and current.fingerprint == step.step.fingerprint:
        refused = {current.key: result.problem or Problem(REMEDIATION_FAILED, "The device refused it.")}
        _write(visit, apply_inventory(rows.values(), Inventory(refused=refused, complete=False)))


def _apply_removal(visit: Visit, *, step: SentStep, result: StepResult) -> None:
    if result.result is not Result.DONE:
        # It is sent again when something else makes the device due: at each visit it would be sent without end.
        visit.change_step(step.id, state=StepState.REFUSED)
        why = result.problem.message if result.problem else "The device did not remove it."
        visit.tx.record("refused", device=visit.row.id, item=step.step.subject, reason=why)
        return
    visit.drop_steps([step.id])
    gone = visit.ledger.get(ItemKey(step.step.subject))
    if gone is not None and is_to_go(gone, DeviceKind(visit.row.variant, visit.tx.tenant.edition)):
        after = ItemState.REMOVED if gone.state is ItemState.REMOVING else gone.state
        _write(visit, {gone.key: moved(gone, after, installed_fingerprint=None)})


def _apply_action(visit: Visit, *, step: SentStep, result: StepResult) -> bool:
    visit.drop_steps([step.id])
    if step.step.subject not in {action.id for action in visit.actions if action.action is not DeviceAction.SYNC}:
        return True  # it was cancelled meanwhile
    error = None
    if result.result is not Result.DONE:
        error = result.problem.message if result.problem else "The device refused it."

    def complete(row: EnrollmentRow) -> None:
        supported = result.result is not Result.UNSUPPORTED
        device_actions.complete(
            visit.tx, row, action_id=step.step.subject, error=error, supported=supported, answer=result.data
        )

    visit.aside(complete)
    return is_live(visit.row)


def _apply_answers(visit: Visit, *, adapter: PlatformAdapter, confirmed: AbstractSet[ItemKey]) -> None:
    """Take in the device's inventory and facts, once all questions are answered or put off. An item that only a
    question shows which was put off waits for that question. `confirmed`: the items that the device has confirmed in
    the same message: those that it does not show are asked for once more, as it may have answered before it installed.
    """
    tx, sent = visit.tx, visit.sent
    states = {step.step.subject: step.state for step in sent if step.step.kind is StepKind.QUESTION}
    present = {states.get(part) for part in questions(visit, adapter=adapter)}
    if StepState.ANSWERED not in present or present - {StepState.ANSWERED, StepState.LATER}:
        return
    put_off = _put_off(sent)
    rows, answers = visit.ledger, visit.answers
    waiting = {key for key in rows if put_off & adapter.parts_that_tell(key)}
    judged = {key: item for key, item in rows.items() if key not in waiting}
    acknowledged = confirmed_items(sent) - waiting
    inventory = adapter.inventory(answers, rows=judged, acknowledged=acknowledged)
    acknowledged -= inventory.pending
    changed = apply_inventory(judged.values(), with_issued(tx, visit.row, rows=judged, inventory=inventory))
    unseen = {key for key in acknowledged & judged.keys() if changed.get(key, judged[key]).state is ItemState.SENT}
    for key in unseen - confirmed:
        why = "The device confirmed that it installed it, and its inventory does not show it."
        changed[key] = moved(changed.get(key, judged[key]), ItemState.FAILED, problem=Problem(REMEDIATION_FAILED, why))
    _write(visit, changed)
    needed = {part for key in waiting for part in adapter.parts_that_tell(key)}
    information = set(adapter.information_parts(visit.row.variant, known=visit.row.facts))
    needed |= put_off & information
    visit.drop_steps(_finished(sent, waiting=waiting | inventory.pending | (unseen & confirmed), needed=needed))
    if is_inventory_due(visit):
        visit.change(inventory_at=tx.now + (FACTS_EVERY if tx.tenant.judges_devices else INVENTORY_EVERY))
    sealed = adapter.sealed_key(answers)
    if sealed is not None:
        keep_sealed(tx, visit.row, kind=EscrowKind.FILE_VAULT, sealed=sealed)
    news = write_news(tx, visit.row, facts=adapter.facts(answers, variant=visit.row.variant))
    if news is not None:
        visit.change(facts=news.facts)
        if news.replans:
            visit.plan_again()
    if tx.tenant.judges_devices:
        visit.aside(lambda row: judge_now(tx, row, audience=visit.audience))
    if not information.issuperset(adapter.information_parts(visit.row.variant, known=visit.row.facts)):
        # What is known now allows more questions.
        visit.change(inventory_at=tx.now)


def _finished(sent: Sequence[SentStep], *, waiting: AbstractSet[ItemKey], needed: AbstractSet[str]) -> list[str]:
    """The ids of the confirmed installs and of the questions that nothing waits for any more."""
    finished = []
    for step in sent:
        if step.step.kind is StepKind.QUESTION:
            is_finished = step.step.subject not in needed
        elif step.step.kind in _ABOUT_APPS:
            is_finished = False
        else:
            is_finished = step.state is StepState.CONFIRMED and step.step.subject not in waiting
        if is_finished:
            finished.append(step.id)
    return finished


def _put_off(sent: Sequence[SentStep]) -> frozenset[str]:
    """The questions that the device has put off."""
    return frozenset(
        step.step.subject for step in sent if step.step.kind is StepKind.QUESTION and step.state is StepState.LATER
    )


def _write(visit: Visit, changed: Mapping[ItemKey, LedgerRow]) -> None:
    take_in_changes(visit, changed)
    if changed:
        visit.change(due_at=visit.tx.now)
