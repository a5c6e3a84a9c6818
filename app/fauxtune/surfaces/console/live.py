"""Live pages: a stream of server-sent events that says when a page should be read again (HTML Standard 9.2).

The stream carries no content: the page's script fetches the page again and puts in what is different. So a page that is
written once is live, and a browser without scripts reads the same page by hand.

A page names in its stream's address what it has seen. So nothing is lost that happens before the stream is open, while
it is interrupted, or while the page is hidden.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

from fastapi import Response
from starlette.responses import StreamingResponse

from fauxtune.core.errors import NotFound, Unavailable
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.console.call import TenantCall

#: Open streams of all browsers.
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
        self._run = secrets.token_hex(4)

    def seen(self, emulator: Emulator, tenant_id: TenantId) -> str:
        """Return what a page shows that is read now: this run of the server, the newest change, the newest exchange."""
        return f"{self._run}.{emulator.signals.newest_change(tenant_id)}.{emulator.wire.newest(tenant_id)}"

    async def events(self, call: TenantCall) -> Response:
        """Return a stream with an event whenever something happened in the tenant."""
        if self._open >= _MOST:
            raise Unavailable(f"{_MOST} pages are open and live. Close one, or read this page again by hand.")
        return StreamingResponse(
            self._stream(call), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    async def _stream(self, call: TenantCall) -> AsyncIterator[str]:
        loop, wire = asyncio.get_running_loop(), bool(call.query("wire"))
        self._open += 1
        try:
            before, spoke = (call.query("since"), await _is_connected(call)), loop.time()
            yield "retry: 2000\n\n"
            while True:
                try:
                    await call.emulator.runner.tenant(call.tenant.id)
                except NotFound:
                    yield "event: gone\ndata: {}\n\n"
                    return
                now = (self.seen(call.emulator, call.tenant.id), await _is_connected(call))
                if _differ(before, now, wire=wire):
                    yield "event: changed\ndata: {}\n\n"
                    before, spoke = now, loop.time()
                    await asyncio.sleep(_PACE)
                elif loop.time() - spoke > _SILENCE:
                    yield ": still here\n\n"
                    spoke = loop.time()
                else:
                    await call.emulator.signals.wait_for_news(call.tenant.id, seconds=_GLANCE, wire=wire)
        finally:
            self._open -= 1


def _differ(before: tuple[str, bool], now: tuple[str, bool], *, wire: bool) -> bool:
    """Whether something happened between two moments; `wire`: whether an exchange counts."""
    parts = 3 if wire else 2
    return before[1] is not now[1] or before[0].split(".")[:parts] != now[0].split(".")[:parts]


async def _is_connected(call: TenantCall) -> bool:
    """Whether the device of the page that listens (`device` in its address) is connected to push."""
    device = EnrollmentId(call.query("device")[:_LONGEST_ID])
    if device and not call.emulator.signals.is_connected(device):
        # It may just be between two requests of the push channel.
        await asyncio.sleep(_PACE)
    return bool(device) and call.emulator.signals.is_connected(device)
