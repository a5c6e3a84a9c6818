"""The quiet check-in while exchanges are recorded, against the same server while it records nothing.

Compared are the check-ins per second of the event loop's own processor time, in turns of a twentieth of a second: what
other programs do to the machine changes a rate by more than the recording does.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator

from bench import load, world
from bench.checkin import quiet_requests
from bench.rows import Row

_SECONDS = 12.0
#: When it was 0.97, a quiet check-in took 700 microseconds, so that recording it might take 20. Of 120 this is 10.
_GOAL = 0.92


def rows() -> Iterator[Row]:
    """One row."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.recorded"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        server = world.Server(process, json.loads(process.stdout.readline()))
        requests = quiet_requests(server)
        asyncio.run(load.requests_per_second(server.http_port, requests, seconds=1))  # warm it
        print(file=process.stdin, flush=True)
        asyncio.run(load.requests_per_second(server.http_port, requests, seconds=_SECONDS))
        print(file=process.stdin, flush=True)
        rates = json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
    ours, floor = statistics.median(rates["on"]), statistics.median(rates["off"])
    ratio = statistics.median(on / off for on, off in zip(rates["on"], rates["off"], strict=True) if off)
    yield Row(
        "quiet check-in, recorded / not recorded",
        f"{1e6 / ours:.1f} us",
        f"{1e6 / floor:.1f} us",
        ratio,
        _GOAL,
    )
