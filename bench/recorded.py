"""A server that switches the recording of its exchanges on and off twenty times a second, and measures both itself.

Two servers could not be compared so closely: equal ones differ by more than what is measured here. The first line on
standard output are the endpoints. A line on standard input begins the measurement; the next ends it and is answered by
the requests per second of the event loop's processor time, one number for each turn: `{"on": [...], "off": [...]}`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server import serve
from fauxtune.server.factory import Application
from fauxtune.settings import Settings

#: So long that the check-ins which are under way at the end of a turn, up to one of each connection, hardly count.
_TURN_SECONDS = 0.05


class _Counted:
    """The application, and how many requests it has answered."""

    def __init__(self, emulator: Emulator) -> None:
        self.wire = emulator.wire
        self.answered = 0
        self._app: ASGIApp = Application(emulator)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        self.answered += 1


async def _measured(counted: _Counted) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        ends = asyncio.ensure_future(lines.readline())
        rates: dict[str, list[float]] = {"on": [], "off": []}
        while not ends.done():
            for word in ("on", "off"):
                counted.wire.is_on = word == "on"
                answered, used = counted.answered, time.thread_time()
                await asyncio.sleep(_TURN_SECONDS)
                rates[word].append((counted.answered - answered) / (time.thread_time() - used))
        print(json.dumps(rates), flush=True)


def main() -> None:
    """Serve until stopped."""
    applications: list[_Counted] = []
    tasks: list[asyncio.Task[None]] = []

    def counted(emulator: Emulator) -> _Counted:
        applications.append(_Counted(emulator))
        return applications[0]

    def announce(ready: Any) -> None:
        print(json.dumps(ready.endpoints.document()), flush=True)
        tasks.append(asyncio.ensure_future(_measured(applications[0])))

    vars(serve)["Application"] = counted
    serve.run(Settings(ephemeral=True, port=0, http_port=0), announce)


if __name__ == "__main__":
    main()
