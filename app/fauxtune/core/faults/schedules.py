"""Schedules of the unfriendly mode: which request of a program meets which fault, in one line.

    number=7; gateway-carried-out POST /users #1; small-pages GET /users size=2

A schedule is the number of a deterministic tenant and up to eight decisions, each of which is a rule of a fault with
the requests that it is about: method and path of Graph, and which of these requests (`#2`), where the kind strikes
single ones. `drawn` makes one from a seed and the requests that a program sends without faults; `milder`
gives what is left when one part of it is left out, for the search for the shortest one that still makes a program fail.

What a right program may rely on (`docs/unfriendly.md`): a request fails five times in a row at most, waits that are
asked for are one second at most, replicas agree after five reads, and the clock jumps once at most.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from fauxtune.core.chance import LARGEST_NUMBER, Stream
from fauxtune.core.errors import Invalid
from fauxtune.core.faults.matching import without_version
from fauxtune.core.faults.rule import Kind
from fauxtune.core.model.text import JsonObject

#: The most decisions of a schedule, and how often one request fails in a row.
MOST_DECISIONS, MOST_FAILURES = 8, 5
#: The most characters of a line.
LONGEST_LINE = 4096
_READS, _WRITES = frozenset({"GET"}), frozenset({"POST", "PATCH", "PUT", "DELETE"})
_BATCH = "/$batch"
#: What stands for an id in a path, and what is taken for one.
_ANY = "{id}"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|.*[@%'=].*|\d+", re.IGNORECASE)
_OF_SCHEDULE = re.compile(r"number=(\d{1,19})")
_OF_DECISION = re.compile(
    r"(?P<kind>[a-z-]+) (?P<method>[A-Z]{3,7}) (?P<path>/[!-:<-~]*)(?: #(?P<nth>\d{1,4}))?"
    r"(?: (?P<name>[a-z]+)=(?P<value>[0-9,]{1,20}))?"
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a program sent: its method and path (without version, ids as `{id}`), how often, and the surface
    (`graph`, `graph/batch` for what is inside of a batch).
    """

    method: str
    path: str
    count: int = 1
    surface: str = "graph"


@dataclass(frozen=True, slots=True)
class Sort:
    """A kind of decision. `methods`: of the requests that it can be about; `effect` returns the effect of its value;
    `words` says what happens, with the request as `{request}` and the value as `{value}`. `values`: the mildest first;
    empty for a kind without one. `single`: it strikes the nth of the requests, others all of them.
    """

    methods: frozenset[str]
    effect: Callable[[str], JsonObject]
    words: str
    name: str = ""
    values: tuple[str, ...] = ()
    single: bool = True
    surface: str = "graph"
    once: bool = False


def _status(status: int, **more: Any) -> Callable[[str], JsonObject]:
    return lambda _value: {"status": status, **more}


