"""Several processes on one PostgreSQL: what sharing costs one of them, and what two of them carry.

Quiet check-ins, as in `checkin`. Where server, database and client have the same cores, two processes are not faster
than these cores: so the table has the processor time of a check-in, too, which does not depend on that.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import load, world
from bench.checkin import quiet_requests
from bench.postgres import postgresql
from bench.rows import Row

_SECONDS, _ROUNDS = 1.0, 5


@dataclass(frozen=True, slots=True)
class _Measured:
    rate: float
    #: Microseconds of the server's processes for each check-in.
    cost: float


def rows() -> Iterator[Row]:
    """Three rows: what sharing costs, and two processes in relation to one, by processor time and by rate."""
    alone = _measure()
    one = _measure(shared=True)
    two = _measure("--workers", "2")
    yield Row("quiet check-in, sharing / alone: time", _us(one), _us(alone), one.cost / alone.cost, 1.25, at_most=True)
    yield Row("quiet check-in, 2 workers / 1: time", _us(two), _us(one), two.cost / one.cost, 1.25, at_most=True)
    cores = len(os.sched_getaffinity(0))
    goal = 1.7 if cores >= 5 else None  # two for the server, one for the database, one for the client, one to spare
    yield Row(
        f"their rate ({cores} cores for all)", f"{two.rate:.0f}/s", f"{one.rate:.0f}/s", two.rate / one.rate, goal
    )


def _us(measured: _Measured) -> str:
    return f"{measured.cost:.0f} us"


def _measure(*arguments: str, shared: bool = False) -> _Measured:
    with postgresql() as url:
        folder = Path(url.rpartition("=")[2]) / "shared"
        more = ("--shared", str(folder)) if shared else ()
        with world.server("--database-url", url, *arguments, *more) as server:
            requests, port = quiet_requests(server), server.http_port
            asyncio.run(load.requests_per_second(port, requests, seconds=_SECONDS))  # warms it
            measured = []
            for _ in range(_ROUNDS):
                before = server.cpu()
                rate = asyncio.run(load.requests_per_second(port, requests, seconds=_SECONDS))
                measured.append(_Measured(rate, (server.cpu() - before) / (rate * _SECONDS) * 1e6))
    return _Measured(median(each.rate for each in measured), median(each.cost for each in measured))
