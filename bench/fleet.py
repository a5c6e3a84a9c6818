"""A thousand and ten thousand simulated devices, enrolled and settled, with a P-256 template and a ring of keys."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench import world
from bench.rows import Row

#: The MiB by which a server may grow with so many devices.
_GROWTH = {1000: 40.0}


def rows() -> Iterator[Row]:
    """Two rows for each fleet: the settled devices, and the server's memory."""
    for devices in (1000, 10000):
        with world.server() as server:
            client = server.client()
            group = world.group_id(client, "All Staff")
            world.smime_profiles(client, group=group, template="SmimeP256")
            idle = server.memory()
            summary = settle(server, devices=devices, mix="android:1")
            failures = "" if not summary["failures"] else f" {summary['failures'][0]['cause'][:20]}"
            yield Row(
                f"{devices:,} devices: settled; check-ins per second",
                f"{summary['settled']:,}{failures}",
                f"{summary['checkinsPerSecond']:.0f}/s",
                summary["settled"] / devices,
                1.0,
            )
            memory, goal = server.memory(), _GROWTH.get(devices)
            yield Row(
                f"server memory: idle; after {devices:,} devices",
                f"{memory:.0f} MiB",
                f"{idle:.0f} MiB",
                None if goal is None else (memory - idle) / goal,
                None if goal is None else 1.0,
                at_most=True,
            )


def settle(server: world.Server, *, devices: int, mix: str) -> dict[str, Any]:
    """Enrol devices of these kinds, let them settle, and return the summary of `fauxtune-sim fleet`."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "fauxtune_sim", "fleet", "--devices", str(devices)),
            *("--server", server.endpoints["http"], "--tenant", "contoso", "--mix", mix),
            *("--keys", "64", "--output", "json"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    summary: dict[str, Any] = json.loads(ended.stdout)
    return summary
