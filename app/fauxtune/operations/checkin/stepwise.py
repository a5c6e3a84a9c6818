"""A check-in of a device that is managed step by step (Apple's MDM, OMA-DM): the results of its last steps are taken
in, and its next steps are returned.

A platform's translator makes commands of steps, and results of the device's answers; everything else is here.
"""

from __future__ import annotations

from datetime import datetime

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin.checkin import Begun, Report, begin_visit, finish_visit, quiet_version
from fauxtune.operations.checkin.fulfilment import Fulfilled
from fauxtune.operations.checkin.inside_connector import fulfilled
from fauxtune.operations.checkin.next_steps import next_steps
from fauxtune.operations.checkin.step_results import apply_results
from fauxtune.operations.checkin.steps import Exchange, Step
from fauxtune.operations.checkin.visit import visiting, visiting_again
from fauxtune.operations.devices.caller import is_live, refuse_ended
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.secret_packaging import Packagings
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.rows.devices import EnrollmentRow

#: A conversation has no report of its own: the device reports by answers.
_NO_REPORT = Report(digest="conversation", read=lambda _version, _rows: Inventory(complete=False))


async def converse(emulator: Emulator, tenant: Tenant, *, exchange: Exchange) -> tuple[Step, ...]:
    """Take in the device's results; return its next steps, none at the end of the conversation. Two exchanges of one
    device at once are served one after the other.

    Raises Unauthenticated, NotFound or EnrollmentEnded as `identified`.
    """
    runner, keys, packagings = emulator.runner, emulator.keys, emulator.packagings
    can_be_quiet = exchange.begins and not exchange.results and not exchange.has_news

    def quiet(connection: Connection, now: datetime) -> tuple[Step, ...] | None:
        if not can_be_quiet:
            return None
        version = runner.version_of(tenant)
        known = quiet_version(connection, tenant, caller=exchange.caller, report=_NO_REPORT, now=now, version=version)
        return None if known is None else ()

    def begin(tx: Transaction) -> tuple[Step, ...] | Begun:
        return _begin(tx, exchange, keys=keys, packagings=packagings)

    async with emulator.turns.of(exchange.caller.enrollment_id):
        begun = await runner.run_unless_quiet(tenant, begin, quiet=quiet)
        if not isinstance(begun, Begun):
            return begun
        answers = await fulfilled(emulator, tenant, tasks=begun.tasks)
        steps = await runner.run_check_in(
            tenant, _finish, exchange, begun=begun, answers=answers, keys=keys, packagings=packagings
        )
        return refuse_ended(steps) if isinstance(steps, EnrollmentRow) else steps


def _begin(tx: Transaction, exchange: Exchange, *, keys: KeyStore, packagings: Packagings) -> tuple[Step, ...] | Begun:
    """Return the next steps, or what connectors have to do first."""
    with visiting(tx, exchange.caller) as visit:
        if not apply_results(visit, exchange):
            return ()
        if not exchange.begins:
            known = next_steps(visit, exchange, keys=keys, packagings=packagings)
            if not known.is_due:
                return known.steps
        # A device that begins with results was not asked yet whether it is quiet after them.
        if exchange.begins and visit.is_quiet(_NO_REPORT.digest):
            visit.change(last_checkin_at=tx.now)
        else:
            begun = begin_visit(visit, report=_NO_REPORT, keys=keys, packagings=packagings)
            if begun.tasks:
                return begun
        return next_steps(visit, exchange, keys=keys, packagings=packagings).steps


def _finish(
    tx: Transaction,
    exchange: Exchange,
    *,
    begun: Begun,
    answers: list[Fulfilled],
    keys: KeyStore,
    packagings: Packagings,
) -> tuple[Step, ...] | EnrollmentRow:
    """Store what connectors have done, and return the next steps; the enrolment if it has ended meanwhile."""
    with visiting_again(tx, begun.left) as visit:
        finish_visit(visit, begun=begun, answers=answers)
        if not is_live(visit.row):
            return visit.row
        return next_steps(visit, exchange, keys=keys, packagings=packagings).steps
