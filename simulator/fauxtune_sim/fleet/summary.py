"""What came of a fleet: counts, failures by their causes, times. Those of several processes add up to one. And how far
it is: a line every few seconds, with the rate and the time that is left.

Times are in a histogram that is bounded in bytes and exact to 1.6 %; the sum of two is the histogram of both. Buckets
grow with what they count, as in an HDR histogram: 64 of them for each doubling, from a microsecond to 71 minutes. So no
time of a campaign is kept by itself, and several processes can count for one result.
"""

from __future__ import annotations

import math
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, Self

from fauxtune_sim.server.delivery import remedy_lines, waiting

#: Buckets for each doubling, and its binary logarithm.
_FINENESS, _BITS = 64, 6
#: The longest time that is told apart, in microseconds. Longer ones are in its bucket.
_LONGEST = 2**32 - 1
#: The quantiles of a summary, by their names in JSON and in text.
_QUANTILES = (("p50", "p50", 0.5), ("p99", "p99", 0.99), ("p999", "p99.9", 0.999))
_SECONDS_BETWEEN_LINES = 5.0


def _bucket(microseconds: int) -> int:
    """The bucket of a time: each of the first 128 microseconds has its own."""
    shift = max(microseconds.bit_length() - _BITS - 1, 0)
    return shift * _FINENESS + (microseconds >> shift)


