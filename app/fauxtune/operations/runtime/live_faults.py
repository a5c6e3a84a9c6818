"""The fault rules of one tenant, alive: each looks at occasions, counts them, and strikes some. Of several rules the
first that ends an occasion decides it; latencies before it add up (`TenantFaults.look`).

Decisions are made one at a time, under a lock: with PostgreSQL, transactions run in threads. Where processes share the
database, an occasion gets its number there first, aside from every transaction. Callers that came too early, the meters
of throttling and what reads have shown are in memory only, each process' own; all of it is bounded.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fauxtune.core.faults.effects import Room, effects
from fauxtune.core.faults.matching import ONLY, Near, Occasion, matches, names, nearness
from fauxtune.core.faults.reading import rule_of
from fauxtune.core.faults.rule import HIDING, PASSING, Effect, Kind, Rule
from fauxtune.core.faults.stale import Before, Memory
from fauxtune.core.faults.throttling import Meter, limits_of
from fauxtune.core.faults.timing import is_in_window, retry_header, seconds_of, strikes
from fauxtune.core.model.addresses import Surface
from fauxtune.core.model.network import SERVICE, blocked_host
from fauxtune.storage.past import Past
from fauxtune.storage.rows.tenants import FaultCount, FaultRuleRow

#: The most callers of a rule who were told to wait.
_MOST_CALLERS = 1000
#: The seconds for which a token that has ended is remembered: by then it would have ended by itself.
_TOKENS_LIVE = 3600.0
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: Effects on what reads show. Whether they strike is known when the read was answered.
_LATE = HIDING | {Kind.REPORT_LAG, Kind.SMALL_PAGES, Kind.ANOTHER_ORDER, Kind.REPEATED_CHANGES}


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that strikes an occasion. `seconds`: how long the request waits first. `retry_after`: for its answer, in
    seconds, and as its header has it.
    """

    rule_id: str
    name: str | None
    effect: Effect
    seconds: float = 0
    retry_after: int | None = None
    retry_header: str | None = None


@dataclass(slots=True)
class LiveRule:
    """A rule with its counters and what it remembers."""

    row: FaultRuleRow
    rule: Rule
    matched: int
    #: Callers who were told to wait, and tokens that have ended: until when (the system's time, in seconds).
    early: dict[str, float] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)
    memory: Memory = field(default_factory=Memory)
    #: What there was before the last changes, oldest first, and the database as it was then.
    befores: list[tuple[Before, Past]] = field(default_factory=list)
    #: Of a rule that has looked at nothing: the occasion that came nearest, since the process began.
    nearest: Near | None = None

    @property
    def is_late(self) -> bool:
        """Whether it changes what reads show."""
        return self.rule.effect.kind in _LATE

    def hides_changes(self, now: datetime) -> bool:
        """Whether reads may show the state before a change that is made now."""
        return self.rule.effect.kind in HIDING and is_in_window(self.rule.when, now)

    def missed(self, occasion: Occasion) -> None:
        """Remember an occasion that the rule did not look at, if it came nearer than those before; the first of equal
        ones stays.
        """
        if self.matched == 0:
            near = nearness(self.rule.match, occasion)
            if near is not None and (self.nearest is None or near.likeness > self.nearest.likeness):
                self.nearest = near

    def looks_at(self, occasion: Occasion, now: datetime) -> bool:
        """Whether it looks at this occasion."""
        kind = self.rule.effect.kind
        if kind is Kind.ACCEPTED_BUT_IGNORED and occasion.method not in _WRITES:
            return False
        if self.is_late and occasion.method != "GET":
            return False
        if kind in ONLY and ONLY[kind] not in occasion.traits:
            return False
        if kind is Kind.NETWORK_BLOCKED and blocked_host(self.rule.effect.hosts, occasion.hosts) is None:
            return False
        return is_in_window(self.rule.when, now) and matches(self.rule.match, occasion)

    def hit(self, occasion: Occasion, *, number: int, at: float, who: str) -> Hit | None:
        """Strike the occasion of this number if it is its turn; one of a caller who was told to wait in any case."""
        effect = self.rule.effect
        retry_after = effect.retry_after
        if effect.kind is Kind.TOKEN_ENDS:
            who = occasion.token
        is_early = self.early.get(who, 0) > at
        if effect.kind is Kind.THROTTLING:
            limits = effect.limits or limits_of(occasion.path)
            if limits is None:
                return None
            is_write = occasion.method in _WRITES
            retry_after = self.meter.retry_after(
                limits, path=occasion.path, application=occasion.application, is_write=is_write, at=at
            )
            if retry_after is None:
                return None
        elif not is_early and not strikes(self.rule.when, number):
            return None
        if effect.punish_early and retry_after:
            self._told_to_wait(who, until=at + retry_after, at=at)
        if effect.kind is Kind.TOKEN_ENDS and who:
            self._told_to_wait(who, until=at + _TOKENS_LIVE, at=at)
        latency = effect.latency
        seconds = 0.0 if latency is None else seconds_of(latency, seed=self.rule.when.seed, number=number)
        as_date = effect.retry_after_as == "date"
        header = None if retry_after is None else retry_header(retry_after, at=at, as_date=as_date)
        return Hit(self.row.id, self.row.name, effect, seconds, retry_after, header)

    def has_ended(self, token: str, *, at: float) -> bool:
        """Whether it has ended the token with this id."""
        return self.rule.effect.kind is Kind.TOKEN_ENDS and self.early.get(token, 0) > at

    def _told_to_wait(self, who: str, *, until: float, at: float) -> None:
        if len(self.early) >= _MOST_CALLERS:
            self.early = {name: end for name, end in self.early.items() if end > at}
        if len(self.early) < _MOST_CALLERS:
            self.early[who] = until


