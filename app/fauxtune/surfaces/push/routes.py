"""The push channel: a long poll with the device's push token.

The answer's `seq` is the device's generation, which rises when something concerns the device. `push` is there if `seq`
is greater than `after`. A poll also ends when the tenant's clock is set, so that a device that waits for a moment of
emulated time checks the clock again; and when the device hangs up, which is not connected from then on.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request

from fauxtune.core.clock import iso
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.internals.fastapi_routes import Router
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.surfaces.http import caller_of, emulator_of, hang_up

LONGEST_WAIT = 60.0
#: The content of a push, unless the platform's surface has stored another one (`push` of the wire state).
_PUSH = {"type": "CHECK_IN"}

router = Router(tags=["push"], redirect_slashes=False)


@router.get("/push/{tenant_key}/{token}")
async def wait_for_push(
    request: Request,
    tenant_key: str,
    token: str,
    after: Annotated[int, Query(ge=0)] = 0,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0,
) -> dict[str, Any]:
    """Return `{"seq","now","push"}`; wait up to `wait` seconds for a push. 404 for a token of no live enrolment."""
    emulator, caller = emulator_of(request), caller_of(request)
    tenant = caller.tenant = await emulator.runner.tenant(tenant_key)
    row = await _enrollment(emulator, tenant, token=token)
    caller.device = row.id

    async def has_news() -> bool:
        moved = (await emulator.runner.tenant(tenant_key)).clock != tenant.clock
        return moved or bool((await _enrollment(emulator, tenant, token=token)).generation > after)

    if wait and row.generation <= after:
        await emulator.signals.wait_for_push(
            EnrollmentId(row.id), tenant.id, seconds=wait, unless=has_news, hang_up=hang_up(request)
        )
        row = await _enrollment(emulator, tenant, token=token)
    now = emulator.runner.now(tenant)
    answer = (row.wire_state or {}).get("push", _PUSH)
    push = answer if row.generation > after else None
    return {"seq": row.generation, "now": iso(now), "push": push}


async def _enrollment(emulator: Emulator, tenant: Tenant, *, token: str) -> EnrollmentRow:
    row = await emulator.runner.read(queries.enrollment_by_push_token, token)
    if row is None or row.tenant_id != tenant.id or row.state == EnrollmentState.ENDED.value:
        raise NotFound("This push token belongs to no enrolled device.")
    return row
