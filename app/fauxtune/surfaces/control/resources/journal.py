"""The journal: what happened in a tenant, in order."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query

from fauxtune.core.clock import iso
from fauxtune.storage.queries import tenants as queries
from fauxtune.surfaces.control.calls import Here

LONGEST_WAIT = 60.0

router = APIRouter(prefix="/tenants/{tenant}", tags=["journal"])


@router.get("/journal", summary="What happened, in order")
async def read(
    here: Here,
    after: Annotated[int, Query(ge=0)] = 0,
    type: Annotated[list[str] | None, Query(description="one or more types, also comma-joined")] = None,  # noqa: A002
    device: str | None = None,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0,
) -> dict[str, Any]:
    """Events after a number; waits up to `wait` seconds for the first. Go on with `next`: no event is missed."""
    types = tuple(word for each in type or [] for word in each.split(",") if word)
    ends = time.monotonic() + wait
    while True:
        found = await here.emulator.runner.read(queries.events, here.tenant.id, after=after, types=types, device=device)
        left = ends - time.monotonic()
        if found or left <= 0:
            break
        await here.emulator.signals.wait_for_journal(here.tenant.id, seconds=left)
    return {"events": [_view(each) for each in found], "next": found[-1]["seq"] if found else after}


def _view(row: dict[str, Any]) -> dict[str, Any]:
    shown = ("seq", "time", "type", "user", "device", "profile", "certificate", "detail")
    return {**{name: row[name] for name in shown}, "time": iso(row["time"])}
