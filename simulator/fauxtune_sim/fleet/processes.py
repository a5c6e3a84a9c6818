"""A fleet in several processes: each has a part of the devices, all are in one phase at a time, their counts add up.

One process drives some hundred check-ins a second, less than a server with several workers answers. The parts are
children, `python -m fauxtune_sim.fleet.processes`, and end with the process that starts and leads them by JSON lines.

The first line of a part's standard input is the order: settings, authorities, tokens. Every further line lets the part
go on: to the phase that it has announced, and after its summary to keep its devices connected. The part ends with its
input, so that it never outlives who started it. Lines of standard output: `{"begin","total"}`, `{"progress":[reached,
tried]}`, `{"summary"}`, `{"line"}` for people, `{"stayed"}` when no device is left, `{"failed"}`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO, Self

import orjson

from fauxtune_sim.errors import PartLost, SimulatorError
from fauxtune_sim.event_loop import run_loop
from fauxtune_sim.fleet.fleet import Fleet, FleetSettings
from fauxtune_sim.fleet.summary import FleetSummary, Observer, Phase
from fauxtune_sim.server.transport import Transport

#: Bytes of one line, in both directions: a summary names every device.
_MOST_LINE = 64 * 1024 * 1024
#: Seconds that parts have to end by themselves.
_PATIENCE = 5.0
_GO_ON = b"{}\n"


class FleetProcesses:
    """The parts of a fleet, each in a process of its own. Use it with `async with`, which ends them."""

    def __init__(self, settings: FleetSettings, *, ca: bytes | None) -> None:
        self._settings = settings
        self._ca = ca
        self._processes: list[asyncio.subprocess.Process] = []
        self._readers: list[asyncio.Task[None]] = []
        #: What the parts say, with their numbers; None: a part has ended.
        self._said: asyncio.Queue[tuple[int, dict[str, Any] | None]] = asyncio.Queue()
        self._without_devices: set[int] = set()

    async def __aenter__(self) -> Self:
        for part in range(self._settings.parts):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", __name__),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_MOST_LINE,
            )
            self._processes.append(process)
            self._readers.append(asyncio.create_task(self._read(part)))
        return self

    async def __aexit__(self, *error: object) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.terminate()
        try:
            async with asyncio.timeout(_PATIENCE):
                await asyncio.gather(*(process.wait() for process in self._processes))
        except TimeoutError:
            for process in self._processes:
                with suppress(ProcessLookupError):
                    process.kill()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def run(self, tokens: Mapping[str, str], *, observer: Observer) -> FleetSummary:
        """Let the devices of all parts enrol, settle and check in again. Raises PartLost if a part ends before."""
        ca = None if self._ca is None else self._ca.decode()
        for part in range(self._settings.parts):
            order = {"settings": replace(self._settings, part=part).document(), "ca": ca, "tokens": dict(tokens)}
            self._send(part, orjson.dumps(order) + b"\n")
        summary, missing = FleetSummary(), self._settings.parts
        ready, progress = dict[int, int](), dict[int, tuple[int, int]]()
        while missing:
            part, document = await self._next()
            match document:
                case {"begin": phase, "total": total}:
                    ready[part] = total
                    if len(ready) == self._settings.parts:
                        await observer.begin(Phase(phase), total=sum(ready.values()))
                        self._go_on()
                        ready, progress = {}, {}
                case {"progress": [reached, tried]}:
                    progress[part] = (reached, tried)
                    observer.progress(
                        sum(number for number, _ in progress.values()),
                        tried=sum(number for _, number in progress.values()),
                    )
                case {"summary": of_part}:
                    summary.add(FleetSummary.from_part(of_part))
                    missing -= 1
        return summary

    async def stay(self, stop: asyncio.Event, *, announce: Callable[[str], None]) -> None:
        """Keep the enrolled devices connected until `stop` is set. Raises PartLost if a part ends before."""
        self._go_on()
        listening = asyncio.create_task(self._listen(announce))
        stopped = asyncio.create_task(stop.wait())
        done, waiting = await asyncio.wait((listening, stopped), return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        for task in done:
            task.result()

    async def _listen(self, announce: Callable[[str], None]) -> None:
        """Announce what the parts say of their devices, until no part has a device left."""
        while len(self._without_devices) < self._settings.parts:
            match await self._next():
                case _, {"line": line}:
                    announce(line)
                case part, {"stayed": _}:
                    self._without_devices.add(part)

    async def _next(self) -> tuple[int, dict[str, Any]]:
        """What a part says next, with its number. Raises PartLost if it has ended, or says that it failed."""
        part, document = await self._said.get()
        while document is None and part in self._without_devices:
            part, document = await self._said.get()
        who = f"process {part + 1} of {self._settings.parts} of the fleet"
        if document is None:
            raise PartLost(
                f"{who} {_end(await self._processes[part].wait())}: the others are ended, nothing is counted"
            )
        if "failed" in document:
            raise PartLost(f"{who} failed: {document['failed']}")
        return part, document

    async def _read(self, part: int) -> None:
        """Read what a part says until it ends."""
        lines = self._processes[part].stdout
        assert lines is not None
        while line := await lines.readline():
            self._said.put_nowait((part, orjson.loads(line)))
        self._said.put_nowait((part, None))

    def _go_on(self) -> None:
        for part in range(self._settings.parts):
            self._send(part, _GO_ON)

    def _send(self, part: int, line: bytes) -> None:
        """Write a line to a part; that it has ended, its output shows."""
        orders = self._processes[part].stdin
        assert orders is not None
        with suppress(BrokenPipeError, ConnectionResetError):
            orders.write(line)


def _end(code: int) -> str:
    """How a process ended, by its exit code."""
    if code >= 0:
        return f"has ended by itself with exit code {code}"
    number = -code
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    memory = " (the system may have run out of memory)" if name == "SIGKILL" else ""
    return f"was ended by {name}{memory}"


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
    orders, loop = asyncio.StreamReader(limit=_MOST_LINE), asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin.buffer)
    await Part(orders, answers).serve()


def main() -> None:
    """Run a part of a fleet."""
    # Ctrl-C goes to every process of a terminal: the one that leads ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Only answers go to standard output: what any library prints goes where errors go.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(EOFError, BrokenPipeError):  # who leads has ended
        run_loop(_run(answers))


if __name__ == "__main__":
    main()
