"""A check-in of a device that is told step by step (Apple's MDM, OMA-DM): its answers come in, its next steps go out.

A platform's translator makes commands of steps and steps' answers of what the device says; everything else is here.
An install that the device confirms is believed only when an inventory shows it, for some clients confirm everything and
keep nothing; where the device cannot say what it holds, its word counts. It is asked after every install, every seven
days and when an administrator synchronises it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol, assert_never

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.engine.planning.ledger import moved
from fauxtune.core.engine.planning.report import Inventory, apply_inventory
from fauxtune.core.engine.planning.steps import (
    PlannedStep,
    SentStep,
    StepKind,
    StepState,
    confirmed_items,
    due_steps,
    planned_steps,
)
from fauxtune.core.engine.removal.decisions import DeviceKind, is_to_go
from fauxtune.core.errors import Invalid
from fauxtune.core.model.actions import WAITING, DeviceAction
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.cms import open_envelope
from fauxtune.operations.ca import authorities
from fauxtune.operations.checkin.checkin import Report, note_changes, quiet_version, take_turn
from fauxtune.operations.checkin.deliverables import Deliverable, deliverables
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices.actions import Order
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.devices.inventory_facts import note_facts
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.secret_packaging import Packagings
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import device_actions as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import steps as step_queries
from fauxtune.storage.rows.devices import EnrollmentRow

Json = dict[str, Any]

#: Intune: hardware and software inventory is refreshed every seven days.
INVENTORY_EVERY = timedelta(days=7)
#: A conversation reports nothing of itself: what the device says comes as answers.
_SILENT = Report(digest="conversation", read=lambda _version, _rows: Inventory(complete=False))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the device is told. `item`: of an install with its bytes, of a removal its row alone; `order` of
    an action; `part`: the platform's name of a question.
    """

    id: str
    kind: StepKind
    item: Deliverable | None = None
    order: Order | None = None
    part: str | None = None


class Result(StrEnum):
    """How a step went."""

    DONE = "done"
    REFUSED = "refused"
    LATER = "later"
    UNSUPPORTED = "unsupported"  # the device does not know such a command


@dataclass(frozen=True, slots=True)
class StepResult:
    """What the device says of one step; one that nobody awaits is ignored. `data` answers a question."""

    step: str
    result: Result
    problem: Problem | None = None
    data: Json | None = None


class PlatformAdapter(Protocol):
    """What a platform's translator knows and the conversation does not."""

    def inventory_parts(self, variant: Variant) -> Sequence[str]:
        """The questions that tell what the device holds."""
        ...

    def information_parts(self, variant: Variant) -> Sequence[str]:
        """The questions that tell what the device is."""
        ...

    def parts_that_tell(self, key: ItemKey) -> AbstractSet[str]:
        """The questions of the inventory whose answers tell whether this item is there."""
        ...

    def inventory(
        self, answers: Mapping[str, Json], *, rows: Mapping[ItemKey, LedgerRow], acknowledged: AbstractSet[ItemKey]
    ) -> Inventory:
        """What the device holds. A part that it could not answer is not there; what no part can tell is held if it is
        acknowledged or was installed.
        """
        ...

    def facts(self, answers: Mapping[str, Json]) -> dict[str, Any]:
        """What the device is, by the names of Graph's managedDevice."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange: who says what. `begins`: the device opens the conversation. At most `limit` steps are wanted."""

    caller: DeviceCaller
    begins: bool
    wire: PlatformAdapter
    answers: Sequence[StepResult] = field(default_factory=tuple)
    limit: int = 1


async def converse(emulator: Emulator, tenant: Tenant, *, talk: Exchange) -> tuple[Step, ...]:
    """The device's next steps; none: there is nothing more to say. Two exchanges of one device at once are served one
    after the other.

    Unauthenticated, NotFound or EnrollmentEnded for a caller that is no device of this tenant, or none any more.
    """
    run = emulator.runner.run

    def tell(tx: Transaction) -> tuple[Step, ...]:
        return _next(tx, talk, keys=emulator.keys, packagings=emulator.packagings)

    def exchange(tx: Transaction) -> tuple[tuple[Step, ...], bool]:
        """What is told at once, and whether there is anything to plan before more can be told."""
        if not _hear(tx, talk):
            return (), False
        steps = () if talk.begins else tell(tx)
        return steps, not steps and _is_due(tx, talk)

    if talk.begins and not talk.answers:
        quiet = await quiet_version(emulator, tenant, caller=talk.caller, report=_SILENT)
        if quiet is not None:
            return ()
    async with emulator.turns.of(talk.caller.enrollment_id):
        steps, is_due = await run(tenant, exchange)
        if is_due:
            await take_turn(emulator, tenant, caller=talk.caller, report=_SILENT)
            steps = await run(tenant, tell)
        return steps


