"""The bar that shows on a terminal how far a command is. Only `progress` imports it, where a bar is to be seen: the
import of what draws it takes longer than the work of most commands.
"""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

#: Columns of the widest bar.
_WIDEST = 100
#: The least columns of the bar itself: on a narrow terminal the title gets shorter first.
_LEAST = 4


class TimeLeft(TimeRemainingColumn):
    """The time that is left, where the total is known."""

    def render(self, task: Task) -> Text:
        """Return the time as text; nothing where it cannot be told."""
        return Text() if task.total is None or task.time_remaining is None else super().render(task)


class Bar:
    """One line of standard error: what is worked at, a bar, how much is done, the time so far and the time left.

    The bar moves to and fro where the total is not known. Other lines that are printed on standard error meanwhile
    stand above it; standard output is left alone, because it may be a file. On a narrow terminal the line gets shorter,
    and never becomes two.
    """

    def __init__(self, title: str) -> None:
        console = Console(stderr=True)
        console.width = min(console.width, _WIDEST)
        whole = Column(no_wrap=True)
        self._display = Progress(
            SpinnerColumn("line"),  # of ASCII characters, which every console has
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=_LEAST)),
            TextColumn("{task.fields[amount]}", markup=False, table_column=whole),
            TimeElapsedColumn(table_column=whole),
            TimeLeft(table_column=whole),
            console=console,
            transient=True,
            redirect_stdout=False,
            expand=True,
        )
        self._task = self._display.add_task(title, total=None, amount="")
        self._display.start()

    def update(self, title: str, *, done: float, total: float | None, amount: str) -> None:
        """Show how far the work is."""
        if total is None:  # `Progress.update` keeps the total that it is not given
            self._display.tasks[0].total = None
        self._display.update(self._task, description=title, completed=done, total=total, amount=amount)

    def stop(self) -> None:
        """Take the bar away, and give the cursor back."""
        self._display.stop()
