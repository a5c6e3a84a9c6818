"""`python -m bench.campaign --devices 100000` (`make load`): what a great fleet takes of a server, and of its drivers.

It is no row of the table: 10,000 devices take minutes, 100,000 about an hour. Each device enrols, gets a root and a
certificate with an elliptic key, and then checks in again with nothing to do.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import tree, world
from bench.fleet import fleet_command, times
from bench.postgres import postgresql
from bench.rows import Row, line


@dataclass(frozen=True, slots=True)
class _Moment:
    """The server's processor time in seconds, and its memory in MiB."""

    spent: float
    memory: float


def main() -> None:
    """Measure and print."""
    options = _options()
    cores = len(os.sched_getaffinity(0))
    print(f"{options.devices:,} devices in {options.processes} processes; {cores} cores for them, server and database")
    with _server(options.workers) as server:
        client = server.client()
        world.smime_profiles(client, group=world.group_id(client, "All Staff"), template="SmimeP256")
        moments = [_now(server)]
        with (
            subprocess.Popen(
                _command(server, options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as driver,
            tree.Watch(driver.pid) as drivers,
        ):
            assert driver.stderr is not None
            assert driver.stdout is not None
            moments += _ends(driver.stderr, server)
            output = driver.stdout.read()
        if not output:
            raise SystemExit(1)
        stored = 0 if options.workers else _size(Path(server.endpoints["dataDir"]))
    summary: dict[str, Any] = json.loads(output)
    for row in (*_counts(summary, devices=options.devices), *times(summary), *_costs(summary, moments)):
        print(line(row))
    print(
        f"drivers: at most {drivers.most:.0f} MiB" + (f"; the server's data folder: {stored:.0f} MiB" if stored else "")
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.campaign", description=__doc__.partition("\n")[0])
    parser.add_argument("--devices", type=int, default=10000, help="the number of devices (10000)")
    parser.add_argument("--processes", type=int, default=2, help="the processes that drive them (2)")
    parser.add_argument("--workers", type=int, default=0, help="the server's workers, on PostgreSQL (0: SQLite)")
    parser.add_argument("--at-once", type=int, default=32, help="devices that are busy at one time (32)")
    parser.add_argument("--again", type=int, default=1, help="quiet check-ins of each device (1)")
    parser.add_argument("--rate", type=float, help="quiet check-ins a second (as many as are answered)")
    parser.add_argument("--mix", default="android", help="the kinds of devices, as for `fauxtune-sim fleet`")
    return parser.parse_args()


def _command(server: world.Server, options: argparse.Namespace) -> list[str]:
    more = ["--at-once", str(options.at_once)] + ([] if options.rate is None else ["--rate", str(options.rate)])
    return fleet_command(
        server, devices=options.devices, mix=options.mix, again=options.again, processes=options.processes, more=more
    )


@contextmanager
def _server(workers: int) -> Iterator[world.Server]:
    """A server on SQLite, or with so many workers on PostgreSQL."""
    if not workers:
        with world.server() as server:
            yield server
        return
    with postgresql() as url, world.server("--database-url", url, "--workers", str(workers)) as server:
        yield server


def _now(server: world.Server) -> _Moment:
    return _Moment(server.cpu(), server.memory())


def _ends(lines: Iterable[str], server: world.Server) -> Iterator[_Moment]:
    """Pass on what the fleet says of its progress, and look at the server at the end of each phase."""
    for each in lines:
        sys.stderr.write(each)
        if " of " in each and not each.endswith(" left\n"):
            yield _now(server)


def _counts(summary: dict[str, Any], *, devices: int) -> Iterator[Row]:
    settled, enrolled = summary["settled"], summary["enrolled"]
    yield Row("devices: settled; enrolled", f"{settled:,}", f"{enrolled:,}", settled / devices, 1.0)
    for failure in summary["failures"]:
        yield Row(f"  {failure['cause'][:44]}", f"{failure['count']:,}")


def _costs(summary: dict[str, Any], moments: list[_Moment]) -> Iterator[Row]:
    """A row for each phase: the server's processor time for one of its conversations, and its memory afterwards."""
    for phase, before, after in zip(summary["latencies"], moments, moments[1:], strict=False):
        each = (after.spent - before.spent) / phase["count"] * 1000
        yield Row(f"  server, {phase['phase']}: time of each; memory", f"{each:.2f} ms", f"{after.memory:.0f} MiB")
    growth = moments[-1].memory - moments[0].memory
    yield Row("  server's memory before; growth", f"{moments[0].memory:.0f} MiB", f"{growth:.0f} MiB")


def _size(folder: Path) -> float:
    """The MiB of the files of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20


if __name__ == "__main__":
    main()
