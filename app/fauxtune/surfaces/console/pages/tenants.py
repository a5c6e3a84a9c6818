"""The chooser of tenants: `/console`."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response
from starlette.responses import RedirectResponse

from fauxtune.storage.queries import tenants as queries
from fauxtune.surfaces.console.call import Call
from fauxtune.surfaces.console.entry import PATH


async def choose(call: Call) -> Response:
    """Show the tenants; the only one at once."""
    tenants = await call.emulator.runner.read(queries.all_tenants)
    if len(tenants) == 1 and "all" not in call.request.query_params:
        return RedirectResponse(f"{PATH}/{quote(tenants[0].name, safe='')}", 303)
    clocks = {tenant.id: call.emulator.runner.now(tenant) for tenant in tenants}
    return call.page("tenants.html", tenants=tenants, clocks=clocks)
