"""Live pages: a stream of server-sent events that says when a page should be read again (HTML Standard 9.2).

The stream carries no content: the page's script fetches the page again and puts in what is different. So a page that is
written once is live, and a browser without scripts reads the same page by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Response
from starlette.responses import StreamingResponse

from fauxtune.core.errors import NotFound, Unavailable
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.surfaces.console.call import TenantCall

#: Open streams of all browsers: each reads one row a second.
_MOST = 100
#: Seconds between two updates of one browser at least: ten thousand events a minute are five updates a second.
_PACE = 0.2
#: A signal can come between a look and the wait after it: look again by oneself after so many seconds.
_GLANCE = 1.0
#: Seconds after which a silent stream says that it lives: some proxies end a silent one after 30.
_SILENCE = 15.0
_LONGEST_ID = 100


class Streams:
    """The open streams."""

    def __init__(self) -> None:
        self._open = 0

    async def events(self, call: TenantCall) -> Response:
        """Return a stream with an event whenever something happened in the tenant."""
        if self._open >= _MOST:
            raise Unavailable(f"{_MOST} pages are open and live. Close one, or read this page again by hand.")
        return StreamingResponse(
            self._stream(call), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    async def _stream(self, call: TenantCall) -> AsyncIterator[str]:
        self._open += 1
        loop = asyncio.get_running_loop()
        try:
            before = await _state(call)
            yield "retry: 2000\n\n"
            spoke = loop.time()
            while True:
                await call.emulator.signals.wait_for_news(
                    call.tenant.id, seconds=_GLANCE, wire=bool(call.query("wire"))
                )
                try:
                    state = await _state(call)
                except NotFound:
                    yield "event: gone\ndata: {}\n\n"
                    return
                if state != before:
                    yield "event: changed\ndata: {}\n\n"
                    before, spoke = state, loop.time()
                    await asyncio.sleep(_PACE)
                elif loop.time() - spoke > _SILENCE:
                    yield ": still here\n\n"
                    spoke = loop.time()
        finally:
            self._open -= 1


async def _state(call: TenantCall) -> tuple[object, ...]:
    """Return what differs after anything has happened. Raises NotFound for a tenant that was deleted."""
    tenant = await call.emulator.runner.tenant(call.tenant.id)
    exchange = call.emulator.wire.newest(tenant.id) if call.query("wire") else 0
    connected = await _is_connected(call)
    return (tenant, exchange, connected, *await call.read(tenant_queries.newest_entries, tenant.id))


async def _is_connected(call: TenantCall) -> bool:
    """Whether the device of the page that listens (`device` in its address) is connected to push."""
    device = EnrollmentId(call.query("device")[:_LONGEST_ID])
    if device and not call.emulator.signals.is_connected(device):
        # It may just be between two requests of the push channel.
        await asyncio.sleep(_PACE)
    return bool(device) and call.emulator.signals.is_connected(device)
