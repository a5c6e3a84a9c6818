"""The start of the server: the first one, which makes keys, and a later one, against the bare imports; its memory while
it is idle; and what a command that starts nothing takes.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import world
from bench.rows import Row, side_by_side

_IMPORTS = "import fastapi, sqlalchemy, cryptography"
#: Seconds after which an idle server has done for the first time what it does every few seconds, and the goal in MiB.
_IDLE, _MEMORY = 8.0, 85.0
#: Seconds by which `fauxtune --help` may be slower than an interpreter.
_HELP = 0.15


def rows() -> Iterator[Row]:
    """Four rows: the second start, and the first start, each against the imports; memory; help."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as folder:
        first = _start(folder)
        ours, floor, ratio = side_by_side(lambda: _start(folder), _imports, pairs=5)
        with world.server(folder=Path(folder)) as server:
            time.sleep(_IDLE)
            memory = server.memory()
    yield Row("second start to ready / bare imports", f"{ours:.2f} s", f"{floor:.2f} s", ratio, 1.5, at_most=True)
    yield Row("first start to ready", f"{first:.2f} s", f"{floor:.2f} s", first / floor)
    yield Row("memory, idle", f"{memory:.1f} MiB", f"{_MEMORY:.0f} MiB", memory / _MEMORY, 1.0, at_most=True)
    slow, bare, _ = side_by_side(
        lambda: _computed("-m", "fauxtune", "--help"), lambda: _computed("-c", "pass"), pairs=7
    )
    more = slow - bare
    yield Row("--help / bare interpreter + 0.15 s", f"{slow:.2f} s", f"{bare:.2f} s", more / _HELP, 1.0, at_most=True)


def _start(folder: str) -> float:
    """The seconds until the first line of output, which is written when /readyz answers 200."""
    command = [sys.executable, "-m", "fauxtune", "serve", "--output", "json", "--data-dir", folder]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--port", "0", "--http-port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    json.loads(process.stdout.readline())
    seconds = time.perf_counter() - start
    process.terminate()
    process.wait(30)
    return seconds


def _imports() -> float:
    return _run("-c", _IMPORTS)


def _run(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def _computed(*arguments: str) -> float:
    """The processor time in seconds, which other processes hardly change."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = spent()
    _run(*arguments)
    return spent() - before
