"""A check-in that changes nothing over HTTP, on SQLite and PostgreSQL, beside endpoints with nothing behind them.

The time is the processor time of the server for one check-in, which other processes of the machine hardly change. A
*known* report is not read by the product: its bytes have the digest of the last one. So the floor that does as much is
"Starlette reads"; "FastAPI validates" and "FastAPI reads" are what a program has that answers with FastAPI. With 32
connections one statement answers many check-ins; with one connection each check-in has a statement of its own. A
*changed* report differs from the last one (name and memory of the device), is read, and plans nothing new. On SQLite
both are sent to the server of the earlier commit too. Where a row beside Starlette and one beside the earlier commit
have a goal for the same reports, one of the two is enough.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import orjson
from cryptography.hazmat.primitives.asymmetric import rsa

from bench import load, older, tree, world
from bench.bare import FLOORS
from bench.postgres import postgresql
from bench.rows import Row, medians, side_by_side

_DEVICES = 32
_SECONDS = 1.0
#: Of the rows with several floors: seconds of each turn, and the turns.
_TURN, _TURNS = 0.5, 4
_CONNECTIONS = (32, 8, 1)
#: Goals of the rows on SQLite, by the number of connections, beside Starlette and beside the earlier commit: of known
#: reports, and of changed ones.
_KNOWN, _KNOWN_BEFORE = {32: 0.6, 1: 0.35}, {32: 0.62, 1: 0.5}
_CHANGED_ONES, _CHANGED_BEFORE = {32: 0.25, 1: 0.25}, {32: 0.35, 1: 0.35}
REPORT = {
    "state": "ACTIVE",
    "appliedState": "ACTIVE",
    "appliedPolicyName": "default",
    "appliedPolicyVersion": "1",
    "policyCompliant": True,
    "nonComplianceDetails": [],
    "keyStore": {"aliases": [], "caCerts": []},
}
_CHANGED = {**REPORT, "deviceName": "Renamed", "memoryInfo": {"totalRam": "8000000000"}}


@dataclass(slots=True)
class _Loaded:
    """A server under load: its port and process, what it has computed, and how many requests it has answered."""

    port: int
    process: int
    computed: float = 0.0
    answered: float = 0.0
    best: float = 0.0

    def turn(self, requests: Sequence[bytes], *, connections: int, alternately: Sequence[bytes] = ()) -> None:
        """Load it for one turn."""
        before = tree.processor_time(self.process)
        load_of = load.requests_per_second(
            self.port, requests, seconds=_TURN, connections=connections, alternately=alternately
        )
        rate = asyncio.run(load_of)
        self.best = max(self.best, rate)
        self.answered += rate * _TURN
        self.computed += tree.processor_time(self.process) - before

    @property
    def microseconds(self) -> float:
        """The processor time of one request."""
        return self.computed / self.answered * 1e6

    def __str__(self) -> str:
        return f"{self.microseconds:,.0f} us {self.best:,.0f}/s"


def rows() -> Iterator[Row]:
    """For each number of connections on SQLite a row beside each floor and beside the earlier commit, and two for
    changed reports; on PostgreSQL those of 32 connections, without the earlier commit.
    """
    with older.checked_out() as old, world.server(commands=old.commands) as before:
        yield from _measured("SQLite", _CONNECTIONS, validated=0.55, before=before)
    with postgresql() as url:
        yield from _measured("PostgreSQL", _CONNECTIONS[:1], "--database-url", url, validated=0.45)


def _measured(
    database: str, connections: Sequence[int], *arguments: str, validated: float, before: world.Server | None = None
) -> Iterator[Row]:
    """`validated`: the goal of the first row, which is that of 32 connections beside FastAPI that validates; `before`:
    the server of the earlier commit.
    """
    with world.server(*arguments) as server, ExitStack() as stack:
        servers = [server] if before is None else [server, before]
        reports = [_requests(each, user=world.ALICE) for each in servers]
        ports = {floor: stack.enter_context(_floor(floor)) for floor in FLOORS}
        goals = {"FastAPI validates": {32: validated}, "Starlette reads": {} if before is None else _KNOWN}
        for count in connections:
            bare = {floor: _Loaded(*place) for floor, place in ports.items()}
            known, changing = ([_Loaded(each.http_port, each.process.pid) for each in servers] for _ in range(2))
            for _ in range(_TURNS):
                for each, (same, _changed) in zip(known, reports, strict=True):
                    each.turn(same, connections=count)
                for each in bare.values():
                    each.turn(reports[0][0], connections=count)
                for each, (same, changed) in zip(changing, reports, strict=True):
                    each.turn(same, connections=count, alternately=changed)
            name = f"{database}, {count}"
            for floor, each in bare.items():
                yield _beside(f"known report, {name} / {floor}", known[0], each, goals.get(floor, {}).get(count))
            goal = None if before is None else _CHANGED_ONES.get(count)
            yield _beside(f"changed report, {name} / Starlette reads", changing[0], bare["Starlette reads"], goal)
            if before is not None:
                yield _beside_older(f"known report, {name}", known, _KNOWN_BEFORE.get(count))
                yield _beside_older(f"changed report, {name}", changing, _CHANGED_BEFORE.get(count))


def _beside(name: str, ours: _Loaded, floor: _Loaded, goal: float | None) -> Row:
    return Row(name, str(ours), str(floor), floor.microseconds / ours.microseconds, goal)


def _beside_older(what: str, loaded: Sequence[_Loaded], goal: float | None) -> Row:
    ours, before = (each.microseconds for each in loaded)
    return older.row(what, ours, before, goal=goal, unit="us")


@contextmanager
def _floor(name: str) -> Iterator[tuple[int, int]]:
    """Run the floor of this name. Gives its port and its process."""
    port = world.free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port), name])
    try:
        world.wait_for(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def beside(server: world.Server, bare: str, *, name: str, requests: list[bytes], goal: float) -> Iterator[Row]:
    """Compare the server with a bare one (a module): by requests a second, and by the processor time of each request,
    which other processes of the machine hardly change.
    """
    port = world.free_port()
    process = subprocess.Popen([sys.executable, "-m", bare, str(port)])
    try:
        world.wait_for(port)

        spent: dict[int, list[float]] = {server.process.pid: [], process.pid: []}

        def rate(of: int, pid: int) -> float:
            before = tree.processor_time(pid)
            result = asyncio.run(load.requests_per_second(of, requests, seconds=_SECONDS))
            spent[pid].append((tree.processor_time(pid) - before) / (result * _SECONDS))
            return result

        def ours() -> float:
            return rate(server.http_port, server.process.pid)

        def floor() -> float:
            return rate(port, process.pid)

        ours(), floor()  # warm both
        rates = side_by_side(ours, floor, pairs=5)
        yield Row(name, f"{rates[0]:.0f}/s", f"{rates[1]:.0f}/s", rates[2], goal)
        times = medians(list(zip(spent[process.pid], spent[server.process.pid], strict=True))[1:])
        yield Row(
            "  the same of processor time", f"{times[1] * 1e6:.0f} us", f"{times[0] * 1e6:.0f} us", times[2], goal
        )
    finally:
        process.terminate()
        process.wait()


def quiet_requests(server: world.Server, *, user: str = world.ALICE) -> list[bytes]:
    """The report of one settled device per connection. The user of the devices must have no profiles."""
    return _requests(server, user=user)[0]


def _requests(server: world.Server, *, user: str) -> tuple[list[bytes], list[bytes]]:
    """The report of one settled device per connection, and one of each that differs from it."""
    client = server.client()
    token = world.enrollment_token(client, uses=_DEVICES, user=user)
    key = rsa.generate_private_key(65537, 2048)
    body, changed = orjson.dumps(REPORT), orjson.dumps(_CHANGED)
    known, different = [], []
    for _ in range(_DEVICES):
        path, headers = world.enrol(client, key, token=token)
        client.post(
            f"{path}:reportStatus", content=body, headers={**headers, "content-type": "application/json"}
        ).raise_for_status()
        known.append(load.post(f"{path}:reportStatus", body=body, headers=headers))
        different.append(load.post(f"{path}:reportStatus", body=changed, headers=headers))
    return known, different
