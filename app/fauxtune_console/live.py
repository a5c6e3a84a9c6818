"""Live pages: a stream of server-sent events that says when a page should be read again (HTML Standard 9.2).

The stream carries no content: the page's script fetches the page again and puts in what is different. So a page that is
written once is live, and a browser without scripts reads the same page by hand.

A page names in its stream's address what it has seen. So nothing is lost that happens before the stream is open, while
it is interrupted, or while the page is hidden.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from fastapi import Response
from starlette.responses import StreamingResponse

from fauxtune.core.errors import NotFound, Unavailable
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune_console.call import TenantCall

#: Open streams of all browsers: sixty seats of a classroom with three pages each, and their instructor.
_MOST = 200
#: Seconds between two updates of one browser at least: ten thousand events a minute are five updates a second.
_PACE = 0.2
#: A signal can come between a look and the wait after it: look again by oneself after so many seconds.
_GLANCE = 1.0
#: Seconds after which a silent stream says that it lives: some proxies end a silent one after 30.
_SILENCE = 15.0
_LONGEST_ID = 100


@dataclass(frozen=True, slots=True)
class Source:
    """What a page watches. `is_there`: whether there still is what it shows; `look`: what is seen now; `wait`: returns
    when something may have happened; `pace`: seconds between two updates at least.
    """

    is_there: Callable[[], Awaitable[bool]]
    look: Callable[[], Awaitable[str]]
    wait: Callable[[], Awaitable[None]]
    pace: float = _PACE


class Streams:
    """The open streams."""

    def __init__(self) -> None:
        self._open = 0
        self._run = secrets.token_hex(4)

    def seen(self, emulator: Emulator, tenant_id: TenantId) -> str:
        """Return what a page shows that is read now: this run of the server, the newest change, the newest exchange."""
        signals = emulator.signals
        newest = f"{emulator.wire.of(tenant_id).newest}-{signals.newest_elsewhere(tenant_id)}"
        return f"{self._run}.{signals.newest_change(tenant_id)}.{newest}"

    def seen_in(self, emulator: Emulator, tenant_ids: Sequence[TenantId]) -> str:
        """Return what a page about several tenants shows that is read now."""
        newest = max(map(emulator.signals.newest_change, tenant_ids), default=0)
        return f"{self._run}.{newest}.{len(tenant_ids)}"

    async def events(self, call: TenantCall) -> Response:
        """Return a stream with an event whenever something happened in the tenant."""
        parts = 3 if call.query("wire") else 2  # whether an exchange counts

        async def look() -> str:
            seen = self.seen(call.emulator, call.tenant.id)
            return f"{_cut(seen, parts)} {await _is_connected(call)}"

        async def is_there() -> bool:
            with suppress(NotFound):
                return bool(await call.emulator.runner.tenant(call.tenant.id))
            return False

        async def wait() -> None:
            await call.emulator.signals.wait_for_news([call.tenant.id], seconds=_GLANCE, wire=parts == 3)

        before = f"{_cut(call.query('since'), parts)} {await _is_connected(call)}"
        return self.stream(Source(is_there, look, wait), before=before)

    def stream(self, source: Source, *, before: str) -> Response:
        """Return a stream with an event whenever something else is seen than `before`."""
        if self._open >= _MOST:
            raise Unavailable(f"{_MOST} pages are open and live. Close one, or read this page again by hand.")
        return StreamingResponse(
            self._stream(source, before=before), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    async def _stream(self, source: Source, *, before: str) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        self._open += 1
        try:
            spoke = loop.time()
            yield "retry: 2000\n\n"
            while True:
                if not await source.is_there():
                    yield "event: gone\ndata: {}\n\n"
                    return
                now = await source.look()
                if before != now:
                    yield "event: changed\ndata: {}\n\n"
                    before, spoke = now, loop.time()
                    await asyncio.sleep(source.pace)
                elif loop.time() - spoke > _SILENCE:
                    yield ": still here\n\n"
                    spoke = loop.time()
                else:
                    await source.wait()
        finally:
            self._open -= 1


def _cut(seen: str, parts: int) -> str:
    return ".".join(seen.split(".")[:parts])


async def _is_connected(call: TenantCall) -> bool:
    """Whether the device of the page that listens (`device` in its address) is connected to push."""
    device = EnrollmentId(call.query("device")[:_LONGEST_ID])
    if device and not call.emulator.signals.is_connected(device):
        # It may just be between two requests of the push channel.
        await asyncio.sleep(_PACE)
    return bool(device) and call.emulator.signals.is_connected(device)
