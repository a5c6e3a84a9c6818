"""The start of the server: the first one, which makes keys, and a later one, against the bare imports."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from bench.rows import Row, side_by_side

_IMPORTS = "import fastapi, sqlalchemy, cryptography"


def rows() -> Iterator[Row]:
    """Two rows: the second start, and the first start, each against the imports."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as folder:
        first = _start(folder)
        ours, floor, ratio = side_by_side(lambda: _start(folder), _imports, pairs=5)
    yield Row("second start to ready / bare imports", f"{ours:.2f} s", f"{floor:.2f} s", ratio, 2.0, at_most=True)
    yield Row("first start to ready", f"{first:.2f} s", f"{floor:.2f} s", first / floor)


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
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", _IMPORTS], check=True)
    return time.perf_counter() - start