def set_wire_state(tx: Transaction, enrollment_id: EnrollmentId, *, state: Json) -> None:
    """Keep this about the device, in place of what was kept."""
    queries.change_enrollment(tx.connection, enrollment_id, wire_state=state)


def _hear(tx: Transaction, talk: Exchange) -> bool:
    """Take in what the device says. False: its enrolment is over by that."""
    row = identified(tx, talk.caller, lock=True)
    if talk.begins:
        step_queries.restart_steps(tx.connection, row.id)
        waiting = action_queries.actions(tx.connection, row.id, states=WAITING)
        if any(each.action == DeviceAction.SYNC for each in waiting):
            queries.change_enrollment(tx.connection, row.id, inventory_at=tx.now)
    told = {each.id: each for each in step_queries.sent_steps(tx.connection, row.id)}
    for answered in talk.answers:
        step = told.get(answered.step)
        awaited = step is not None and step.state in (StepState.SENT, StepState.WAITING, StepState.LATER)
        if step is not None and awaited and not _heard(tx, row, step=step, answered=answered):
            return False
    if talk.answers:
        _conclude(tx, row, wire=talk.wire)
    return True


def _heard(tx: Transaction, row: EnrollmentRow, *, step: SentStep, answered: StepResult) -> bool:
    """One answer. False: the enrolment is over by it."""
    if answered.result is Result.LATER:
        step_queries.change_step(tx.connection, step.id, state=StepState.LATER)
        return True
    match step.step.kind:
        case StepKind.INSTALL:
            _heard_of_install(tx, row, step=step, answered=answered)
        case StepKind.REMOVE:
            _heard_of_removal(tx, row, step=step, answered=answered)
        case StepKind.ACTION:
            return _heard_of_action(tx, row, step=step, answered=answered)
        case StepKind.QUESTION:
            step_queries.change_step(tx.connection, step.id, state=StepState.ANSWERED, answer=answered.data)
        case _:
            assert_never(step.step.kind)
    return True


def _heard_of_install(tx: Transaction, row: EnrollmentRow, *, step: SentStep, answered: StepResult) -> None:
    if answered.result is Result.DONE:
        step_queries.change_step(tx.connection, step.id, state=StepState.CONFIRMED)
        return
    step_queries.change_step(tx.connection, step.id, state=StepState.REFUSED)
    rows = queries.ledger_rows(tx.connection, row.id)
    current = rows.get(ItemKey(step.step.subject))
    if current is not None and current.fingerprint == step.step.fingerprint:
        refused = {current.key: answered.problem or Problem(REMEDIATION_FAILED, "The device refused it.")}
        _write(tx, row, before=rows, changed=apply_inventory(rows.values(), Inventory(refused=refused, complete=False)))


def _heard_of_removal(tx: Transaction, row: EnrollmentRow, *, step: SentStep, answered: StepResult) -> None:
    if answered.result is not Result.DONE:
        # It is told again when something else makes the device due: asking at each visit would be asking for ever.
        step_queries.change_step(tx.connection, step.id, state=StepState.REFUSED)
        why = answered.problem.message if answered.problem else "The device did not remove it."
        tx.record("refused", device=row.id, item=step.step.subject, reason=why)
        return
    step_queries.delete_steps(tx.connection, row.id, ids=[step.id])
    rows = queries.ledger_rows(tx.connection, row.id)
    gone = rows.get(ItemKey(step.step.subject))
    if gone is not None and is_to_go(gone, _kind(tx, row)):
        after = ItemState.REMOVED if gone.state is ItemState.REMOVING else gone.state
        changed = {gone.key: moved(gone, after, installed_fingerprint=None)}
        _write(tx, row, before=rows, changed=changed)


def _heard_of_action(tx: Transaction, row: EnrollmentRow, *, step: SentStep, answered: StepResult) -> bool:
    step_queries.delete_steps(tx.connection, row.id, ids=[step.id])
    if step.step.subject not in {each.id for each in device_actions.pending(tx, row)}:
        return True  # it was called off meanwhile
    error = None
    if answered.result is not Result.DONE:
        error = answered.problem.message if answered.problem else "The device refused it."
    supported = answered.result is not Result.UNSUPPORTED
    device_actions.complete(tx, row, action_id=step.step.subject, error=error, supported=supported)
    after = queries.enrollment(tx.connection, row.id)
    return after is not None and after.state != EnrollmentState.ENDED.value


