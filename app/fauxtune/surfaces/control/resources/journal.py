"""The journal: the events of a tenant, in order."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query

from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.words.journal_words import check_type
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import tenants as queries
from fauxtune.storage.queries.insight import overview
from fauxtune.storage.queries.insight.diagnosis import managed_device_ids
from fauxtune.surfaces.control import answers
from fauxtune.surfaces.control.access import Here, calls

LONGEST_WAIT = 60.0
#: A signal can come between a look and the wait after it: look again by oneself after so many seconds.
_GLANCE = 1.0

router = calls("/tenants/{tenant}/journal", tag="journal")


@router.get("", summary="What happened, in order")
async def read_journal(
    *,
    here: Here,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    type: Annotated[list[str] | None, Query(description="one or more types, also comma-joined")] = None,  # noqa: A002
    device: Annotated[str | None, Query(description="the id of an enrolment, or of its managedDevice")] = None,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds")] = 0,
) -> answers.Journal:
    """Events after a number; waits up to `wait` seconds for the first. Continue with `next`, and none is missed. 400
    names what is nearest to a type that no event has.
    """
    types = tuple(word.strip() for each in type or [] for word in each.split(",") if word.strip())
    for each in types:
        check_type(each)
    loop = asyncio.get_running_loop()
    ends = loop.time() + wait
    while True:
        events = await here.read(_events, here.tenant.id, after=after, types=types, device=device)
        left = ends - loop.time()
        if events or left <= 0:
            break
        await here.emulator.signals.wait_for_journal(here.tenant.id, seconds=min(left, _GLANCE))
        await here.emulator.runner.tenant(here.tenant.id)  # it may be gone by now
    return answers.Journal(events=events, next=events[-1].seq if events else after)


def _events(
    connection: Connection, tenant_id: TenantId, *, after: int, types: tuple[str, ...], device: str | None
) -> list[answers.Event]:
    if device is not None:
        row = device_queries.enrollment_named(connection, tenant_id, key=device)
        if row is None:
            raise NotFound(f"There is no device '{device}'; use the id of an enrolment or of a managedDevice.")
        device = row.id
    rows = queries.events(connection, tenant_id, after=after, types=types, device=device)
    records = managed_device_ids(connection, tenant_id, enrollment_ids=[row.device for row in rows])
    devices = overview.device_names(
        connection, tenant_id, ids={EnrollmentId(row.device) for row in rows if row.device is not None}
    )
    profiles = {ProfileId(row.profile) for row in rows if row.profile is not None}
    names = configuration_queries.names(connection, tenant_id, ids=profiles)
    return [
        answers.Event.from_value(
            row,
            managed_device_id=records.get(row.device),
            device_name=None if row.device is None else devices.get(EnrollmentId(row.device)),
            profile_name=None if row.profile is None else names.get(ProfileId(row.profile)),
        )
        for row in rows
    ]
