"""The rows of the table: measured side by side with their floor, and printed."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `goal` is None for a figure without a goal."""

    name: str
    value: str
    floor: str = ""
    ratio: float | None = None
    goal: float | None = None
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.ratio is None or self.goal is None:
            return None
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def side_by_side(ours: Callable[[], float], floor: Callable[[], float], *, pairs: int) -> tuple[float, float, float]:
    """The medians of both and of their ratio, measured alternately, so that a noisy moment affects both."""
    return medians([(ours(), floor()) for _ in range(pairs)])


def medians(measured: list[tuple[float, float]]) -> tuple[float, float, float]:
    """The medians of both parts of these pairs, and of their ratio."""
    return (
        statistics.median(pair[0] for pair in measured),
        statistics.median(pair[1] for pair in measured),
        statistics.median(pair[0] / pair[1] for pair in measured),
    )


def line(row: Row) -> str:
    """The row as text."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    sign = "<=" if row.at_most else ">="
    goal = "" if row.goal is None else f"{sign} {row.goal:g}"
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    return f"{row.name:<54} {row.value:>17} {row.floor:>17} {ratio:>7} {goal:>8} {verdict}"