def _conclude(tx: Transaction, row: EnrollmentRow, *, wire: PlatformAdapter) -> None:
    """When all that was asked is answered or put off: see what the device holds and is, as far as the answers tell.
    An item that a question tells of which was put off waits for that question.
    """
    told = step_queries.sent_steps(tx.connection, row.id)
    states = {each.step.subject: each.state for each in told if each.step.kind is StepKind.QUESTION}
    asked = {part: states.get(part) for part in _questions(tx, row, told=told, wire=wire)}
    if StepState.ANSWERED not in asked.values() or set(asked.values()) - {StepState.ANSWERED, StepState.LATER}:
        return
    put_off = _put_off(told)
    rows = queries.ledger_rows(tx.connection, row.id)
    waiting = {key for key in rows if put_off & wire.parts_that_tell(key)}
    judged = {key: each for key, each in rows.items() if key not in waiting}
    acknowledged = confirmed_items(told) - waiting
    answers = step_queries.question_answers(tx.connection, row.id)
    changed = apply_inventory(judged.values(), wire.inventory(answers, rows=judged, acknowledged=acknowledged))
    for key in acknowledged & judged.keys():
        after = changed.get(key, judged[key])
        if after.state is ItemState.SENT:
            why = "The device confirmed that it installed it, and its inventory does not show it."
            changed[key] = moved(after, ItemState.FAILED, problem=Problem(REMEDIATION_FAILED, why))
    _write(tx, row, before=rows, changed=changed)
    wanted = {part for key in waiting for part in wire.parts_that_tell(key)}
    wanted |= put_off & set(wire.information_parts(Variant(row.variant)))
    step_queries.delete_steps(tx.connection, row.id, ids=_over(told, waiting=waiting, wanted=wanted))
    if _is_inventory_due(tx, row):
        queries.change_enrollment(tx.connection, row.id, inventory_at=tx.now + INVENTORY_EVERY)
    note_facts(tx, row, facts=wire.facts(answers))


def _over(told: Sequence[SentStep], *, waiting: AbstractSet[ItemKey], wanted: AbstractSet[str]) -> list[str]:
    """The confirmed installs and the questions that nothing waits for any more."""
    over = []
    for each in told:
        if each.step.kind is StepKind.QUESTION:
            is_over = each.step.subject not in wanted
        else:
            is_over = each.state is StepState.CONFIRMED and each.step.subject not in waiting
        if is_over:
            over.append(each.id)
    return over


def _put_off(told: Sequence[SentStep]) -> frozenset[str]:
    """The questions that the device has put off."""
    return frozenset(
        each.step.subject for each in told if each.step.kind is StepKind.QUESTION and each.state is StepState.LATER
    )


def _questions(
    tx: Transaction, row: EnrollmentRow, *, told: Sequence[SentStep], wire: PlatformAdapter
) -> tuple[str, ...]:
    """What the device is to be asked now: what it is, and after an install what it holds; and what it was asked before
    and has not concluded.
    """
    variant = Variant(row.variant)
    inventory, information = wire.inventory_parts(variant), wire.information_parts(variant)
    if _is_inventory_due(tx, row):
        return (*inventory, *information)
    put_off = _put_off(told)
    is_new = any(not put_off & wire.parts_that_tell(key) for key in confirmed_items(told))
    before = {each.step.subject for each in told if each.step.kind is StepKind.QUESTION}
    return tuple(part for part in (*inventory, *information) if part in before or (is_new and part in inventory))


def _is_inventory_due(tx: Transaction, row: EnrollmentRow) -> bool:
    return row.inventory_at is not None and bool(row.inventory_at <= tx.now)


def _write(
    tx: Transaction, row: EnrollmentRow, *, before: Mapping[ItemKey, LedgerRow], changed: Mapping[ItemKey, LedgerRow]
) -> None:
    note_changes(tx, row, before=before, changed=changed)
    queries.put_ledger_rows(tx.connection, tx.tenant.id, enrollment_id=row.id, changed=changed.values(), at=tx.now)
    if changed:
        queries.change_enrollment(tx.connection, row.id, due_at=tx.now)


