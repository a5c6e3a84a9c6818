"""What reads have shown, to show it again after a change: eventual consistency, as a client meets it.

An answer is kept for each question that was asked, and shown until the change was hidden long or often enough, counted
from the first read that would have shown it; of replicas, those show it that have not got the change yet. What was
created is kept as missing under its address. All is bounded in bytes; the oldest is forgotten first. A question that
nobody had asked before the change is answered from the database as it was then (`Before`).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from fauxtune.core.faults.rule import Effect

#: Bytes that a rule remembers, and what Python adds to each entry.
MOST_BYTES, _OVERHEAD = 4 * 1024 * 1024, 512

#: The bytes of an answer's body.
Seen: TypeAlias = bytes
#: The answer that there is no such thing.
MISSING: Final = b""

#: Parts of paths of Graph below which devices' reports are shown.
_REPORTS = frozenset(
    {
        "manageddevices",
        "manageddeviceoverview",
        "devicestatuses",
        "userstatuses",
        "devicestatusoverview",
        "userstatusoverview",
        "deviceconfigurationstates",
        "devicesettingstatesummaries",
        "deviceconfigurationdevicestatesummaries",
        "deviceconfigurationuserstatesummaries",
        "manageddevicecertificatestates",
    }
)


def is_report(template: str) -> bool:
    """Whether the route with this template shows what devices have reported."""
    return not _REPORTS.isdisjoint(template.lower().split("/"))


@dataclass(slots=True)
class _Entry:
    seen: Seen
    reads: int = 0
    since: float | datetime | None = None


@dataclass(slots=True)
class Memory:
    """The answers that a rule has shown, by question, and what was created, by address."""

    _entries: OrderedDict[str, _Entry] = field(default_factory=OrderedDict)
    _size: int = 0

    def knows(self, question: str) -> bool:
        """Whether something is remembered for the question."""
        return question in self._entries

    def answer(self, questions: tuple[str, str], fresh: Seen, *, effect: Effect, at: float, now: datetime) -> Seen:
        """Return what a read shows: the fresh answer, or what was shown before as long as the change is hidden.

        `questions`: the address that is read, and the whole question; `at`: the system's time in seconds; `now`: the
        tenant's.
        """
        address, question = questions
        # What was created is missing whatever of it is asked for.
        entry = self._entries.get(address) or self._entries.get(question)
        if entry is None or entry.seen == fresh:
            return self._show(questions, fresh)
        if entry.since is None:
            entry.since = at if effect.lag is None else now
        if _is_hidden(entry, effect=effect, at=at, now=now):
            entry.reads += 1
            return entry.seen if shows_before(effect, entry.reads - 1) else fresh
        return self._show(questions, fresh)

    def _show(self, questions: tuple[str, str], fresh: Seen) -> Seen:
        self._forget(questions[0])
        self.put(questions[1], fresh)
        return fresh

    def put(self, question: str, seen: Seen) -> None:
        """Remember what was shown, or what there was before a change."""
        self._forget(question)
        size = _size(question, seen)
        if size > MOST_BYTES // 4:
            return
        self._entries[question] = _Entry(seen)
        self._size += size
        while self._size > MOST_BYTES:
            self._forget(next(iter(self._entries)))

    def _forget(self, question: str) -> None:
        entry = self._entries.pop(question, None)
        if entry is not None:
            self._size -= _size(question, entry.seen)


@dataclass(slots=True)
class Before:
    """What there was before one or several changes: the time of the first, of the last, and by address how many reads
    have shown it since. Times are the system's, in seconds.
    """

    began: float
    changed: float
    reads: Counter[str] = field(default_factory=Counter)

    def is_shown(self, address: str, *, effect: Effect, at: float) -> bool:
        """Whether a read of the address may show it still."""
        most = _most_reads(effect)
        if most is not None and self.reads[address] >= most:
            return False
        return effect.seconds is None or at < self.changed + effect.seconds

    def covers_change(self, *, effect: Effect, at: float) -> bool:
        """Whether it is what there was before a change at this time, too: nobody has seen that something changed."""
        return not self.reads and (effect.seconds is None or at < self.began + effect.seconds)


def shows_before(effect: Effect, number: int) -> bool:
    """Whether the read with this number since a change, counted from 0, shows what there was before: of replicas those
    that come late, in turn.
    """
    return not effect.lags or number < effect.lags[number % len(effect.lags)]


def _most_reads(effect: Effect) -> int | None:
    """After how many reads everybody sees a change; None where only time counts."""
    return max(effect.lags) if effect.lags else effect.reads


def _is_hidden(entry: _Entry, *, effect: Effect, at: float, now: datetime) -> bool:
    if effect.lag is not None:
        return isinstance(entry.since, datetime) and now < _later(entry.since, effect.lag)
    most = _most_reads(effect)
    if most is not None and entry.reads >= most:
        return False
    return effect.seconds is None or (isinstance(entry.since, float) and at < entry.since + effect.seconds)


def _size(question: str, seen: Seen) -> int:
    return _OVERHEAD + len(question) + len(seen)


def _later(moment: datetime, lag: timedelta) -> datetime:
    try:
        return moment + lag
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)
