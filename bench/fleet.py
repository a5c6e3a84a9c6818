"""A thousand simulated devices, enrolled and settled, with a P-256 template and a ring of keys (more: `make load`)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import world
from bench.rows import Row
from tests.support.running_server import command_of

_DEVICES = 1000
#: The MiB by which a server may grow with them.
_GROWTH = 40.0
#: The processes that drive the devices.
_PROCESSES = 2
_WORDS = {"enroll": "enrolment", "settle": "check-in that settles", "again": "quiet check-in"}


def rows() -> Iterator[Row]:
    """The settled devices, the times of each phase, and the server's memory."""
    with world.server() as server:
        client = server.client()
        group = world.group_id(client, "All Staff")
        world.smime_profiles(client, group=group, template="SmimeP256")
        idle = server.memory()
        summary = settle(server, devices=_DEVICES, mix="android:1", again=1, processes=_PROCESSES)
        failures = "" if not summary["failures"] else f" {summary['failures'][0]['cause'][:20]}"
        yield Row(
            f"{_DEVICES:,} devices: settled; check-ins per second",
            f"{summary['settled']:,}{failures}",
            f"{summary['checkinsPerSecond']:.0f}/s",
            summary["settled"] / _DEVICES,
            1.0,
        )
        yield from times(summary)
        memory = server.memory()
        yield Row(
            f"server memory: after {_DEVICES:,} devices; idle",
            f"{memory:.0f} MiB",
            f"{idle:.0f} MiB",
            (memory - idle) / _GROWTH,
            1.0,
            at_most=True,
        )


def times(summary: dict[str, Any]) -> Iterator[Row]:
    """A row for each phase of a fleet: p50, p99 and p99.9 in milliseconds, and the rate."""
    for phase in summary["latencies"]:
        quantiles = "/".join(f"{phase[name] * 1000:.0f}" for name in ("p50", "p99", "p999"))
        yield Row(f"  {_WORDS[phase['phase']]}: p50/p99/p99.9; rate", f"{quantiles} ms", f"{phase['perSecond']:.0f}/s")


def settle(
    server: world.Server,
    *,
    devices: int,
    mix: str,
    again: int = 0,
    processes: int = 1,
    more: Sequence[str] = (),
    commands: Path | None = None,
) -> dict[str, Any]:
    """Enrol devices of these kinds, let them settle, and return the summary of `fauxtune-sim fleet`. `commands`: the
    folder of the program, where another one is to be run than the installed.
    """
    command = fleet_command(server, devices=devices, mix=mix, again=again, processes=processes, more=more)
    if commands is not None:
        command[:3] = command_of("fauxtune-sim", commands)
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    summary: dict[str, Any] = json.loads(ended.stdout)
    return summary


def fleet_command(
    server: world.Server, *, devices: int, mix: str, again: int = 0, processes: int = 1, more: Sequence[str] = ()
) -> list[str]:
    """The command that drives a fleet of the seeded tenant."""
    return [
        *(sys.executable, "-m", "fauxtune_sim", "fleet", "--devices", str(devices), "--mix", mix),
        *("--server", server.endpoints["http"], "--tenant", "contoso", "--keys", "64", "--output", "json"),
        *("--processes", str(processes), "--again", str(again), *more),
    ]
