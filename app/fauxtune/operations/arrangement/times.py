"""Sentences on the tenant's time, its CRL and its edition; and its clock put forward."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fauxtune.core.clock import ClockMode, from_iso
from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.words.provider_state_words import Reading
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.checkin.due import clock_moves
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants import tenants
from fauxtune.storage.queries import authorities as authority_queries

#: What was done in a tenant's first minutes has had its time too.
_A_LITTLE = timedelta(hours=1)
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_MONTHS = {"month": 1, "year": 12}
_NOON = 12
_LONGEST_DATE = len("2029-03-01")


async def time_has_passed(scene: Scene, reading: Reading) -> None:
    """Put the clock forward, until so long a time has passed since the tenant was created."""
    word, unit = reading.words["time"].split()
    number, unit = reading.number_of(word), unit.lower().removesuffix("s")
    created = scene.tenant.created_at
    try:
        if unit in _SECONDS:
            until = created + timedelta(seconds=number * _SECONDS[unit])
        else:
            until = _months_later(created, number * _MONTHS[unit])
        until += _A_LITTLE
    except (OverflowError, ValueError):
        raise Invalid(f"{reading.words['time']} is longer than a clock can show.", target="state") from None
    if scene.now < until:
        await set_clock(scene, until)


async def it_is(scene: Scene, reading: Reading) -> None:
    """Set the clock to the date; with a time of the day it is frozen there."""
    text = reading.words["date"]
    try:
        moment = from_iso(text.replace(" ", "T"))
    except ValueError:
        raise Invalid(f"There is no date {text}: write 2029-03-01, or 2029-03-01T10:00:00Z.", target="state") from None
    if len(text) > _LONGEST_DATE:
        if (scene.tenant.clock.mode, scene.now) != (ClockMode.FROZEN, moment):
            await set_clock(scene, moment, mode=ClockMode.FROZEN)
    elif scene.now.date() != moment.date():
        await set_clock(scene, moment.replace(hour=_NOON))


async def clock_stands_still(scene: Scene, reading: Reading) -> None:
    """Freeze the clock at its present time."""
    if scene.tenant.clock.mode is not ClockMode.FROZEN:
        await set_clock(scene, None, mode=ClockMode.FROZEN)


async def clock_runs(scene: Scene, reading: Reading) -> None:
    """Let the clock run from its present time."""
    if scene.tenant.clock.mode is ClockMode.FROZEN:
        await set_clock(scene, None, mode=ClockMode.OFFSET)


async def crl_has_expired(scene: Scene, reading: Reading) -> None:
    """Publish a CRL, take the issuing CA out of service, and put the clock past the end of the CRL."""
    row = await scene.read(authority_queries.current_issuing, scene.tenant.id)
    if row.crl_next_update is None:
        await _put_in_service(scene, name=row.name, state="available")
        crl = await scene.run(crl_and_ocsp.current_crl, row.name, keys=scene.emulator.keys)
        row = replace(row, state="available", crl_next_update=crl.next_update)
    if row.state == "available":
        await _put_in_service(scene, name=row.name, state="unavailable")
    if row.crl_next_update is not None and scene.now <= row.crl_next_update:
        await set_clock(scene, row.crl_next_update + _A_LITTLE)


async def edition_is(scene: Scene, reading: Reading) -> None:
    """Have the tenant follow this state of Microsoft's documentation."""
    if scene.tenant.setting("edition") != reading.words["name"].lower():
        await scene.run(tenants.change_settings, {"edition": reading.words["name"].lower()})


async def _put_in_service(scene: Scene, *, name: str, state: str) -> None:
    await scene.do(revocation.set_state(scene.emulator, scene.tenant, name=name, state=state))


async def set_clock(scene: Scene, moment: datetime | None, *, mode: ClockMode | None = None) -> None:
    """Set the clock; it goes on running, and a frozen one stays frozen, unless `mode` is another."""
    if mode is None:
        frozen = scene.tenant.clock.mode is ClockMode.FROZEN
        mode = ClockMode.FROZEN if frozen else ClockMode.OFFSET
    system_now = scene.emulator.runner.clock.now()
    async with clock_moves(scene.emulator, scene.tenant):
        scene.tenant = await scene.run(tenants.set_clock, mode, now=moment, system_now=system_now)
        await scene.look(revocation.carry_out)


async def put_forward(emulator: Emulator, tenant: Tenant, *, by: timedelta) -> Tenant:
    """Put the tenant's clock forward; return the tenant. Raises Invalid for a negative duration, and past the last
    year that a tenant can have.
    """
    system_now = emulator.runner.clock.now()
    async with clock_moves(emulator, tenant):
        changed = await emulator.runner.run(tenant, tenants.advance_clock, by, system_now=system_now)
        await emulator.runner.run(tenant, revocation.carry_out)  # a polling connector's turn may have come
    return changed


def _months_later(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    day = min(moment.day, monthrange(year, month + 1)[1])
    return datetime(year, month + 1, day, moment.hour, moment.minute, moment.second, tzinfo=UTC)
