"""`python -m fauxtune_sim.fleet.part`: a part of a fleet. `processes` starts and leads it by JSON lines.

The first line of standard input is the order: settings, authorities, tokens. Every further line lets the part go on: to
the phase that it has announced, and after its summary to keep its devices connected. The part ends with its input, so
that it never outlives who started it. Lines of standard output: `{"begin","total"}`, `{"progress":[reached, tried]}`,
`{"summary"}`, `{"line"}` for people, `{"stayed"}` when no device is left, `{"failed"}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import Any, BinaryIO

import orjson

from fauxtune_sim.errors import SimulatorError
from fauxtune_sim.event_loop import run_loop
from fauxtune_sim.fleet.fleet import Fleet
from fauxtune_sim.fleet.settings import FleetSettings
from fauxtune_sim.fleet.summary import Phase
from fauxtune_sim.server.transport import Transport

#: Bytes of one line, in both directions: a summary names every device.
MOST_LINE = 64 * 1024 * 1024


class Part:
    """The wire to the process that leads. It is the observer of the fleet, too."""

    def __init__(self, orders: asyncio.StreamReader, answers: BinaryIO) -> None:
        self._orders = orders
        self._answers = answers

    async def serve(self) -> None:
        """Carry out the order, until the input ends."""
        order = await self._next()
        ca = None if order["ca"] is None else order["ca"].encode()
        try:
            async with Transport(ca=ca) as transport:
                fleet = Fleet(FleetSettings.from_document(order["settings"]), transport=transport)
                summary = await fleet.run(order["tokens"], observer=self)
                self._tell({"summary": summary.part()})
                await self._next()
                await self._stay(fleet)
        except SimulatorError as failed:
            self._tell({"failed": str(failed)})

    async def _stay(self, fleet: Fleet) -> None:
        """Keep the devices connected until the input ends."""
        stop = asyncio.Event()

        async def watch() -> None:
            await self._orders.read()
            stop.set()

        watching = asyncio.create_task(watch())
        await fleet.stay(stop, announce=lambda line: self._tell({"line": line}))
        watching.cancel()
        self._tell({"stayed": True})

    async def begin(self, phase: Phase, *, total: int) -> None:
        """Announce a phase, and wait until the other parts are as far."""
        self._tell({"begin": phase, "total": total})
        await self._next()

    def progress(self, reached: int, *, tried: int) -> None:
        """Tell how far the phase is."""
        self._tell({"progress": [reached, tried]})

    async def _next(self) -> Any:
        """The next line of the input. Its end is the end of the part."""
        line = await self._orders.readline()
        if not line:
            raise EOFError
        return orjson.loads(line)

    def _tell(self, document: dict[str, Any]) -> None:
        self._answers.write(orjson.dumps(document) + b"\n")
        self._answers.flush()


async def _run(answers: BinaryIO) -> None:
    orders, loop = asyncio.StreamReader(limit=MOST_LINE), asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin.buffer)
    await Part(orders, answers).serve()


def main() -> None:
    """Run a part of a fleet."""
    # Ctrl-C goes to every process of a terminal: the one that leads ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Answers alone go to standard output: what any library prints goes where errors go.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with contextlib.suppress(EOFError, BrokenPipeError):  # who leads has ended
        run_loop(_run(answers))


if __name__ == "__main__":
    main()
