"""The quiet check-in over HTTP, on SQLite and PostgreSQL, against a bare FastAPI endpoint."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import orjson
from cryptography.hazmat.primitives.asymmetric import rsa

from bench import load, world
from bench.postgres import postgresql
from bench.rows import Row, side_by_side

_DEVICES = 32
_SECONDS = 2.0
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
    """Two rows: SQLite, PostgreSQL."""
    yield _measured("quiet check-in / bare FastAPI, SQLite", goal=0.55)
    with postgresql() as url:
        yield _measured("quiet check-in / bare FastAPI, PostgreSQL", "--database-url", url, goal=0.45)


def _measured(name: str, *arguments: str, goal: float) -> Row:
    with world.server(*arguments) as server:
        ours, floor, ratio = beside(server, "bench.bare", requests=quiet_requests(server))
    return Row(name, f"{ours:.0f}/s", f"{floor:.0f}/s", ratio, goal)


def beside(server: world.Server, bare: str, *, requests: list[bytes]) -> tuple[float, float, float]:
    """The requests per second of the server and of a bare server (a module), and their ratio."""
    port = world.free_port()
    process = subprocess.Popen([sys.executable, "-m", bare, str(port)])
    try:
        world.wait_for(port)

        def rate(of: int) -> float:
            return asyncio.run(load.requests_per_second(of, requests, seconds=_SECONDS))

        rate(server.http_port), rate(port)  # warm both
        return side_by_side(lambda: rate(server.http_port), lambda: rate(port), pairs=5)
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
