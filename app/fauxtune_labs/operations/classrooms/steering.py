"""What an instructor does to seats: sets them to a step of a lab, resets one, stops their clocks and lets them run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from fauxtune.core.clock import ClockMode
from fauxtune.core.errors import FauxtuneError, NotFound
from fauxtune.core.faults.presets import PRESETS, preset
from fauxtune.core.model.classrooms import By, SeatEvent, seat_name
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.nearest import nearest
from fauxtune.operations.arrangement.scene import scene_of
from fauxtune.operations.arrangement.times import set_clock
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants import faults, seats, snapshots
from fauxtune.storage.rows.classrooms import SeatRow
from fauxtune_labs.operations.classrooms.opening import Classroom
from fauxtune_labs.operations.labs import runs
from fauxtune_labs.operations.labs.runs import Progress
from fauxtune_labs.operations.labs.texts import lab_named

#: Seats that are worked on at a time: their devices and keys take the processors.
_AT_ONCE = 4
#: The name of the application in the audit log.
_CLIENT = "classroom"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a seat; `problem` is empty if it is as the instructor wants it. Of a seat that is to be set to a
    step: `kept` says why it stays as it is, `lost` what ends for it.
    """

    seat: str
    problem: str = ""
    kept: str = ""
    lost: str = ""


async def set_step(
    emulator: Emulator,
    classroom: Classroom,
    *,
    lab: str,
    step: int,
    tell: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Set all seats to a step of a lab (counted from 0): the lab is started, and the steps before are done. A seat that
    is there already, has done the lab, or is at a later lab of the lesson stays as it is. `tell` gets the outcome of
    each seat as soon as it is known. Raises NotFound for what does not exist.
    """
    await check_step(emulator, lab=lab, step=step)

    async def work(tenant: Tenant) -> Outcome:
        stands = await _standing(emulator, tenant, lesson=classroom.labs, lab=lab, step=step)
        if not stands.kept:
            await runs.reset(emulator, tenant, name=lab, by=By.INSTRUCTOR)
            for number in range(step):
                await runs.solve(emulator, tenant, name=lab, step=number, by=By.INSTRUCTOR)
        return stands

    return await _each(emulator, classroom.seats, work=work, tell=tell)


async def plan_step(emulator: Emulator, classroom: Classroom, *, lab: str, step: int) -> list[Outcome]:
    """Return what `set_step` would do to each seat: which stay, and what ends for the others. Nothing is changed."""
    await check_step(emulator, lab=lab, step=step)

    async def work(tenant: Tenant) -> Outcome:
        return await _standing(emulator, tenant, lesson=classroom.labs, lab=lab, step=step)

    return await _each(emulator, classroom.seats, work=work)


async def check_step(emulator: Emulator, *, lab: str, step: int) -> None:
    """Raise NotFound unless there is such a lab with such a step."""
    runs.step_of(await lab_named(emulator, lab), step)


async def _standing(emulator: Emulator, tenant: Tenant, *, lesson: Sequence[str], lab: str, step: int) -> Outcome:
    """Return whether a seat stays where it is, and why, or what ends for it if it is set to a step of a lab."""
    rows, steps = await runs.progress_of(emulator, tenant), len((await lab_named(emulator, lab)).steps)
    present, row = runs.newest_run(rows), rows.get(lab)
    outcome = Outcome(tenant.name)
    passed = set() if row is None else set(Progress.of(row).passed)
    if len(passed) == steps:
        return replace(outcome, kept="it has done all steps of this lab")
    if present is None:
        return outcome
    if present is row:
        if set(range(step)) <= passed:
            return replace(outcome, kept="it is at this step or further")
        return replace(outcome, lost="this lab begins again, and the steps before are done")
    order = {name: number for number, name in enumerate(lesson)}
    if order.get(present.lab, -1) > order.get(lab, len(order)):
        return replace(outcome, kept=f"it is at a later lab, {present.lab}")
    return replace(outcome, lost=f"its work in the tenant of the lab {present.lab} ends; what has passed there stays")


async def set_clocks(emulator: Emulator, classroom: Classroom, *, frozen: bool) -> list[Outcome]:
    """Stop the clocks of all seats at their present time, or let those run on from there that stand still."""
    mode = ClockMode.FROZEN if frozen else ClockMode.OFFSET

    async def work(tenant: Tenant) -> Outcome:
        if (tenant.clock.mode is ClockMode.FROZEN) is not frozen:
            await set_clock(scene_of(emulator, tenant, client=_CLIENT), None, mode=mode)
        return Outcome(tenant.name)

    return await _each(emulator, classroom.seats, work=work)


async def reset_seat(emulator: Emulator, classroom: Classroom, *, seat: str) -> str | None:
    """Give a seat the state in which its present lab began, or its first state if it has started none. Return the name
    of the lab. Raises NotFound.
    """
    tenant = await tenant_at(emulator, classroom, seat=seat)
    rows = await runs.progress_of(emulator, tenant)
    present = runs.newest_run(rows)
    if present is not None:
        await runs.reset(emulator, tenant, name=present.lab, by=By.INSTRUCTOR)
        return present.lab
    await snapshots.reset(emulator, tenant)
    await seats.note(emulator, tenant, event=SeatEvent.RESET, by=By.INSTRUCTOR)
    return None


async def send_fault(emulator: Emulator, classroom: Classroom, *, seat: str, fault: str) -> str:
    """Let something go wrong at a seat, until the fault is deleted or the seat reset. `fault`: the name of one of
    `core.faults.presets`. Return what it is. Raises NotFound.
    """
    tenant = await tenant_at(emulator, classroom, seat=seat)
    chosen = preset(fault)
    if chosen is None:
        known = [name for group in PRESETS.values() for name in group]
        raise NotFound(f"There is no fault '{fault[:60]}'. The nearest are: {', '.join(nearest(fault, known))}.")
    document = {"match": chosen.match, "when": {}, "effect": chosen.effect}
    await emulator.runner.run(tenant, faults.add_faults, new=[faults.NewFault(document)])
    await seats.note(emulator, tenant, event=SeatEvent.FAULT, text=chosen.title)
    return chosen.title


async def tenant_at(emulator: Emulator, classroom: Classroom, *, seat: str) -> Tenant:
    """Return the tenant of a seat, by its name or number. Raises NotFound."""
    for row in classroom.seats:
        if seat.lower() in {seat_name(classroom.name, row.number), str(row.number)}:
            return await emulator.runner.tenant(row.tenant_id)
    last = seat_name(classroom.name, classroom.seats[-1].number)
    raise NotFound(f"The classroom '{classroom.name}' has no seat '{seat[:60]}'; its last one is {last}.")


async def _each(
    emulator: Emulator,
    rows: Sequence[SeatRow],
    *,
    work: Callable[[Tenant], Awaitable[Outcome]],
    tell: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Work on all seats, some at a time. One that fails does not keep the others."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(row: SeatRow) -> Outcome:
        outcome = Outcome(seat_name(row.classroom, row.number))
        async with gate:
            try:
                outcome = await work(await emulator.runner.tenant(row.tenant_id))
            except FauxtuneError as error:
                outcome = replace(outcome, problem=error.message)
        tell(outcome)
        return outcome

    return list(await asyncio.gather(*(one(row) for row in rows)))
