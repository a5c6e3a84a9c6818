"""How a row is measured and printed."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `goal` is None where a figure is only shown."""

    name: str
    value: str
    floor: str = ""
    ratio: float | None = None
    goal: float | None = None
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Is the goal met? None where there is none."""
        if self.ratio is None or self.goal is None:
            return None
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def side_by_side(ours: Callable[[], float], floor: Callable[[], float], *, pairs: int) -> tuple[float, float, float]:
    """Medians of both and of their ratio, measured in turn, so that a noisy moment hits both."""
    measured = [(ours(), floor()) for _ in range(pairs)]
    return (
        statistics.median(each[0] for each in measured),
        statistics.median(each[1] for each in measured),
        statistics.median(each[0] / each[1] for each in measured),
    )


def line(row: Row) -> str:
    """The row as text."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    sign = "<=" if row.at_most else ">="
    goal = "" if row.goal is None else f"{sign} {row.goal:g}"
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    return f"{row.name:<46} {row.value:>17} {row.floor:>17} {ratio:>7} {goal:>8} {verdict}"
