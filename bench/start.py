"""The start of the server: the first one, which makes keys, and a later one, against the imports of the modules that
the server has when it is ready (`-X importtime` tells which); its memory while it is idle; what a command that starts
nothing takes; and what reading the table of Graph's types takes, at the first request to Graph.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bench import world
from bench.rows import Row, side_by_side

#: Imports the modules that it is given, in their order; those that this system lacks were looked for by the server too.
#: As in the server meanwhile, no garbage is collected, and nothing is torn down.
_IMPORT = """
import gc, importlib, os, sys
gc.disable()
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
os._exit(0)
"""
#: Seconds after which an idle server has done for the first time what it does every few seconds, and the goal in MiB.
_IDLE, _MEMORY = 8.0, 85.0
#: Processor time in milliseconds, and MiB, of the table of Graph's types; and what measures them:
#: what the model stands on is imported before.
_MODEL_TIME, _MODEL_MEMORY = 30.0, 10.0
_MODEL = """
import time
import fauxtune.core.odata.schema.model, fauxtune.core.odata.schema.overlay
resident = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
before, started = resident(), time.process_time()
import fauxtune.core.graph.index
print((time.process_time() - started) * 1000, resident() - before)
"""
#: Seconds by which `fauxtune --help` may be slower than an interpreter.
_HELP = 0.15


def rows() -> Iterator[Row]:
    """Six rows: the second start, and the first start, each against the imports; memory; help; two of the model."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as folder:
        _start(folder)
        modules = _modules(folder)
        ours, floor, ratio = side_by_side(lambda: _start(folder), lambda: _run("-c", _IMPORT, *modules), pairs=5)
        memory = _idle(Path(folder))
    first = statistics.median(_first_start() for _ in range(5))
    yield Row(
        "second start to ready / the modules it imports", f"{ours:.2f} s", f"{floor:.2f} s", ratio, 1.15, at_most=True
    )
    name = "first start to ready / the same"
    yield Row(name, f"{first:.2f} s", f"{floor:.2f} s", first / floor, 1.8, at_most=True)
    for when, mib in zip(("", ", after the first start"), memory, strict=True):
        yield Row(f"memory, idle{when}", f"{mib:.1f} MiB", f"{_MEMORY:.0f} MiB", mib / _MEMORY, 1.0, at_most=True)
    slow, bare, _ = side_by_side(
        lambda: _computed("-m", "fauxtune", "--help"), lambda: _computed("-c", "pass"), pairs=7
    )
    more = slow - bare
    yield Row("--help / bare interpreter + 0.15 s", f"{slow:.2f} s", f"{bare:.2f} s", more / _HELP, 1.0, at_most=True)
    yield from _model()


def _model() -> Iterator[Row]:
    results = [
        [float(word) for word in subprocess.check_output([sys.executable, "-c", _MODEL], text=True).split()]
        for _ in range(5)
    ]
    spent, memory = (statistics.median(each) for each in zip(*results, strict=True))
    ratio = spent / _MODEL_TIME
    yield Row("reading Graph's model", f"{spent:.0f} ms", f"{_MODEL_TIME:.0f} ms", ratio, 1.0, at_most=True)
    ratio = memory / _MODEL_MEMORY
    yield Row("its memory", f"{memory:.1f} MiB", f"{_MODEL_MEMORY:.0f} MiB", ratio, 1.0, at_most=True)


@contextmanager
def _ready(folder: str, *options: str, errors: IO[str] | int = subprocess.DEVNULL) -> Iterator[None]:
    """Run a server until the block ends; it begins when the first line of output is there, which is written when
    /readyz answers 200. `options`: of Python; `errors`: where standard error goes.
    """
    command = [sys.executable, *options, "-m", "fauxtune", "serve", "--output", "json", "--data-dir", folder]
    process = subprocess.Popen(
        [*command, "--port", "0", "--http-port", "0"], stdout=subprocess.PIPE, stderr=errors, text=True
    )
    assert process.stdout is not None
    json.loads(process.stdout.readline())
    yield
    process.terminate()
    process.wait(30)


def _start(folder: str) -> float:
    """The seconds until a server is ready."""
    start = time.perf_counter()
    with _ready(folder):
        return time.perf_counter() - start


def _first_start() -> float:
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as folder:
        return _start(folder)


def _modules(folder: str) -> list[str]:
    """The modules that a server imports, or looks for, until it is ready, in the order in which they were complete.
    It goes on importing then, in the background.
    """
    with tempfile.TemporaryFile("w+") as listing:
        with _ready(folder, "-X", "importtime", errors=listing):
            size = os.fstat(listing.fileno()).st_size
        listing.seek(0)
        lines = listing.read(size).splitlines()
    names = [line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")]
    return [name for name in names if name != "imported package"]


def _idle(folder: Path) -> tuple[float, float]:
    """The memory in MiB of an idle server on this data folder, and of one on a new folder beside it."""
    with world.server(folder=folder) as later, world.server() as first:
        time.sleep(_IDLE)
        return later.memory(), first.memory()


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
