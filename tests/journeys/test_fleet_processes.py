"""A fleet in several processes: its figures add up, and it ends as one when a process of it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.administrator import DEVICES, Administrator
from tests.support.neighbours import eventually
from tests.support.preloaded import INTERPRETER
from tests.support.running_server import Running, environment

pytestmark = pytest.mark.timeout(120)
KINDS = ("androidWorkProfileTrustedRootCertificate", "androidWorkProfilePkcsCertificateProfile")


@contextmanager
def fleet(server: Running, *words: str, preloaded: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A fleet that is under way, and that is ended with the block. `preloaded`: none of its processes is a child of
    another one.
    """
    assert server.commands is not None
    python = server.commands / INTERPRETER if preloaded else sys.executable
    command = [python, "-m", "fauxtune_sim", "fleet", "--keys", "1", "--data-dir", server.endpoints["dataDir"]]
    with subprocess.Popen(
        [*command, *words], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def children(process: subprocess.Popen[str]) -> list[int]:
    return list(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()))


def is_running(process: int) -> bool:
    """Whether a process computes: one that has ended may still wait for its parent to notice."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(process: subprocess.Popen[str], words: str) -> None:
    """Read what a fleet says until a line has these words."""
    assert process.stderr is not None
    lines = []
    while words not in (line := process.stderr.readline()):
        lines.append(line)
        assert line, f"it has not said '{words}': {lines}"


async def test_the_figures_of_a_fleet_in_two_processes_are_those_of_all_its_devices(
    server: Running, administrator: Administrator
) -> None:
    await administrator.assign(await administrator.root(KINDS[0]), await administrator.pkcs(KINDS[1]))
    words = ("--devices", "7", "--mix", "android:2,ios", "--processes", "2", "--again", "3", "--rate", "50")
    with fleet(server, *words, "--seed", "5", "--output", "json", preloaded=True) as process:
        output, errors = process.communicate()
    summary = json.loads(output)
    assert process.returncode == 0, errors
    assert (summary["enrolled"], summary["settled"], summary["failures"]) == (7, 7, [])
    assert summary["itemsInstalled"] == 2 * 5, "two of three devices are Android"
    counts = {row["phase"]: row["count"] for row in summary["latencies"]}
    assert counts == {"enroll": 7, "settle": 7, "again": 21}
    for row in summary["latencies"]:
        assert 0 < row["p50"] <= row["p99"] <= row["p999"] <= row["longest"] < 60
    assert summary["latencies"][2]["perSecond"] < 75, "no more begin than --rate says"
    assert errors == "", "programs are told nothing while it works"
    with fleet(server, *words, preloaded=True) as process:
        _, errors = process.communicate()
    for line in ("enrolled: 7 of 7", "settled: 7 of 7", "checked in again: 21 of 21"):
        assert line in errors.splitlines()
    rows = (await administrator.graph.get(DEVICES)).raise_for_status().json()["value"]
    names = [row["deviceName"] for row in rows]
    with fleet(
        server, "--devices", "7", "--mix", "android:2,ios", "--seed", "5", "--output", "json", preloaded=True
    ) as process:
        process.communicate()
    rows = (await administrator.graph.get(DEVICES)).raise_for_status().json()["value"]
    assert sorted(row["deviceName"] for row in rows) == sorted(names), (
        "one process makes the same devices, which enrol again"
    )


def test_a_fleet_of_which_a_process_is_killed_says_so_and_ends(server: Running) -> None:
    words = ("--devices", "6", "--processes", "2", "--again", "1000", "--rate", "2")
    with fleet(server, *words) as process:
        until(process, "settled: 6 of 6")
        first, second = children(process)
        os.kill(second, signal.SIGKILL)
        output, errors = process.communicate(timeout=30)
        assert (process.returncode, output) == (1, "")
        assert errors.splitlines()[-1] == (
            "fauxtune-sim: process 2 of 2 of the fleet was ended by SIGKILL (the system may have run out of memory): "
            "the others are ended, nothing is counted"
        )
        assert "Traceback" not in errors
        assert not is_running(first)


def test_a_fleet_in_two_processes_stays_until_it_is_interrupted(server: Running) -> None:
    with fleet(server, "--devices", "5", "--processes", "2", "--stay", "--output", "json") as process:
        until(process, "the fleet stays connected")
        with server.client() as client:

            def connected() -> int:
                rows = client.get("/_fauxtune/v1/tenants/contoso/devices").raise_for_status().json()["value"]
                return sum(row["connected"] for row in rows)

            eventually(lambda: connected() == 5)
            parts = children(process)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=30)
            assert (process.returncode, json.loads(output)["settled"]) == (0, 5), errors
            assert not any(map(is_running, parts))
            eventually(lambda: connected() == 0)


@pytest.mark.parametrize("phase", ["settled: 4 of 4", "the fleet stays connected"])
def test_no_process_of_a_fleet_outlives_the_one_that_leads(server: Running, phase: str) -> None:
    more = ("--stay",) if "stays" in phase else ("--again", "1000", "--rate", "20")
    with fleet(server, "--devices", "4", "--processes", "2", *more) as process:
        until(process, phase)
        parts = children(process)
        assert len(parts) == 2
        process.kill()
        process.communicate()
        eventually(lambda: not any(map(is_running, parts)))