def _highest(bucket: int) -> int:
    """The longest time that a bucket counts, in microseconds."""
    shift = max(bucket // _FINENESS - 1, 0)
    return ((bucket - shift * _FINENESS + 1) << shift) - 1


class Histogram:
    """How often which times occurred. It takes 14 KB, however many there are."""

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * (_bucket(_LONGEST) + 1)))
        self.count = 0
        self._longest = 0

    def record(self, seconds: float) -> None:
        """Count a time."""
        microseconds = max(round(seconds * 1e6), 0)
        self._counts[_bucket(min(microseconds, _LONGEST))] += 1
        self.count += 1
        self._longest = max(self._longest, microseconds)

    def add(self, other: Histogram) -> None:
        """Count all times of another histogram too."""
        for bucket, count in other._filled():
            self._counts[bucket] += count
        self.count += other.count
        self._longest = max(self._longest, other._longest)

    @property
    def longest(self) -> float:
        """The longest time, in seconds."""
        return self._longest / 1e6

    def quantile(self, share: float) -> float:
        """The time that this share of all (0 to 1) did not exceed, in seconds, at most 1.6 % too long. 0 if there is no
        time.
        """
        missing = max(math.ceil(share * self.count), 1)
        for bucket, count in self._filled():
            missing -= count
            if missing <= 0 and bucket < len(self._counts) - 1:
                return min(_highest(bucket), self._longest) / 1e6
        return self.longest

    def document(self) -> dict[str, Any]:
        """The histogram as JSON: what another process needs to add it."""
        return {"longest": self._longest, "buckets": list(self._filled())}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`."""
        histogram = cls()
        for bucket, count in document["buckets"]:
            histogram._counts[bucket] = count
            histogram.count += count
        histogram._longest = document["longest"]
        return histogram

    def _filled(self) -> Iterable[tuple[int, int]]:
        """The buckets that count something, from the shortest times on."""
        return ((bucket, count) for bucket, count in enumerate(self._counts) if count)


class Phase(StrEnum):
    """What all devices of a fleet do before any of them goes on: they enrol; they check in until they have settled;
    they check in again, usually with nothing to do.
    """

    ENROLL = "enroll"
    SETTLE = "settle"
    AGAIN = "again"


#: The words for a conversation of each phase.
_WORDS = {Phase.ENROLL: "enrolment", Phase.SETTLE: "check-in that settles", Phase.AGAIN: "check-in again"}


@dataclass(slots=True)
class FleetSummary:
    """The result of a fleet. `waiting`: what settled devices still wait for, and `remedies`, commands that end it;
    `names` are those of the enrolled devices; `reports` counts the status messages of the devices that settled.

    `seconds` is the time that a phase took, `latencies` that of each conversation in it which succeeded, from its first
    request to its last answer, with what the device does in between.
    """

    enrolled: int = 0
    settled: int = 0
    items_installed: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    remedies: list[str] = field(default_factory=list)
    reports: int = 0
    names: set[str] = field(default_factory=set)
    seconds: dict[Phase, float] = field(default_factory=dict)
    latencies: dict[Phase, Histogram] = field(default_factory=dict)

    def record(self, phase: Phase, seconds: float) -> None:
        """Count the time of a conversation."""
        self.latencies.setdefault(phase, Histogram()).record(seconds)

    def add(self, other: FleetSummary) -> None:
        """Add the counts and times of another part of the fleet, whose phases were at the same time."""
        self.enrolled += other.enrolled
        self.settled += other.settled
        self.items_installed += other.items_installed
        self.failures += other.failures
        self.reports += other.reports
        self.names |= other.names
        for phase, seconds in other.seconds.items():
            self.seconds[phase] = max(self.seconds.get(phase, 0.0), seconds)
        for phase, histogram in other.latencies.items():
            self.latencies.setdefault(phase, Histogram()).add(histogram)

    def document(self) -> dict[str, Any]:
        """`{"enrolled","settled","itemsInstalled","failures":[{"cause","count"}],"waiting":[{"cause","count"}],
        "checkinsPerSecond","latencies":[{"phase","count","perSecond","p50","p99","p999","longest"}]}`; in seconds.
        """
        seconds = self.seconds.get(Phase.SETTLE)
        return {
            "enrolled": self.enrolled,
            "settled": self.settled,
            "itemsInstalled": self.items_installed,
            "failures": [{"cause": cause, "count": count} for cause, count in self.failures.most_common()],
            "waiting": [{"cause": f"waits for {why}", "count": count} for why, count in self.waiting.most_common()],
            "checkinsPerSecond": round(self.reports / seconds, 1) if seconds else 0.0,
            "latencies": [self._latencies(phase) for phase in Phase if phase in self.latencies],
        }

    def _latencies(self, phase: Phase) -> dict[str, Any]:
        histogram, seconds = self.latencies[phase], self.seconds.get(phase)
        return {
            "phase": phase.value,
            "count": histogram.count,
            "perSecond": round(histogram.count / seconds, 1) if seconds else 0.0,
            **{name: histogram.quantile(share) for name, _, share in _QUANTILES},
            "longest": histogram.longest,
        }

    def lines(self, devices: int) -> list[str]:
        """The summary as text, of a fleet of so many devices."""
        document = self.document()
        counts = (
            f"{self.enrolled} of {devices} devices enrolled, {self.settled} settled, "
            f"{self.items_installed} items installed, {document['checkinsPerSecond']:g} check-ins a second"
        )
        lines = [counts, *(f"{count} times: {cause}" for cause, count in self.failures.most_common())]
        lines += [f"settled, but {waiting(number, 'device', why=why)}" for why, number in self.waiting.most_common()]
        return [*lines, *remedy_lines(self.remedies), *_table(document["latencies"])]

    def part(self) -> dict[str, Any]:
        """The summary of a part as JSON, with all that `add` needs."""
        return {
            "enrolled": self.enrolled,
            "settled": self.settled,
            "itemsInstalled": self.items_installed,
            "failures": self.failures,
            "reports": self.reports,
            "names": sorted(self.names),
            "seconds": {phase.value: seconds for phase, seconds in self.seconds.items()},
            "latencies": {phase.value: histogram.document() for phase, histogram in self.latencies.items()},
        }

    @classmethod
    def from_part(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `part`."""
        return cls(
            enrolled=document["enrolled"],
            settled=document["settled"],
            items_installed=document["itemsInstalled"],
            failures=Counter(document["failures"]),
            reports=document["reports"],
            names=set(document["names"]),
            seconds={Phase(phase): seconds for phase, seconds in document["seconds"].items()},
            latencies={
                Phase(phase): Histogram.from_document(latency) for phase, latency in document["latencies"].items()
            },
        )


def _table(latencies: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each phase, below a line of headings."""
    if latencies:
        headings = "".join(f"{heading:>10}" for _, heading, _ in _QUANTILES)
        yield f"{'':<22}{'number':>9}{'a second':>10}{headings}{'longest':>10}"
    for row in latencies:
        times = "".join(f"{_short(row[name]):>10}" for name in (*(name for name, *_ in _QUANTILES), "longest"))
        yield f"{_WORDS[Phase(row['phase'])]:<22}{row['count']:>9,}{row['perSecond']:>10,.1f}{times}"


def _short(seconds: float) -> str:
    """A time with the unit that fits it."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


#: What the devices have done in a phase that is over.
DONE = {Phase.ENROLL: "enrolled", Phase.SETTLE: "settled", Phase.AGAIN: "checked in again"}


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
        line = f"{DONE[self._phase]}: {reached:,} of {self._total:,}{failed}"
        rate = tried / (now - self._began) if now > self._began else 0.0
        if tried < self._total and rate:
            line += f"; {rate:.0f} a second, {_left((self._total - tried) / rate)} left"
        self._announce(line)


def _left(seconds: float) -> str:
    """A time that remains, as people say it."""
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
