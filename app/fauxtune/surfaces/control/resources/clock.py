"""The tenant's clock, and waiting until its devices are at rest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from fauxtune.core.clock import iso, parse_duration
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations import rest, tenants
from fauxtune.operations.emulator import Emulator
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control.calls import Here

router = APIRouter(prefix="/tenants/{tenant}", tags=["clock"])


@router.get("/clock", summary="What the tenant's clock shows")
async def get(here: Here) -> dict[str, Any]:
    """Mode and time."""
    return _view(here.tenant, here.emulator)


@router.put("/clock", summary="Set the tenant's clock")
async def put(here: Here, body: messages.SetClock) -> dict[str, Any]:
    """`system`, `frozen` at a time, or running with an `offset`."""
    system_now = here.emulator.runner.clock.now()
    changed = await here.run(tenants.set_clock, body.mode, now=messages.moment(body.now), system_now=system_now)
    return _view(changed, here.emulator)


@router.post("/clock/advance", summary="Put the tenant's clock forward")
async def advance(here: Here, body: messages.Advance) -> dict[str, Any]:
    """By an ISO 8601 duration; with `settle` the answer comes when all connected devices are at rest."""
    system_now = here.emulator.runner.clock.now()
    changed = await here.run(tenants.advance_clock, parse_duration(body.by), system_now=system_now)
    answer = _view(changed, here.emulator)
    if body.settle:
        answer |= asdict(await rest.settle(here.emulator, here.tenant, timeout=messages.PATIENCE))
    return answer


@router.post("/settle", summary="Push every connected device and wait until all are at rest")
async def settle(here: Here, body: messages.Settle | None = None) -> dict[str, Any]:
    """Devices at rest, and those that are not with the reason."""
    timeout = messages.PATIENCE if body is None else body.timeout
    return asdict(await rest.settle(here.emulator, here.tenant, timeout=timeout))


def _view(tenant: Tenant, emulator: Emulator) -> dict[str, Any]:
    return {"mode": tenant.clock.mode.value, "now": iso(emulator.runner.now(tenant))}