@dataclass(slots=True)
class Look:
    """What the rules make of one occasion: those that looked at it, those that strike it, and those that may yet."""

    counts: list[FaultCount] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    late: list[LiveRule] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long the request waits first."""
        return sum(hit.seconds for hit in self.hits)

    @property
    def last(self) -> Hit | None:
        """The hit that decides the answer; None without one, or where the request goes on."""
        return self.hits[-1] if self.hits and self.hits[-1].effect.kind not in PASSING else None

    @property
    def jump(self) -> timedelta:
        """By how much the tenant's clock goes forward first."""
        return sum((hit.effect.by or timedelta() for hit in self.hits), timedelta())

    @property
    def ids(self) -> str:
        """The ids of the rules that strike, as the header X-Fauxtune-Fault has them."""
        return ", ".join(hit.rule_id for hit in self.hits)

    def strike(self, live: LiveRule) -> None:
        """Note that one of the `late` ones strikes."""
        self.counts = [FaultCount(count.rule_id, count.is_hit or count.rule_id == live.row.id) for count in self.counts]
        self.hits.append(Hit(live.row.id, live.row.name, live.rule.effect))


class TenantFaults:
    """The rules of a tenant that are switched on, in their order."""

    def __init__(
        self,
        rows: Sequence[FaultRuleRow],
        *,
        before: TenantFaults | None = None,
        numbering: Callable[[str, int], int | None] | None = None,
    ) -> None:
        """`before`: those that there were; a rule that is the same goes on with what it remembers. `numbering`: that of
        the processes that share the database.
        """
        self._numbering = numbering
        known = {} if before is None else {live.row.id: live for live in before.rules}
        self.rules: tuple[LiveRule, ...] = tuple(_live(row, known.get(row.id)) for row in rows)
        self._lock = threading.Lock()
        matches_of = [live.rule.match for live in self.rules]
        #: Whether a rule names a device, or a user: then somebody has to find out who it is.
        self.names_devices = any(match.device for match in matches_of)
        self.names_users = any(match.user for match in matches_of)
        self.names_applications = any(match.application for match in matches_of)

    def acts(self, rooms: Collection[Room]) -> bool:
        """Whether a rule acts in one of these rooms."""
        return any(effects()[live.rule.effect.kind].room in rooms for live in self.rules)

    def has_ended(self, token: str, *, at: float) -> bool:
        """Whether a rule has ended the token with this id."""
        return any(live.has_ended(token, at=at) for live in self.rules)

    def nearest(self, rule_id: str) -> Near | None:
        """Return the occasion that came nearest to a rule that has looked at nothing; None if there was none."""
        live = next((rule for rule in self.rules if rule.row.id == rule_id), None)
        return None if live is None or live.matched else live.nearest

    def blocked(self, occasion: Occasion, *, now: datetime) -> str | None:
        """Return the host of the occasion that a rule blocks at this moment; None if it can be reached. It does
        not count.
        """
        return next(
            (
                blocked_host(live.rule.effect.hosts, occasion.hosts)
                for live in self.rules
                if live.rule.effect.kind is Kind.NETWORK_BLOCKED and live.looks_at(occasion, now)
            ),
            None,
        )

    def blocked_connector(self, connector_id: str, name: str, *, now: datetime) -> str | None:
        """Return the host of the service that this connector cannot reach at this moment; None if it can."""
        known = names(connector_id, name)
        return self.blocked(Occasion(surface=Surface.CONNECTOR.value, connectors=known, hosts=SERVICE), now=now)

    async def looked(
        self,
        occasion: Occasion,
        *,
        now: datetime,
        at: float,
        who: str = "",
        rooms: Collection[Room] = (),
        kinds: Collection[Kind] = (),
    ) -> Look:
        """Do what `look` does, on the event loop: where processes share the database, in a thread."""

        def look() -> Look:
            return self.look(occasion, now=now, at=at, who=who, rooms=rooms, kinds=kinds)

        return look() if self._numbering is None else await asyncio.to_thread(look)

    def look(
        self,
        occasion: Occasion,
        *,
        now: datetime,
        at: float,
        who: str = "",
        rooms: Collection[Room] = (),
        kinds: Collection[Kind] = (),
    ) -> Look:
        """Have the rules of these rooms, or of these kinds, look at an occasion, up to the first that ends it.

        `now`: the tenant's time; `at`: the system's, in seconds; `who`: the caller, to know one that comes too early.
        """
        look = Look()
        for live in self.rules:
            kind = live.rule.effect.kind
            if kind not in kinds and effects()[kind].room not in rooms:
                continue
            if not live.looks_at(occasion, now) and not live.has_ended(occasion.token, at=at):
                live.missed(occasion)
                continue
            number = self._number(live)
            if number is None:
                continue
            if live.is_late:
                look.counts.append(FaultCount(live.row.id, is_hit=False))
                if strikes(live.rule.when, number):
                    look.late.append(live)
                continue
            with self._lock:
                hit = live.hit(occasion, number=number, at=at, who=who)
            look.counts.append(FaultCount(live.row.id, is_hit=hit is not None))
            if hit is not None:
                look.hits.append(hit)
                if kind not in PASSING:
                    break
        return look

    def _number(self, live: LiveRule) -> int | None:
        """The number of the rule's next occasion; None if the rule is gone."""
        if self._numbering is not None:
            return self._numbering(live.row.id, 1)
        with self._lock:
            live.matched += 1
            return live.matched

    def take_back(self, counts: Iterable[FaultCount]) -> None:
        """Forget occasions that a transaction counted which was rolled back, and is repeated."""
        rules = {live.row.id: live for live in self.rules}
        for count in counts:
            if self._numbering is not None:
                self._numbering(count.rule_id, -1)
            elif count.rule_id in rules:
                with self._lock:
                    rules[count.rule_id].matched -= 1


def _live(row: FaultRuleRow, before: LiveRule | None) -> LiveRule:
    if before is not None and before.row.document == row.document and (row.matched or not before.matched):
        if row.matched < before.row.matched:
            before.matched = row.matched  # an earlier state of the tenant was restored
        before.row = row
        return before
    return LiveRule(row, rule_of(row.document), row.matched)
