"""The stream that says when a page should be read again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.responses import StreamingResponse

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.factory import Application
from fauxtune_console.call import TenantCall
from fauxtune_console.live import Streams
from fauxtune_console.session import SessionKey
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll


async def stream(
    app: Application, tenant: Tenant, query: str = "", *, streams: Streams | None = None
) -> AsyncIterator[str]:
    """Return what the stream of a page sends."""
    scope = {"type": "http", "app": app, "method": "GET", "path": "/", "headers": [], "query_string": query.encode()}
    call = TenantCall(Request(scope), SessionKey().new(signed_in=False), tenant)
    answer = await (streams or Streams()).events(call)
    assert isinstance(answer, StreamingResponse)
    async for part in answer.body_iterator:
        yield str(part)


async def test_an_event_of_the_tenant_makes_pages_read_again(
    app: Application, tenant: Tenant, contoso: Contoso
) -> None:
    parts = stream(app, tenant)
    assert await anext(parts) == "retry: 2000\n\n"
    await contoso.pfx("alice")
    assert await anext(parts) == "event: changed\ndata: {}\n\n"


async def test_a_device_that_connects_makes_its_page_read_again(
    app: Application, tenant: Tenant, enroll: Enroll
) -> None:
    phone = await enroll("alice")
    await phone.settle()
    parts = stream(app, tenant, query=f"device={phone.enrollment_id}")
    assert await anext(parts) == "retry: 2000\n\n"
    coming = asyncio.ensure_future(anext(parts))
    async with phone.connected():
        assert await coming == "event: changed\ndata: {}\n\n"


async def test_a_page_is_told_of_ten_thousand_events_a_few_times_a_second(
    app: Application, tenant: Tenant, emulator: Emulator
) -> None:
    loop = asyncio.get_running_loop()
    parts = stream(app, tenant)
    await anext(parts)
    started, updates = loop.time(), 0
    for _ in range(4):
        coming = asyncio.ensure_future(anext(parts))
        while not coming.done():
            for _ in range(100):
                emulator.signals.changed(tenant.id)
            await asyncio.sleep(0.01)
        updates += await coming == "event: changed\ndata: {}\n\n"
    assert updates == 4
    # The first comes at once. However slow this machine is, no more come than a browser can show.
    assert updates - 1 <= 20 * (loop.time() - started)
    emulator.signals.changed(tenant.id)
    assert await anext(parts) == "event: changed\ndata: {}\n\n", "the last change is never lost"


async def test_pages_that_are_left_at_once_do_not_use_up_the_streams(app: Application, tenant: Tenant) -> None:
    streams = Streams()
    for _ in range(101):
        opened = asyncio.ensure_future(anext(stream(app, tenant, query="device=unknown", streams=streams)))
        await asyncio.sleep(0)
        opened.cancel()
        await asyncio.wait([opened])
    assert await anext(stream(app, tenant, streams=streams)) == "retry: 2000\n\n"
