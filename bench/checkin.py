"""The quiet check-in over HTTP, on SQLite and PostgreSQL, against a bare FastAPI endpoint."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import orjson
from cryptography.hazmat.primitives.asymmetric import rsa

from bench import load, tree, world
from bench.postgres import postgresql
from bench.rows import Row, medians, side_by_side

_DEVICES = 32
_SECONDS = 1.0
REPORT = {
    "state": "ACTIVE",
    "appliedState": "ACTIVE",
    "appliedPolicyName": "default",
    "appliedPolicyVersion": "1",
    "policyCompliant": True,
    "nonComplianceDetails": [],
    "keyStore": {"aliases": [], "caCerts": []},
}


def rows() -> Iterator[Row]:
    """Two rows on SQLite, two on PostgreSQL."""
    yield from _measured("quiet check-in / bare FastAPI, SQLite", goal=0.55)
    with postgresql() as url:
        yield from _measured("quiet check-in / bare FastAPI, PostgreSQL", "--database-url", url, goal=0.45)


def _measured(name: str, *arguments: str, goal: float) -> Iterator[Row]:
    with world.server(*arguments) as server:
        yield from beside(server, "bench.bare", name=name, requests=quiet_requests(server), goal=goal)


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
    client = server.client()
    token = world.enrollment_token(client, uses=_DEVICES, user=user)
    key = rsa.generate_private_key(65537, 2048)
    body = orjson.dumps(REPORT)
    requests = []
    for _ in range(_DEVICES):
        path, headers = world.enrol(client, key, token=token)
        client.post(
            f"{path}:reportStatus", content=body, headers={**headers, "content-type": "application/json"}
        ).raise_for_status()
        requests.append(load.post(f"{path}:reportStatus", body=body, headers=headers))
    return requests
