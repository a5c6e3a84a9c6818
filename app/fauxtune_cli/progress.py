"""How far a command is, on standard error: a bar on a terminal, else a line for each item or nothing. Programs that ask
for JSON are told nothing.

The bar appears after half a second, and only then what draws it is imported. It counts what is known (files, checks,
seats, bytes); where the server does all of the work at once it shows that something goes on, and for how long. Its end
leaves the terminal as it was, also after Ctrl-C, SIGTERM or an error.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread, Timer
from typing import Protocol

from fauxtune_cli.options import Output
from fauxtune_client.endpoints import ClientError

#: Seconds before anything is shown.
_PATIENCE = 0.5
#: Seconds between two questions about work that the server does, and how much longer than its answer took a pause is.
_BETWEEN_QUESTIONS, _PAUSE = 1.0, 20
#: The usual exit code of a program that SIGTERM ended.
_TERMINATED = 128 + signal.SIGTERM
#: What `Meter.reach` counts in megabytes.
BYTES = "bytes"


class Shown(Protocol):
    """A bar on the terminal."""

    def update(self, title: str, *, done: float, total: float | None, amount: str) -> None:
        """Show how far the work is."""

    def stop(self) -> None:
        """Take the bar away, and give the cursor back."""


class Meter:
    """Work under way: how much of it is done, of what total (None: not known), counted in `unit`. `lines`: whether
    items leave their lines; on a terminal only failures do, above the bar.
    """

    def __init__(self, title: str, *, total: float | None, unit: str, lines: bool) -> None:
        self._title, self._total, self._unit, self._done = title, total, unit, 0.0
        self._lines = lines
        self._lock = Lock()
        self._bar: Shown | None = None
        self._ended = False

    def one_done(self, line: str = "", *, succeeded: bool = True) -> None:
        """One more item is done, with a line about it."""
        self._done += 1
        self._update()
        if self._lines and line and not (succeeded and _is_on_terminal()):
            print(line, file=sys.stderr, flush=True)

    def reach(self, done: float, total: float | None) -> None:
        """So much is done altogether, of so much."""
        self._done, self._total = done, total
        self._update()

    def rename(self, title: str) -> None:
        """Show another title: what is worked at now."""
        self._title = title
        self._update()

    def show(self) -> None:
        """Draw the bar, which is drawn again and again until `hide`."""
        from fauxtune_cli.progress_bar import Bar

        with self._lock:
            if not self._ended:
                self._bar = Bar(self._title)
                self._update()

    def hide(self) -> None:
        """Take the bar away."""
        with self._lock:
            self._ended = True
            if self._bar is not None:
                self._bar.stop()

    def _update(self) -> None:
        if self._bar is not None:
            self._bar.update(self._title, done=self._done, total=self._total, amount=self._amount())

    def _amount(self) -> str:
        """What is done, and of what, in words."""
        if self._unit == BYTES:
            done, total = (f"{size / 1e6:,.1f}" for size in (self._done, self._total or 0))
            return f"{done} of {total} MB" if self._total else f"{done} MB" if self._done else ""
        counted = f"{self._done:,.0f} of {self._total:,.0f}" if self._total is not None else ""
        return f"{counted} {self._unit}".strip()


#: The work that is told of now. What is part of it, such as each request of an import, is not told by itself.
_current: Meter | None = None


@contextmanager
def progress(
    title: str,
    *,
    output: Output = Output.TEXT,
    total: float | None = None,
    unit: str = "",
    ask: Callable[[], float] | None = None,
    lines: bool = False,
) -> Iterator[Meter]:
    """Tell how far the work in this block is. `unit`: what `total` counts, such as seats. `ask`: a question to the
    server that answers how much is done, asked now and then while the bar is shown. `lines`: each of several items
    leaves its line; on a terminal only failures do.
    """
    global _current
    is_told = output is Output.TEXT and _current is None
    meter = Meter(title, total=total, unit=unit, lines=is_told and lines and total is not None and total > 1)
    if not (is_told and _is_on_terminal()):
        yield meter
        return
    _current = meter
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))  # an end that gives the cursor back
    ended = Event()
    timer = Timer(_PATIENCE, meter.show)
    timer.start()
    if ask is not None:
        Thread(target=_follow, args=(meter, ask, total, ended), daemon=True).start()
    try:
        yield meter
    finally:
        signal.signal(signal.SIGTERM, before)
        _current = None
        ended.set()
        timer.cancel()
        meter.hide()


def _follow(meter: Meter, ask: Callable[[], float], total: float | None, ended: Event) -> None:  # noqa: PLR0917 - Thread's
    """Ask how much is done, at intervals that cost the server little, until the work has ended or a question fails."""
    pause = max(_BETWEEN_QUESTIONS, _PATIENCE)
    while not ended.wait(pause):
        begun = time.monotonic()
        try:
            done = ask()
        except (ClientError, RuntimeError):  # refused, or the connections are closed: the work has ended
            return
        if not ended.is_set():
            meter.reach(done, total)
        pause = max(_BETWEEN_QUESTIONS, _PAUSE * (time.monotonic() - begun))


def _is_on_terminal() -> bool:
    """Whether standard error is a terminal that can move its cursor."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}
