"""The server of a journey: in the test's own process, which coverage measures, or JOURNEY_WORKERS processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.running_server import WORKERS, Served, serving
from tests.support.server_here import serving_here


@contextmanager
def serving_journey(folder: Path, *, ephemeral: bool = False, **settings: str | Path) -> Iterator[Served]:
    """A server with its data in this folder until the block ends; `ephemeral`: in memory, if it is one process.
    `settings` are those of `Settings`.
    """
    if WORKERS == 1:
        with serving_here(**({"ephemeral": True} if ephemeral else {"data_dir": folder}), **settings) as here:
            yield here
        return
    options = [each for name, value in settings.items() for each in (f"--{name}", value)]
    with serving("--data-dir", folder, *options) as running:
        yield running