def _is_due(tx: Transaction, talk: Exchange) -> bool:
    """Is there anything to plan? A device whose end was ordered is told of it, and planned no more."""
    if talk.begins:
        return True
    row = identified(tx, talk.caller)
    return row.generation != row.settled_generation or bool(row.due_at <= tx.now)


def _kind(tx: Transaction, row: EnrollmentRow) -> DeviceKind:
    return DeviceKind(Variant(row.variant), tx.tenant.edition)


def _next(tx: Transaction, talk: Exchange, *, keys: KeyStore, packagings: Packagings) -> tuple[Step, ...]:
    """What the device is told now; written down, so that it is not quiet before it has answered."""
    row = identified(tx, talk.caller, lock=True)
    told = step_queries.sent_steps(tx.connection, row.id)
    orders = {each.id: each for each in device_actions.pending(tx, row)}
    ending = row.state == EnrollmentState.ENDING.value
    rows = {} if ending else queries.ledger_rows(tx.connection, row.id)
    wished = planned_steps(
        rows.values(),
        device=_kind(tx, row),
        orders=list(orders),
        questions=() if ending else _questions(tx, row, told=told, wire=talk.wire),
        again=_is_inventory_due(tx, row),
        sent=told,
    )
    stale = [each.id for each in told if each.step not in wished and each.state is not StepState.REFUSED]
    step_queries.delete_steps(tx.connection, row.id, ids=stale)
    making = _Making(tx=tx, enrollment=row, rows=rows, orders=orders, keys=keys, packagings=packagings)
    steps = making.steps(due_steps(wished, told)[: talk.limit])
    telling = [SentStep(step.id, planned_step, StepState.SENT) for step, planned_step in steps]
    step_queries.put_steps(tx.connection, tx.tenant.id, enrollment_id=row.id, sent=telling, at=tx.now)
    over = (StepState.CONFIRMED, StepState.REFUSED)
    left = [each for each in told if each.id not in stale and each.state not in over]
    if (telling or left) and row.due_at > tx.now:
        queries.change_enrollment(tx.connection, row.id, due_at=tx.now)
    return tuple(step for step, _wish in steps)


@dataclass(frozen=True, slots=True)
class _Making:
    """Makes steps of wishes, with all that they carry."""

    tx: Transaction
    enrollment: EnrollmentRow
    rows: Mapping[ItemKey, LedgerRow]
    orders: Mapping[str, Order]
    keys: KeyStore
    packagings: Packagings

    def steps(self, chosen: Sequence[tuple[PlannedStep, str | None]]) -> list[tuple[Step, PlannedStep]]:
        """One whose bytes are gone is left out: it is on its way to removal."""
        wanted = {
            ItemKey(planned_step.subject) for planned_step, _id in chosen if planned_step.kind is StepKind.INSTALL
        }
        found = deliverables(self.tx.connection, self.enrollment, keys=wanted) if wanted else []
        items = {each.row.key: self._opened(each) for each in found}
        made = []
        for planned_step, before in chosen:
            key, id_ = ItemKey(planned_step.subject), before or self.tx.ids.uuid()
            match planned_step.kind:
                case StepKind.INSTALL:
                    step = Step(id_, planned_step.kind, item=items[key]) if key in items else None
                case StepKind.REMOVE:
                    step = Step(id_, planned_step.kind, item=Deliverable(row=self.rows[key]))
                case StepKind.ACTION:
                    step = Step(id_, planned_step.kind, order=self.orders[planned_step.subject])
                case StepKind.QUESTION:
                    step = Step(id_, planned_step.kind, part=planned_step.subject)
                case _:
                    assert_never(planned_step.kind)
            if step is not None:
                made.append((step, planned_step))
        return made

    def _opened(self, item: Deliverable) -> Deliverable:
        """Where the tenant wants plain profiles, what was sealed for the service is opened."""
        packaging = self.packagings.get(Platform(self.enrollment.platform))
        switch = None if packaging is None else packaging.plain_switch
        if item.sealed is None or switch is None or not self.tx.tenant.setting(switch):
            return item
        authority = authorities.load(self.tx.connection, self.tx.tenant, name="devices", keys=self.keys)
        assert isinstance(authority.key, RSAPrivateKey)
        try:
            opened = open_envelope(item.sealed, certificate=authority.certificate, key=authority.key)
        except Invalid:
            return item  # it was sealed for the device before the switch was turned
        return replace(item, opened=opened)
