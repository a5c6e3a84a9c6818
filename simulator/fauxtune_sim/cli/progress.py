"""The bar that shows on a terminal how far devices are. Only a command at a terminal imports it, and what draws it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column

from fauxtune_sim.fleet.summary import DONE, Phase

#: Seconds before anything is shown, and the columns of the widest bar.
_PATIENCE, _WIDEST = 0.5, 100
#: The usual exit code of a program that SIGTERM ended.
TERMINATED = 128 + signal.SIGTERM


class Bar:
    """The phase of a fleet, or other work of several devices, that is under way, as a bar."""

    def __init__(self, title: str, *, total: int) -> None:
        self._title, self._total, self._done, self._failed = title, total, 0, 0
        self._lock = Lock()
        self._display: Progress | None = None
        self._ended = False

    async def begin(self, phase: Phase, *, total: int) -> None:
        """Begin a phase."""
        self._title, self._total, self._done, self._failed = DONE[phase], total, 0, 0
        self._update()

    def progress(self, reached: int, *, tried: int) -> None:
        """Show how far the phase is."""
        self._done, self._failed = tried, tried - reached
        self._update()

    def show(self) -> None:
        """Draw the bar, which is drawn again and again until `hide`."""
        with self._lock:
            if self._ended:
                return
            console = Console(stderr=True)
            console.width = min(console.width, _WIDEST)
            whole = Column(no_wrap=True)
            self._display = Progress(
                SpinnerColumn("line"),  # of ASCII characters, which every console has
                TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
                BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=4)),
                TextColumn("{task.fields[amount]}", markup=False, table_column=whole),
                TimeElapsedColumn(table_column=whole),
                TimeRemainingColumn(table_column=whole),
                console=console,
                transient=True,
                expand=True,
            )
            total = self._total or None
            self._display.add_task(self._title, total=total, completed=self._done, amount=self._amount())
            self._display.start()

    def hide(self) -> None:
        """Take the bar away."""
        with self._lock:
            self._ended = True
            if self._display is not None:
                self._display.stop()

    def _update(self) -> None:
        if self._display is not None:
            task = self._display.tasks[0]
            if task.total != (self._total or None) or task.description != self._title:
                self._display.reset(task.id, total=self._total, description=self._title)
            self._display.update(task.id, completed=self._done, amount=self._amount())

    def _amount(self) -> str:
        """How many devices have tried, and how many of them failed."""
        if not self._total:
            return ""
        failed = f", {self._failed:,} failed" if self._failed else ""
        return f"{self._done:,} of {self._total:,}{failed}"


@contextmanager
def bar(title: str, *, total: int = 0) -> Iterator[Bar]:
    """Yield an observer of so many devices (0: not known yet) that draws a bar. The end leaves the terminal as it was,
    whatever ended it.
    """
    observer = Bar(title, total=total)
    timer = Timer(_PATIENCE, observer.show)
    timer.start()
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # an end that gives the cursor back
    try:
        yield observer
    finally:
        signal.signal(signal.SIGTERM, before)
        timer.cancel()
        observer.hide()
