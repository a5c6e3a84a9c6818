"""The tenant's clock, and waiting until its devices have settled."""

from __future__ import annotations

from dataclasses import asdict

from fauxtune.core.clock import ClockMode, iso, parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.arrangement.times import put_forward
from fauxtune.operations.checkin import waiting_until_settled
from fauxtune.operations.checkin.due import clock_moves
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants import tenants
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Here, calls

router = calls("/tenants/{tenant}", tag="clock")


@router.get("/clock", summary="Get the tenant's clock")
async def get_clock(here: Here) -> answers.Clock:
    """Mode and time."""
    return _view(here.tenant, here.emulator)


@router.put("/clock", summary="Set the tenant's clock")
async def set_clock(here: Here, body: messages.SetClock) -> answers.Clock:
    """`system`, `frozen` at a time, or running with an `offset`."""
    if body.mode is ClockMode.SYSTEM and body.now is not None:
        raise Invalid("The system's clock cannot be set: choose the mode frozen or offset, or leave out now.")
    system_now = here.emulator.runner.clock.now()
    async with clock_moves(here.emulator, here.tenant):
        changed = await here.run(tenants.set_clock, body.mode, now=body.now, system_now=system_now)
        await here.run(revocation.carry_out)  # a polling connector's turn may have come
    return _view(changed, here.emulator)


@router.post("/clock/advance", response_model_exclude_none=True, summary="Put the tenant's clock forward")
async def advance_clock(here: Here, body: messages.Advance) -> answers.Advanced:
    """By an ISO 8601 duration; with `settle` the answer comes when all connected devices have settled."""
    changed = await put_forward(here.emulator, here.tenant, by=parse_duration(body.by))
    clock = _view(changed, here.emulator)
    if not body.settle:
        return answers.Advanced(mode=clock.mode, now=clock.now)
    rest = _rest(await waiting_until_settled.settle(here.emulator, here.tenant, seconds=body.timeout))
    return answers.Advanced(mode=clock.mode, now=clock.now, settled=rest.settled, waiting=rest.waiting)


@router.post("/settle", summary="Push every connected device and wait until all have settled")
async def settle(here: Here, body: messages.Settle | None = None) -> answers.Rest:
    """The devices that have settled, and the others with the reason. A failed item counts as settled."""
    seconds = messages.PATIENCE if body is None else body.timeout
    return _rest(await waiting_until_settled.settle(here.emulator, here.tenant, seconds=seconds))


def _rest(settled: waiting_until_settled.Settled) -> answers.Rest:
    waiting = [answers.WaitingDevice(**asdict(device)) for device in settled.waiting]
    return answers.Rest(settled=[*settled.settled], waiting=waiting)


def _view(tenant: Tenant, emulator: Emulator) -> answers.Clock:
    return answers.Clock(mode=tenant.clock.mode.value, now=iso(emulator.runner.now(tenant)))
