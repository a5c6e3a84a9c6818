"""Tests that use the test library: a hundred, each with a tenant and two devices, in two processes of pytest."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.rows import Row

#: FAUXTUNE_BENCH_TESTS: another number of tests; the goal is a minute for 200.
_TESTS = int(os.environ.get("FAUXTUNE_BENCH_TESTS", "100"))
_GOAL_SECONDS = 60.0
_TEST = """
import pytest


@pytest.mark.parametrize("number", range({tests}))
def test_leaver(tenant, devices, number):
    alice = tenant.user("alice")
    phone, other = devices.enroll(alice, "ios"), devices.enroll(alice, "android")
    tenant.profiles.pkcs("Signing", platforms="all").assign("All Staff")
    assert tenant.settle() == []
    assert phone.holds("pkcs") and other.holds("pkcs")
    tenant.graph.post(f"/v1.0/deviceManagement/managedDevices/{{phone.id}}/retire").raise_for_status()
    tenant.settle()
    assert tenant.journal.events("retired", device=phone)
    assert other.enrolled
"""


def rows() -> Iterator[Row]:
    """One row: the seconds of the whole run, with its server's start and end."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as folder:
        Path(folder, "test_it.py").write_text(_TEST.format(tests=_TESTS), encoding="utf-8")
        Path(folder, "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        plugins = ["-p", "no:schemathesis", "-p", "no:randomly", "-p", "no:asyncio", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", "-q", "-n2", *plugins]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    result = re.search(r"(\d+) passed in ([\d.]+)s", done.stdout)
    if done.returncode != 0 or result is None or int(result[1]) != _TESTS:
        raise RuntimeError(f"the tests failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    seconds, goal = float(result[2]), _GOAL_SECONDS * _TESTS / 200
    name = f"{_TESTS} tests, a tenant and two devices each"
    yield Row(name, f"{seconds:.1f} s", f"{goal:g} s", seconds / goal, 1.0, at_most=True)
