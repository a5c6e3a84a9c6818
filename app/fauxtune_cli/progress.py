"""The progress of a long command on standard error: a bar on a terminal, else a line for each item."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

#: Seconds before anything is shown.
_PATIENCE = 1.0


@contextmanager
def progress(total: int, *, title: str) -> Iterator[Callable[[str, bool], None]]:
    """Yield a function to call for each of `total` items, with a line about it and whether it succeeded.

    On a terminal only failures leave a line, above the bar. For a single item nothing is printed.
    """
    if total < 2:
        yield lambda _line, _succeeded: None
    elif sys.stderr.isatty():
        with _bar(total, title=title) as report:
            yield report
    else:
        yield lambda line, _succeeded: print(line, file=sys.stderr, flush=True)


@contextmanager
def _bar(total: int, *, title: str) -> Iterator[Callable[[str, bool], None]]:
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total)

        def report(line: str, succeeded: bool) -> None:
            if not succeeded:
                bar.console.print(line, markup=False, highlight=False)
            bar.advance(task)

        yield report


@contextmanager
def waiting(title: str) -> Iterator[None]:
    """Show on a terminal that something goes on, with the seconds so far, if it takes longer than one second."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    display = Progress(*columns, console=Console(stderr=True), transient=True)
    display.add_task(title, total=None)
    timer = Timer(_PATIENCE, display.start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        display.stop()
