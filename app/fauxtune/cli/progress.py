"""How far a long command is: a bar on a terminal, else a line for each thing done. Always on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(total: int, *, title: str) -> Iterator[Callable[[str, bool], None]]:
    """A function to call for each of `total` things: a line about it, and whether it went well.

    On a terminal only what went wrong stays as a line, above the bar. A single thing needs neither.
    """
    if total < 2:
        yield lambda _line, _well: None
    elif sys.stderr.isatty():
        with _bar(total, title=title) as told:
            yield told
    else:
        yield lambda line, _well: print(line, file=sys.stderr, flush=True)


@contextmanager
def _bar(total: int, *, title: str) -> Iterator[Callable[[str, bool], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(title, total=total)

        def told(line: str, well: bool) -> None:
            if not well:
                shown.console.print(line, markup=False, highlight=False)
            shown.advance(task)

        yield told