_EVERY = _READS | _WRITES
#: The kinds of decisions by their names in a line.
SORTS: Mapping[str, Sort] = {
    "throttled": Sort(_EVERY, _status(429, retryAfter=1), "{request} was answered 429 with Retry-After 1"),
    "throttled-date": Sort(
        _EVERY,
        _status(429, retryAfter=1, retryAfterAs="date"),
        "{request} was answered 429 with Retry-After as a date",
    ),
    "throttled-item": Sort(
        _EVERY,
        _status(429, retryAfter=1),
        "{request} inside a batch was answered 429 with Retry-After 1",
        surface="graph/batch",
    ),
    "unavailable": Sort(_EVERY, _status(503, retryAfter=1), "{request} was answered 503 with Retry-After 1"),
    "gateway": Sort(_EVERY, _status(504), "{request} was answered 504 before it was carried out"),
    "gateway-carried-out": Sort(
        _EVERY, _status(504, carriedOut=True), "{request} was answered 504 after it was carried out"
    ),
    "reset": Sort(_EVERY, lambda _value: {"kind": Kind.CONNECTION_RESET.value}, "{request} had its connection reset"),
    "token-ends": Sort(
        _EVERY, lambda _value: {"kind": Kind.TOKEN_ENDS.value}, "{request} was answered 401: its token ended early"
    ),
    "replicas": Sort(
        _READS,
        lambda value: {"kind": Kind.REPLICAS.value, "lags": [int(lag) for lag in value.split(",")]},
        "reads by {request} went to replicas that knew a change after {value} reads",
        name="lags",
        values=("0,1", "1,1", "0,2", "2,2", "0,3,5", "0,5"),
        single=False,
    ),
    "small-pages": Sort(
        _READS,
        lambda value: {"kind": Kind.SMALL_PAGES.value, "size": int(value)},
        "{request} was answered in pages of {value}",
        name="size",
        values=("3", "2", "1"),
        single=False,
    ),
    "another-order": Sort(
        _READS,
        lambda value: {"kind": Kind.ANOTHER_ORDER.value, "order": int(value)},
        "{request} was answered in another order ({value})",
        name="order",
        values=("0", "1", "7"),
        single=False,
    ),
    "expired-link": Sort(
        _READS,
        lambda _value: {"kind": Kind.EXPIRED_NEXT_LINK.value},
        "the link of {request} to a next page had expired",
    ),
    "repeated-change": Sort(
        _READS, lambda _value: {"kind": Kind.REPEATED_CHANGES.value}, "{request} had a change twice"
    ),
    "clock-jump": Sort(
        _EVERY,
        lambda value: {"kind": Kind.CLOCK_JUMP.value, "by": f"PT{value}M"},
        "the tenant's clock jumped by {value} minutes at {request}",
        name="minutes",
        values=("10", "65", "1440"),
        once=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: a kind, the requests that it is about, and which of them, with the kind's value."""

    kind: str
    method: str
    path: str
    nth: int | None = None
    value: str = ""

    @property
    def sort(self) -> Sort:
        """What its kind is."""
        return SORTS[self.kind]

    def line(self) -> str:
        """Return it as a part of a schedule's line."""
        which = "" if self.nth is None else f" #{self.nth}"
        return f"{self.kind} {self.method} {self.path}{which}" + (
            f" {self.sort.name}={self.value}" if self.value else ""
        )

    def words(self) -> str:
        """Return what happens, for people."""
        which = "every" if self.nth is None else f"the {ordinal(self.nth)}"
        return self.sort.words.format(request=f"{which} {self.method} of {self.path}", value=self.value)

    def rule(self, application: str) -> JsonObject:
        """Return the rule of a fault that carries it out for the requests of one application (a client id)."""
        match = {"surface": self.sort.surface, "method": self.method, "path": self.path, "application": application}
        rule: JsonObject = {"name": self.line()[:100], "match": match, "effect": self.sort.effect(self.value)}
        return rule if self.nth is None else rule | {"when": {"nth": self.nth}}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Decisions for one run in a deterministic tenant with this number."""

    number: int
    decisions: tuple[Decision, ...] = ()

    def line(self) -> str:
        """Return it in one line, as `read` takes it."""
        return "; ".join([f"number={self.number}", *(decision.line() for decision in self.decisions)])

    def rules(self, application: str) -> list[JsonObject]:
        """Return the rules of faults that carry it out."""
        return [decision.rule(application) for decision in self.decisions]


def read(line: str) -> Schedule:
    """Read a schedule. Raises Invalid for a line that holds no schedule, and for what does not exist in it."""
    parts = [part.strip() for part in line.split(";")]
    head = _OF_SCHEDULE.fullmatch(parts[0])
    if len(line) > LONGEST_LINE or head is None or int(head[1]) > LARGEST_NUMBER:
        raise Invalid(
            f"A schedule begins with a number, such as 'number=7; throttled GET /users #1', not '{line[:60]}'."
        )
    decisions = tuple(map(_decision, parts[1:]))
    if len(decisions) > MOST_DECISIONS:
        raise Invalid(f"A schedule has at most {MOST_DECISIONS} decisions, and this one has {len(decisions)}.")
    return Schedule(int(head[1]), decisions)


def _decision(part: str) -> Decision:
    match = _OF_DECISION.fullmatch(part)
    if match is None:
        raise Invalid(f"'{part[:100]}' is not a decision, such as 'throttled GET /users #1'.")
    kind = match["kind"]
    if kind not in SORTS:
        raise Invalid(f"There is no decision '{kind}'; there are {', '.join(SORTS)}.")
    sort = SORTS[kind]
    if match["method"] not in sort.methods:
        raise Invalid(f"'{kind}' is about {', '.join(sorted(sort.methods))}, not {match['method']}.")
    if (match["nth"] is not None) != sort.single or match["nth"] == "0":
        raise Invalid(
            f"'{kind}' " + ("needs which request it strikes, such as #1." if sort.single else "strikes all: no #.")
        )
    if (match["name"] or "") != sort.name or (sort.values and match["value"] not in sort.values):
        known = f"{sort.name}= one of {' '.join(sort.values)}" if sort.values else "nothing more"
        raise Invalid(f"'{kind}' takes {known}, not '{part.rpartition(' ')[2]}'.")
    nth = None if match["nth"] is None else int(match["nth"])
    return Decision(kind, match["method"], match["path"], nth, match["value"] or "")


def asked(requests: Iterable[tuple[str, str, str]]) -> list[Asked]:
    """Return what a program asked, of (surface, method, path) of each request, in the order of their first times."""
    counted = Counter((method, template(path), surface) for surface, method, path in requests)
    return [Asked(method, path, count, surface) for (method, path, surface), count in counted.items()]


def template(path: str) -> str:
    """Return a path of Graph without version and query, with `{id}` for what looks like one."""
    parts = without_version(path.partition("?")[0]).split("/")
    return "/".join(_ANY if _ID.fullmatch(part) else part for part in parts)


def drawn(seed: int, place: int, *, requests: list[Asked]) -> Schedule:
    """Return the `place`-th schedule of a seed, for a program that sends these requests without faults. Early ones have
    one decision, later ones more.
    """
    stream = Stream(seed, "schedule", place)
    chosen: list[Decision] = []
    for _ in range(1 + min(stream.below(1 + place // 4), MOST_DECISIONS - 1)):
        decision = _drawn(stream, requests)
        if decision is not None and _fits(decision, chosen):
            chosen.append(decision)
    return Schedule(seed, tuple(chosen))


def _drawn(stream: Stream, requests: list[Asked]) -> Decision | None:
    possible = [(kind, sort, one) for kind, sort in SORTS.items() for one in requests if _is_about(sort, one)]
    if not possible:
        return None
    # First the kind, so that many requests of one sort do not crowd out the others.
    kinds = sorted({kind for kind, _, _ in possible})
    kind = kinds[stream.below(len(kinds))]
    candidates = [one for name, _, one in possible if name == kind]
    one, sort = candidates[stream.below(len(candidates))], SORTS[kind]
    # One more than there were: a repeated request can fail again.
    nth = 1 + stream.below(min(one.count, 20) + 1) if sort.single else None
    value = sort.values[stream.below(len(sort.values))] if sort.values else ""
    return Decision(kind, one.method, one.path, nth, value)


def _is_about(sort: Sort, one: Asked) -> bool:
    if one.method not in sort.methods or one.surface != sort.surface:
        return False
    # What a batch does is decided item by item.
    return one.path != _BATCH or sort.effect("1").get("status") in (429, 503)


def _fits(decision: Decision, chosen: list[Decision]) -> bool:
    """Whether a right program can still come through with this decision among the others."""
    same = [each for each in chosen if (each.method, each.path) == (decision.method, decision.path)]
    if decision in chosen or sum(each.sort.single for each in same) >= MOST_FAILURES:
        return False
    return not any(each.kind == decision.kind and (decision.sort.once or not decision.sort.single) for each in chosen)


def milder(schedule: Schedule) -> Iterator[Schedule]:
    """Yield schedules that have less: without one decision, then with a milder value or an earlier request."""
    for place in range(len(schedule.decisions)):
        yield replace(schedule, decisions=schedule.decisions[:place] + schedule.decisions[place + 1 :])
    for place, decision in enumerate(schedule.decisions):
        for milder_one in _milder(decision):
            changed = (*schedule.decisions[:place], milder_one, *schedule.decisions[place + 1 :])
            yield replace(schedule, decisions=changed)


def _milder(decision: Decision) -> Iterator[Decision]:
    values = decision.sort.values
    if decision.value in values:
        yield from (replace(decision, value=value) for value in values[: values.index(decision.value)])
    if decision.nth is not None and decision.nth > 1:
        yield replace(decision, nth=1)


def shortest(schedule: Schedule, fails: Callable[[Schedule], bool], *, most: int = 100) -> Schedule:
    """Return the shortest schedule with which a program still fails, after at most so many more runs."""
    tried = {schedule}
    while True:
        for candidate in milder(schedule):
            if candidate in tried or not candidate.decisions:
                continue
            if len(tried) > most:
                return schedule
            tried.add(candidate)
            if fails(candidate):
                schedule = candidate
                break
        else:
            return schedule


def ordinal(number: int) -> str:
    """Return `second` for 2."""
    return _ORDINALS[number - 1] if number <= len(_ORDINALS) else f"{number}th"


def program_requests(
    rows: Iterable[JsonObject], *, application: str, whole: Callable[[int], JsonObject]
) -> Iterator[tuple[str, str, str]]:
    """Yield surface, method and path of the requests to Graph that an application sent, with those inside of batches.
    `rows`: exchanges as the control surface lists them; `whole` returns one with its bodies.
    """
    for row in rows:
        if row["surface"] != "graph" or row["caller"]["application"] != application:
            continue
        path = urlsplit(row["url"]).path
        yield "graph", row["method"], path
        if without_version(path).lower() == _BATCH:
            for item in _items(whole(row["number"])["request"]["parts"]):
                yield "graph/batch", str(item.get("method", "GET")).upper(), f"/{str(item['url']).lstrip('/')}"


def _items(parts: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """Yield the requests in a batch, as its decoded body shows them."""
    for part in parts:
        try:
            document = json.loads(part["text"])
        except ValueError:
            document = None
        items = document.get("requests") if isinstance(document, dict) else None
        if isinstance(items, list):
            yield from (item for item in items if isinstance(item, dict) and "url" in item)
            return
