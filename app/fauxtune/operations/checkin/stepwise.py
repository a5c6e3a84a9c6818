"""A check-in of a device that is managed step by step (Apple's MDM, OMA-DM): the results of its last steps are taken
in, and its next steps are returned.

A platform's translator makes commands of steps, and results of the device's answers; everything else is here.
"""

from __future__ import annotations

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin.checkin import Begun, Report, begin_visit, finish_visit, quiet
from fauxtune.operations.checkin.fulfilment import Fulfilled
from fauxtune.operations.checkin.inside_connector import fulfilled
from fauxtune.operations.checkin.next_steps import NextSteps, next_steps
from fauxtune.operations.checkin.step_results import apply_results
from fauxtune.operations.checkin.steps import Answer, Exchange
from fauxtune.operations.devices.caller import is_live, refuse_ended
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.secret_packaging import Packagings
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
    runner, keys, packagings = emulator.runner, emulator.keys, emulator.packagings
    can_be_quiet = exchange.begins and not exchange.results and not exchange.has_news

    def begin(tx: Transaction) -> Answer | Begun:
        return _begin(tx, exchange, keys=keys, packagings=packagings)

    async with emulator.turns.of(exchange.caller.credential):
        if can_be_quiet:
            known = await quiet(emulator, tenant, caller=exchange.caller, report=_NO_REPORT)
            if known is not None:
                return Answer(known.enrollment_id)
        tenant = await runner.as_it_is(tenant)
        begun = await runner.run_check_in(tenant, begin)
        if not isinstance(begun, Begun):
            return begun
        answers = await fulfilled(emulator, tenant, tasks=begun.tasks)
        answer = await runner.run_check_in(
            tenant, _finish, exchange, begun=begun, answers=answers, keys=keys, packagings=packagings
        )
        return refuse_ended(answer) if isinstance(answer, EnrollmentRow) else answer


def _begin(tx: Transaction, exchange: Exchange, *, keys: KeyStore, packagings: Packagings) -> Answer | Begun:
    """Return the next steps, or what connectors have to do first."""
    with visiting(tx, exchange.caller) as visit:
        if not apply_results(visit, exchange):
            return Answer(visit.row.id, row=visit.row)
        if not exchange.begins:
            known = next_steps(visit, exchange, keys=keys, packagings=packagings)
            if not known.is_due:
                return _answer(visit, known)
        # A device that begins with results was not asked yet whether it is quiet after them.
        if exchange.begins and visit.is_quiet(_NO_REPORT.digest):
            visit.change(last_checkin_at=tx.now)
        else:
            begun = begin_visit(visit, report=_NO_REPORT, keys=keys, packagings=packagings)
            if begun.tasks:
                return begun
        return _answer(visit, next_steps(visit, exchange, keys=keys, packagings=packagings))


def _answer(visit: Visit, known: NextSteps) -> Answer:
    return Answer(visit.row.id, known.steps, visit.row)


def _finish(
    tx: Transaction,
    exchange: Exchange,
    *,
    begun: Begun,
    answers: list[Fulfilled],
    keys: KeyStore,
    packagings: Packagings,
) -> Answer | EnrollmentRow:
    """Store what connectors have done, and return the next steps; the enrolment if it has ended meanwhile."""
    with visiting_again(tx, begun.left) as visit:
        finish_visit(visit, begun=begun, answers=answers)
        if not is_live(visit.row):
            return visit.row
        return _answer(visit, next_steps(visit, exchange, keys=keys, packagings=packagings))
