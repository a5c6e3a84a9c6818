"""A process with its children, and theirs: what they take together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")


def processor_time(process: int) -> float:
    """The seconds of processor time that a process and its children have taken."""
    return sum(map(_spent, members(process)))


def memory(process: int) -> float:
    """The resident memory of a process and its children in MiB; what they share is counted in each."""
    return sum(map(_resident, members(process)))


def members(process: int) -> Iterator[int]:
    """The ids of a process and of its children."""
    yield process
    with suppress(OSError):  # it has ended
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            yield from members(int(child))


def busy_threads(process: int, *, seconds: float) -> set[int]:
    """The threads of a process, without its main one, that have taken so many seconds of processor time."""
    others = (int(task.name) for task in Path(f"/proc/{process}/task").iterdir() if int(task.name) != process)
    return {thread for thread in others if time_of_threads(process, {thread}) >= seconds}


def time_of_threads(process: int, threads: Iterable[int]) -> float:
    """The seconds of processor time that these threads of a process have taken."""
    return sum(_spent(f"{process}/task/{thread}") for thread in threads)


class Watch:
    """Remembers the most memory that a process and its children had, looked at each second in a `with` block."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._end = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self.most = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(1):
            self.most = max(self.most, memory(self._process))


def _spent(process: int | str) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:  # it has ended
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
