"""How far a fleet is, for people: a line every few seconds, with the rate and the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from fauxtune_sim.fleet.summary import Phase

_SECONDS_BETWEEN_LINES = 5.0
_WORDS = {Phase.ENROLL: "enrolled", Phase.SETTLE: "settled", Phase.AGAIN: "checked in again"}


class Observer(Protocol):
    """What a fleet tells while it is under way."""

    async def begin(self, phase: Phase, *, total: int) -> None:
        """Called before a phase, with the number of its conversations; the phase begins when this returns."""

    def progress(self, reached: int, *, tried: int) -> None:
        """Called now and then in a phase: how many conversations were tried, and how many succeeded."""


class ProgressLines:
    """Announces a line at the end of each phase, and every five seconds before."""

    def __init__(self, announce: Callable[[str], None]) -> None:
        self._announce = announce
        self._phase, self._total = Phase.ENROLL, 0
        self._began = self._last = 0.0

    async def begin(self, phase: Phase, *, total: int) -> None:
        """Begin a phase."""
        if phase is Phase.ENROLL:
            self._announce("identity keys are made")
        self._phase, self._total = phase, total
        self._began = self._last = time.monotonic()

    def progress(self, reached: int, *, tried: int) -> None:
        """Announce how far the phase is, if it is time for that."""
        now = time.monotonic()
        if tried < self._total and now < self._last + _SECONDS_BETWEEN_LINES:
            return
        self._last = now
        failed = f", {tried - reached:,} failed" if tried > reached else ""
        line = f"{_WORDS[self._phase]}: {reached:,} of {self._total:,}{failed}"
        rate = tried / (now - self._began) if now > self._began else 0.0
        if tried < self._total and rate:
            line += f"; {rate:.0f} a second, {_left((self._total - tried) / rate)} left"
        self._announce(line)


def _left(seconds: float) -> str:
    """A time that remains, as people say it."""
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
