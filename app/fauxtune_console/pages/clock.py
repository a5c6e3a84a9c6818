"""The tenant's clock: freeze it, let it run, put it forward."""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.clock import ClockMode, parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.operations.checkin.due import clock_moves
from fauxtune.operations.connectors import revocation
from fauxtune.operations.tenants import tenants
from fauxtune_console.call import TenantCall
from fauxtune_console.templating import moment

#: data. The buttons: a duration (ISO 8601), and its words.
STEPS = (("P1D", "+1 day"), ("P30D", "+30 days"), ("P1Y", "+1 year"))


async def move(call: TenantCall) -> Response:
    """Carry out a button of the clock."""
    form = await call.form()
    wish = str(form.get("to", ""))
    system_now = call.emulator.runner.clock.now()
    async with clock_moves(call.emulator, call.tenant):
        if wish == "freeze":
            changed = await call.run(tenants.set_clock, ClockMode.FROZEN, now=call.now, system_now=system_now)
        elif wish == "run":
            changed = await call.run(tenants.set_clock, ClockMode.OFFSET, now=call.now, system_now=system_now)
        elif wish == "system":
            changed = await call.run(tenants.set_clock, ClockMode.SYSTEM, now=None, system_now=system_now)
        elif wish in dict(STEPS):
            changed = await call.run(tenants.advance_clock, parse_duration(wish), system_now=system_now)
        else:
            raise Invalid("The clock can be frozen, run, or be put forward by one of the buttons.")
        await call.run(revocation.carry_out)  # a polling connector's turn may have come
    now = moment(call.emulator.runner.now(changed))
    return call.back(form=form, done=f"The clock of {changed.name} now shows {now} (UTC).")
