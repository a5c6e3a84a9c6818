"""A check-in of a device that is managed step by step (Apple's MDM, OMA-DM): the results of its last steps are
taken in, and its next steps are returned.

Next steps are returned with the bytes that they carry; which ones and in which order is decided in
`core/engine/planning/steps.py`. They are written down, so that the device is not quiet before it has reported their
results.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.engine.planning.steps import PlannedStep, SentStep, due_steps, new_installs, planned_steps
from fauxtune.core.engine.removal.decisions import DeviceKind
from fauxtune.core.errors import Invalid
from fauxtune.core.model.actions import DeviceAction, EscrowKind, StepKind, StepState
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow, key_source
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.states import EnrollmentState, Source
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.cms import open_envelope
from fauxtune.operations.ca import authorities
from fauxtune.operations.checkin.checkin import Begun, begin_visit, finish_visit, fulfilled
from fauxtune.operations.checkin.deliverables import Deliverable, deliverables
from fauxtune.operations.checkin.fulfilment import Fulfilled
from fauxtune.operations.checkin.own_connector import OwnConnector
from fauxtune.operations.checkin.report import Report, quiet
from fauxtune.operations.checkin.step_results import apply_results, is_inventory_due, questions
from fauxtune.operations.checkin.steps import Answer, Exchange, Step, app_question, app_steps, delivery, listed
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import escrow
from fauxtune.operations.devices.actions import Order
from fauxtune.operations.devices.caller import is_live, refuse_ended
from fauxtune.operations.runtime.emulator import Emulator, Packagings
from fauxtune.operations.runtime.faults import strikes
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.visit import Visit, visiting, visiting_again
from fauxtune.storage.rows.devices import EnrollmentRow

#: A conversation has no report of its own: the device reports by answers.
_NO_REPORT = Report(digest="conversation", read=lambda _version, _rows: Inventory(complete=False))


async def converse(emulator: Emulator, tenant: Tenant, *, exchange: Exchange) -> Answer:
    """Take in the device's results; return its next steps. Two exchanges of one device at once are served one after the
    other.

    Raises Unauthenticated, NotFound or EnrollmentEnded as `identified`.
    """
    runner = emulator.runner
    can_be_quiet = exchange.begins and not exchange.results and not exchange.has_news

    async with emulator.turns.of(exchange.caller.credential):
        if can_be_quiet:
            known = await quiet(emulator, tenant, caller=exchange.caller, report=_NO_REPORT)
            if known is not None:
                return Answer(known.enrollment_id)
        tenant = await runner.as_it_is(tenant)
        connector = OwnConnector.of(emulator, tenant)
        begun = await runner.run_check_in(tenant, _begin, exchange, connector=connector)
        if not isinstance(begun, Begun):
            return begun
        answers = await fulfilled(emulator, tenant, tasks=begun.tasks, connector=connector)
        answer = await runner.run_check_in(tenant, _finish, exchange, begun=begun, answers=answers, connector=connector)
        return refuse_ended(answer) if isinstance(answer, EnrollmentRow) else answer


def _begin(tx: Transaction, exchange: Exchange, *, connector: OwnConnector) -> Answer | Begun:
    """Return the next steps, or what connectors have to do first."""
    with visiting(tx, exchange.caller) as visit:
        if not apply_results(visit, exchange):
            return Answer(visit.row.id, row=visit.row)
        if not exchange.begins:
            known = next_steps(visit, exchange, connector=connector)
            if not known.is_due:
                return _answer(visit, known)
        # A device that begins with results was not asked yet whether it is quiet after them.
        if exchange.begins and visit.is_quiet(_NO_REPORT.digest):
            visit.change(last_checkin_at=tx.now)
        else:
            begun = begin_visit(visit, report=_NO_REPORT, connector=connector)
            if begun.tasks:
                return begun
        return _answer(visit, next_steps(visit, exchange, connector=connector))


def _answer(visit: Visit, known: NextSteps) -> Answer:
    return Answer(visit.row.id, known.steps, visit.row)


def _finish(
    tx: Transaction,
    exchange: Exchange,
    *,
    begun: Begun,
    answers: list[Fulfilled],
    connector: OwnConnector,
) -> Answer | EnrollmentRow:
    """Store what connectors have done, and return the next steps; the enrolment if it has ended meanwhile."""
    with visiting_again(tx, begun.left) as visit:
        finish_visit(visit, begun=begun, answers=answers)
        if not is_live(visit.row):
            return visit.row
        return _answer(visit, next_steps(visit, exchange, connector=connector))


# What the command of an order has beside the order's details: secrets, which are read only while it is written.


def with_secrets(tx: Transaction, order: Order, *, enrollment: EnrollmentRow, keys: KeyStore) -> Order:
    """Return the order with the secrets of its command.

    Apple: ClearPasscode has the token that the device sent, RotateFileVaultKey the present key, and the certificate for
    which the new one is sealed.
    """
    if order.action is DeviceAction.RESET_PASSCODE and enrollment.wire_state is not None:
        token = enrollment.wire_state.get("unlockToken")
        return order if token is None else replace(order, secrets={"unlockToken": token})
    if order.action is DeviceAction.ROTATE_FILEVAULT_KEY:
        certificate = authorities.certificate(tx.connection, tx.tenant, name=escrow.AUTHORITY)
        secrets = {"certificate": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}
        present = escrow.current_secret(tx, enrollment, kind=EscrowKind.FILE_VAULT, keys=keys)
        return replace(order, secrets=secrets if present is None else secrets | {"recoveryKey": present})
    return order


#: The platforms whose devices can answer NotNow.
_APPLE = (Platform.IOS, Platform.IPADOS, Platform.MACOS)


@dataclass(frozen=True, slots=True)
class NextSteps:
    """The steps for the device; `is_due`: it has to be planned before there can be any."""

    steps: tuple[Step, ...]
    is_due: bool


def next_steps(visit: Visit, exchange: Exchange, *, connector: OwnConnector) -> NextSteps:
    """Return the next steps, and write them down. A device that is ending is sent its orders only."""
    tx, row, sent = visit.tx, visit.row, visit.sent
    orders = {order.id: order for order in device_actions.orders(tx, row, waiting=visit.actions)}
    is_ending = row.state is EnrollmentState.ENDING
    items = {} if is_ending else visit.ledger
    again, together = is_inventory_due(visit), exchange.limit > 1
    going = new_installs(items.values(), again=again, sent=sent) if together else frozenset()
    planned = planned_steps(
        items.values(),
        device=DeviceKind(row.variant, tx.tenant.edition),
        orders=list(orders),
        questions=() if is_ending else questions(visit, adapter=exchange.adapter, keys=items.keys(), going=going),
        again=again,
        sent=sent,
        apps=() if is_ending else app_steps(visit, again=again),
        app_question=() if is_ending else app_question(visit, sent, again=again),
        together=together,
    )
    stale = [step.id for step in sent if step.step not in planned and step.state is not StepState.REFUSED]
    visit.drop_steps(stale)
    builder = _StepBuilder(visit, items=items, orders=orders, keys=connector.keys, packagings=connector.packagings)
    built = builder.steps(due_steps(planned, sent)[: exchange.limit])
    state = StepState.SENT
    if built and row.platform in _APPLE and strikes(tx, "deviceNotNow", device=row.id):
        # It gets no command: the server goes on as if the device had answered each one with NotNow.
        state, built = StepState.LATER, builder.steps(due_steps(planned, sent))
    new = [SentStep(step.id, planned_step, state) for step, planned_step in built]
    visit.put_steps(new)
    has_open = any(step.id not in stale and _is_open(step) for step in sent)
    if (new or has_open) and row.due_at > tx.now:
        visit.change(due_at=tx.now)
    visit.continues = bool(built) and state is StepState.SENT
    if state is StepState.LATER:
        return NextSteps((), is_due=False)
    return NextSteps(tuple(step for step, _ in built), is_due=not built and (has_open or not row.is_settled(tx.now)))


def _is_open(step: SentStep) -> bool:
    """Whether the device has still to do something for it, which may be to wait for the authority of SCEP, or for an
    app to be there.
    """
    kind = step.step.kind
    if step.state is StepState.CONFIRMED:
        return kind is StepKind.INSTALL_APP or (
            kind is StepKind.INSTALL and key_source(step.step.subject) is Source.SCEP
        )
    if kind is StepKind.LIST_APPS and step.state is StepState.ANSWERED:
        return False
    return step.state is not StepState.REFUSED


@dataclass(frozen=True, slots=True)
class _StepBuilder:
    """Builds steps from planned steps."""

    visit: Visit
    items: Mapping[ItemKey, LedgerRow]
    orders: Mapping[str, Order]
    keys: KeyStore
    packagings: Packagings

    def steps(self, due: Sequence[tuple[PlannedStep, str | None]]) -> list[tuple[Step, PlannedStep]]:
        """Return the steps, each with its plan; `due`: with the ids of those that were sent before. An install whose
        bytes are gone is left out: it is on its way to removal.
        """
        keys = {ItemKey(planned.subject) for planned, _id in due if planned.kind is StepKind.INSTALL}
        result: list[Deliverable] = []
        if keys:
            visit = self.visit
            result = deliverables(
                visit.tx, visit.row, ledger=self.items, key_store=self.keys, keys=keys, fresh=visit.fresh_answers
            )
        installs = {item.row.key: self._opened(item) for item in result}
        built = []
        for planned, before in due:
            step = self._step(planned, before or self.visit.tx.ids.uuid(), installs=installs)
            if step is not None:
                built.append((step, planned))
        return built

    def _step(self, planned: PlannedStep, step_id: str, *, installs: Mapping[ItemKey, Deliverable]) -> Step | None:
        key = ItemKey(planned.subject)
        match planned.kind:
            case StepKind.INSTALL:
                return Step(step_id, planned.kind, item=installs[key]) if key in installs else None
            case StepKind.REMOVE:
                return Step(step_id, planned.kind, item=Deliverable(row=self.items[key]))
            case StepKind.ACTION:
                order = with_secrets(
                    self.visit.tx, self.orders[planned.subject], enrollment=self.visit.row, keys=self.keys
                )
                return Step(step_id, planned.kind, order=order)
            case StepKind.QUESTION:
                return Step(step_id, planned.kind, part=planned.subject, held=tuple(self.items.values()))
            case StepKind.INSTALL_APP | StepKind.REMOVE_APP:
                app = delivery(self.visit, planned)
                return None if app is None else Step(step_id, planned.kind, apps=(app,))
            case StepKind.LIST_APPS:
                return Step(step_id, planned.kind, part=planned.subject, apps=listed(self.visit))
            case _:
                assert_never(planned.kind)

    def _opened(self, item: Deliverable) -> Deliverable:
        """Open what was sealed for the service, if the tenant wants plain profiles."""
        packaging = self.packagings.get(self.visit.row.platform)
        switch = None if packaging is None else packaging.plain_switch
        if item.sealed is None or switch is None or not self.visit.tx.tenant.setting(switch):
            return item
        tx = self.visit.tx
        authority = authorities.load(tx.connection, tx.tenant, name="devices", keys=self.keys)
        assert isinstance(authority.key, RSAPrivateKey)
        try:
            opened = open_envelope(item.sealed, certificate=authority.certificate, key=authority.key)
        except Invalid:
            return item  # it was sealed for the device before the switch was turned
        return replace(item, opened=opened)
