"""A check-in of a device that is managed step by step (Apple's MDM, OMA-DM): the results of its last steps are taken
in, and its next steps are returned.

A platform's translator makes commands of steps, and results of the device's answers; everything else is here.
"""

from __future__ import annotations

from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.checkin.checkin import Report, quiet_version, take_turn
from fauxtune.operations.checkin.next_steps import NextSteps, next_steps
from fauxtune.operations.checkin.step_results import apply_results
from fauxtune.operations.checkin.steps import Exchange, Step
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries

#: A conversation has no report of its own: the device reports by answers.
_NO_REPORT = Report(digest="conversation", read=lambda _version, _rows: Inventory(complete=False))


async def converse(emulator: Emulator, tenant: Tenant, *, exchange: Exchange) -> tuple[Step, ...]:
    """Take in the device's results; return its next steps, none at the end of the conversation. Two exchanges of one
    device at once are served one after the other.

    Raises Unauthenticated, NotFound or EnrollmentEnded as `identified`.
    """
    run, caller, turns = emulator.runner.run, exchange.caller, emulator.turns

    async def is_quiet() -> bool:
        return await quiet_version(emulator, tenant, caller=caller, report=_NO_REPORT) is not None

    def get_next(tx: Transaction) -> NextSteps:
        return next_steps(tx, exchange, keys=emulator.keys, packagings=emulator.packagings)

    def answer(tx: Transaction) -> NextSteps:
        if not apply_results(tx, exchange):
            return NextSteps((), is_due=False)
        return NextSteps((), is_due=True) if exchange.begins else get_next(tx)

    can_be_quiet = exchange.begins and not exchange.results and not exchange.has_news
    was_taken = turns.is_taken(caller.enrollment_id)
    if can_be_quiet and await is_quiet():
        return ()
    was_taken = was_taken or turns.is_taken(caller.enrollment_id)
    async with turns.of(caller.enrollment_id):
        # Another exchange may have settled the device meanwhile.
        if can_be_quiet and was_taken and await is_quiet():
            return ()
        answered = await run(tenant, answer)
        if not answered.is_due:
            return answered.steps
        # A device that begins with results was not asked yet whether it is quiet after them.
        if can_be_quiet or not exchange.begins or not await is_quiet():
            await take_turn(emulator, tenant, caller=caller, report=_NO_REPORT)
        return (await run(tenant, get_next)).steps


def set_wire_state(tx: Transaction, enrollment_id: EnrollmentId, *, state: JsonObject) -> None:
    """Store what the surface of the device's platform has to remember, in place of what it stored before."""
    queries.change_enrollment(tx.connection, enrollment_id, wire_state=state)
