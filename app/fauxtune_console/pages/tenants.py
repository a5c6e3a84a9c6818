"""The chooser of tenants: `/console`."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response
from starlette.responses import RedirectResponse

from fauxtune.core.model.tenants import Tenant
from fauxtune.storage.queries import tenants as queries
from fauxtune_console.addresses import CLASSROOMS, PATH
from fauxtune_console.call import Call
from fauxtune_labs.operations.classrooms.opening import classrooms


async def choose(call: Call, seat: Tenant | None) -> Response:
    """Show the tenants and the classrooms; the only tenant at once. A seat is led to its labs."""
    if seat is not None:
        return RedirectResponse(f"{PATH}/{quote(seat.name, safe='')}/labs", 303)
    tenants = await call.emulator.runner.read(queries.all_tenants)
    rooms = await classrooms(call.emulator)
    seats = {row.tenant_id for room in rooms for row in room.seats}
    others = [tenant for tenant in tenants if tenant.id not in seats]
    if len(others) == 1 and not rooms and "all" not in call.request.query_params:
        return RedirectResponse(f"{PATH}/{quote(others[0].name, safe='')}", 303)
    clocks = {tenant.id: call.emulator.runner.now(tenant) for tenant in others}
    return call.page("tenants.html", tenants=others, clocks=clocks, rooms=rooms, address=CLASSROOMS)
