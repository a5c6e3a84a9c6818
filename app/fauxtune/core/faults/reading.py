"""Reading a rule, and its values, from JSON. Every mistake is noted, none stops the reading: all are named at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.clock import from_iso, parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.core.faults.effects import STATUSES, SURFACES, effects, token_errors
from fauxtune.core.faults.matching import without_version
from fauxtune.core.faults.rule import Effect, Kind, Latency, Limits, Match, Rule, When
from fauxtune.core.faults.timing import LONGEST
from fauxtune.core.model.addresses import is_host_name
from fauxtune.core.model.network import ANY_BELOW, MOST_HOSTS
from fauxtune.core.model.text import text_value

#: The most characters of a text; the greatest count, and the longest Retry-After in seconds.
MOST_TEXT, MOST_COUNT, LONGEST_RETRY = 512, 1_000_000, 86_400
#: The longest jump of a clock: ten years.
LONGEST_JUMP = timedelta(days=3660)
#: The most replicas, and the most reads that one comes late.
MOST_LAG = 5
#: The most elements of a small page; ids have 32 digits, from each of which they can be sorted.
MOST_ON_PAGE, MOST_ORDER = 999, 32
_LATENCIES = (
    'is a number of seconds, {"uniform": [shortest, longest]} or {"lognormal": {"median": seconds, "sigma": number}}'
)
#: The members of limits, and their fields.
LIMITS_MEMBERS = {
    "application": "application",
    "tenant": "tenant",
    "applicationWrites": "application_writes",
    "tenantWrites": "tenant_writes",
    "seconds": "seconds",
}


class Values:
    """Reads values, and keeps the mistakes that were met. `where` says which value it is."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def wrong(self, where: str, what: str) -> None:
        """Note a mistake."""
        self.mistakes.append(f"{where} {what}")

    def check(self) -> None:
        """Raise Invalid that names every mistake, if there is one."""
        if self.mistakes:
            sentence = "; ".join(self.mistakes)
            raise Invalid(f"The fault cannot be used: {sentence}.", target=self.mistakes[0].split(" ")[0])

    def text(self, where: str, value: object) -> str | None:
        """Return a text that can be stored."""
        if not isinstance(value, str) or not 0 < len(value) <= MOST_TEXT:
            self.wrong(where, f"must be a text of 1 to {MOST_TEXT} characters")
            return None
        try:
            return text_value(value)
        except Invalid:
            self.wrong(where, "must have no NUL character and no lone surrogate")
            return None

    def hosts(self, where: str, value: object) -> tuple[str, ...]:
        """Return the names of hosts, in lower case; a name may begin with `*.`."""
        known: list[str] = []
        if not isinstance(value, list) or not 0 < len(value) <= MOST_HOSTS:
            self.wrong(where, f'is a list of 1 to {MOST_HOSTS} hosts, such as ["*.manage.microsoft.com"]')
            return ()
        for each in value:
            name = each.lower() if isinstance(each, str) else ""
            if is_host_name(name.removeprefix(ANY_BELOW)):
                known.append(name)
            else:
                self.wrong(
                    where, f"has '{str(each)[:60]}', which is no name of a host: write login.example or *.example"
                )
        return tuple(known)

    def moment(self, where: str, value: object) -> datetime | None:
        """Return a time; None for None."""
        if value is None:
            return None
        try:
            if isinstance(value, str):
                return from_iso(value)
        except (ValueError, OverflowError):
            pass
        self.wrong(where, "must be an ISO 8601 time, such as 2026-11-24T10:00:00Z")
        return None

    def count(self, where: str, value: object, *, least: int = 1, most: int = MOST_COUNT) -> int | None:
        """Return a whole number."""
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.wrong(where, f"must be a whole number from {least} to {most}")
        return None

    def number(self, where: str, value: object, *, most: float) -> float | None:
        """Return a number that is not negative."""
        # NaN is in no range.
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
            return float(value)
        self.wrong(where, f"must be a number from 0 to {most:g}")
        return None

    def flag(self, where: str, value: object) -> bool:
        """Return true or false."""
        if isinstance(value, bool):
            return value
        self.wrong(where, "must be true or false")
        return False

    def status(self, where: str, value: object) -> int | None:
        """Return a status that a request can fail with."""
        if isinstance(value, int) and not isinstance(value, bool) and value in STATUSES:
            return value
        self.wrong(where, f"is one of {', '.join(map(str, STATUSES))}")
        return None

    def retry_after(self, where: str, value: object) -> int | None:
        """Return the seconds of a Retry-After."""
        return self.count(where, value, least=0, most=LONGEST_RETRY)

    def form(self, where: str, value: object) -> str | None:
        """Return the form of a Retry-After."""
        if value in ("seconds", "date"):
            return str(value)
        self.wrong(where, "is seconds or date")
        return None

    def seconds(self, where: str, value: object) -> float | None:
        """Return a time in seconds."""
        return self.number(where, value, most=LONGEST_RETRY)

    def latency(self, where: str, value: Any) -> Latency | None:
        """Return a time of waiting."""
        match value:
            case {"uniform": [low, high], **rest} if not rest:
                first = self.number(f"{where}.uniform", low, most=LONGEST)
                second = self.number(f"{where}.uniform", high, most=LONGEST)
                if first is not None and second is not None and second < first:
                    self.wrong(f"{where}.uniform", "is [the shortest, the longest] time in seconds")
                return Latency("uniform", first or 0, second or 0)
            case {"lognormal": {"median": median, "sigma": sigma, **more}, **rest} if not rest and not more:
                middle = self.number(f"{where}.lognormal.median", median, most=LONGEST)
                spread = self.number(f"{where}.lognormal.sigma", sigma, most=10)
                return Latency("lognormal", middle or 0, sigma=spread or 0)
            case int() | float():
                return Latency("fixed", self.number(where, value, most=LONGEST) or 0)
        self.wrong(where, _LATENCIES)
        return None

    def lags(self, where: str, value: object) -> tuple[int, ...]:
        """Return the lag of each replica, in reads."""
        known = value if isinstance(value, list) and len(value) <= MOST_LAG else []
        if not any(known) or not all(type(each) is int and 0 <= each <= MOST_LAG for each in known):
            self.wrong(
                where,
                f"is a list with the lag of each of 1 to {MOST_LAG} replicas: whole numbers of reads from 0 to "
                f"{MOST_LAG}, of which one is above 0, such as [0, 3, 5]",
            )
            return ()
        return tuple(known)

    def size(self, where: str, value: object) -> int | None:
        """Return the size of a page."""
        return self.count(where, value, most=MOST_ON_PAGE)

    def order(self, where: str, value: object) -> int | None:
        """Return the number of an order."""
        return self.count(where, value, least=-MOST_ORDER, most=MOST_ORDER)

    def lag(self, where: str, value: object) -> timedelta | None:
        """Return a duration that is longer than nothing."""
        try:
            if isinstance(value, str) and parse_duration(value) > timedelta(0):
                return parse_duration(value)
        except Invalid:
            pass
        self.wrong(where, "must be an ISO 8601 duration longer than nothing, such as PT6H")
        return None

    def jump(self, where: str, value: object) -> timedelta | None:
        """Return by how much a clock jumps."""
        by = self.lag(where, value)
        if by is not None and by > LONGEST_JUMP:
            self.wrong(where, f"is at most P{LONGEST_JUMP.days}D")
        return by

    def error(self, where: str, value: object) -> str | None:
        """Return an error of the token endpoint."""
        if isinstance(value, str) and value in token_errors():
            return value
        self.wrong(where, f"is one of {', '.join(token_errors())}")
        return None

    def limits(self, where: str, value: object) -> Limits | None:
        """Return limits of throttling."""
        if not isinstance(value, dict) or not set(value) <= set(LIMITS_MEMBERS) or not set(value) - {"seconds"}:
            self.wrong(where, f"is an object with at least one limit: {', '.join(LIMITS_MEMBERS)}")
            return None
        counts = {LIMITS_MEMBERS[name]: self.count(f"{where}.{name}", each) for name, each in value.items()}
        return Limits(**counts) if None not in counts.values() else None  # type: ignore[arg-type]


#: The most characters of a rule as JSON, and the most rules of a tenant.
MOST_CHARACTERS, MOST_RULES = 4096, 200
#: The members of `when` of which a rule has one.
WHICH = ("nth", "next", "every", "probability")
#: Kinds that are written without `kind`.
PLAIN = (Kind.STATUS, Kind.LATENCY)
_MEMBERS = ("match", "when", "effect")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

#: How each member of an effect is read, and its field.
MEMBERS: dict[str, tuple[Callable[[Values, str, Any], Any], str]] = {
    "status": (Values.status, "status"),
    "retryAfter": (Values.retry_after, "retry_after"),
    "retryAfterAs": (Values.form, "retry_after_as"),
    "punishEarly": (Values.flag, "punish_early"),
    "carriedOut": (Values.flag, "carried_out"),
    "latency": (Values.latency, "latency"),
    "reads": (Values.count, "reads"),
    "lags": (Values.lags, "lags"),
    "seconds": (Values.seconds, "seconds"),
    "lag": (Values.lag, "lag"),
    "by": (Values.jump, "by"),
    "error": (Values.error, "error"),
    "limits": (Values.limits, "limits"),
    "hosts": (Values.hosts, "hosts"),
    "size": (Values.size, "size"),
    "order": (Values.order, "order"),
}


def rule_of(document: Mapping[str, Any], *, is_new: bool = False) -> Rule:
    """Return the rule of `{"match": {}, "when": {}, "effect": {}}`. Raises Invalid, naming every mistake. `is_new`:
    it was not stored yet; those that are stored may have a path that none may have any more.
    """
    return _Reader(is_new=is_new).rule(document)


class _Reader(Values):
    """Reads one rule."""

    def __init__(self, *, is_new: bool) -> None:
        super().__init__()
        self._is_new = is_new

    def rule(self, document: Mapping[str, Any]) -> Rule:
        if _length(document) > MOST_CHARACTERS:
            self.wrong("a rule", f"has at most {MOST_CHARACTERS:,} characters as JSON")
            self.check()
        for name in document:
            if name not in _MEMBERS:
                self.wrong(name, f"is no member of a rule: there are {', '.join(_MEMBERS)}")
        match = self._match(self._object(document, "match"))
        when = self._when(self._object(document, "when"))
        if document.get("effect") is None:
            self.wrong("effect", 'is missing: such as {"status": 429, "retryAfter": 7}')
            self.check()
        effect = self._effect(self._object(document, "effect"))
        self.check()
        assert effect is not None
        if effect.kind is Kind.CLOCK_JUMP and all(getattr(when, name) is None for name in WHICH):
            when = replace(when, nth=1)
        return Rule(effect, match, when)

    def _object(self, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = document.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(name, "must be an object")
            return {}
        return value

    def _match(self, sent: Mapping[str, Any]) -> Match:
        given: dict[str, str] = {}
        known = Match.__dataclass_fields__
        for name, value in sent.items():
            if name not in known:
                self.wrong(f"match.{name}", f"is unknown: there are {', '.join(known)}")
            elif (text := self.text(f"match.{name}", value)) is not None:
                given[name] = text
        if given.get("surface", "graph") not in SURFACES:
            self.wrong("match.surface", f"is one of {', '.join(SURFACES)}, not '{given['surface']}'")
        if "method" in given:
            given["method"] = given["method"].upper()
            if given["method"] not in _METHODS:
                self.wrong("match.method", f"is one of {', '.join(_METHODS)}, not '{given['method']}'")
        if "path" in given:
            if not given["path"].startswith("/"):
                self.wrong("match.path", "begins with a slash, such as /deviceManagement/managedDevices/{id}")
            if self._is_new and "*" in given["path"].removesuffix("/*"):
                self.wrong(
                    "match.path",
                    "has * at its end only, as /*, for everything below; write {id} for one part: "
                    f"{_with_id(given['path'])}",
                )
            given["path"] = without_version(given["path"])
        return Match(**given)

    def _when(self, sent: Mapping[str, Any]) -> When:
        known = (*WHICH, "seed", "window")
        for name in sent:
            if name not in known:
                self.wrong(f"when.{name}", f"is unknown: there are {', '.join(known)}")
        which = [name for name in WHICH if name in sent]
        if len(which) > 1:
            self.wrong("when", f"has only one of {', '.join(which)}")
        if "seed" in sent and "probability" not in sent:
            self.wrong("when.seed", "belongs to a probability")
        counts = {name: self.count(f"when.{name}", sent[name]) for name in ("nth", "next", "every") if name in sent}
        probability = None
        if "probability" in sent:
            probability = self.number("when.probability", sent["probability"], most=1)
        start, end = self._window(sent.get("window"))
        seed = self.count("when.seed", sent.get("seed", 0), least=0, most=2**53)
        return When(**counts, probability=probability, seed=seed or 0, start=start, end=end)

    def _window(self, sent: object) -> tuple[datetime | None, datetime | None]:
        if sent is None:
            return None, None
        where = "when.window"
        if not isinstance(sent, dict) or not sent or not set(sent) <= {"from", "to"}:
            self.wrong(where, 'is {"from": time, "to": time}; one of the two may be left out')
            return None, None
        start, end = (self.moment(f"{where}.{name}", sent.get(name)) for name in ("from", "to"))
        if start is not None and end is not None and end <= start:
            self.wrong(where, "ends before it begins: `to` must be later than `from`")
        return start, end

    def _effect(self, sent: Mapping[str, Any]) -> Effect | None:
        kind = self._kind(sent)
        if kind is None:
            return None
        described = effects()[kind]
        for name in sent:
            if name not in ("kind", *described.members):
                allowed = f"takes {', '.join(described.members)}" if described.members else "takes no other member"
                self.wrong(f"effect.{name}", f"is unknown: {kind} {allowed}")
        if described.needs and not any(name in sent for name in described.needs):
            example = json.dumps(described.example)
            self.wrong("effect", f"{kind} needs {' or '.join(described.needs)}, such as {example}")
        given = {}
        for name in described.members:
            if name in sent:
                read, field = MEMBERS[name]
                given[field] = read(self, f"effect.{name}", sent[name])
        effect = Effect(kind, **given)
        if effect.punish_early and not effect.retry_after:
            self.wrong("effect.punishEarly", "needs retryAfter: the seconds before which a client comes too early")
        if effect.retry_after_as and effect.retry_after is None and "retryAfter" in described.members:
            self.wrong("effect.retryAfterAs", "needs retryAfter: the seconds that it writes")
        if effect.reads is not None and effect.seconds is not None:
            self.wrong("effect", "has reads or seconds, not both")
        return effect

    def _kind(self, sent: Mapping[str, Any]) -> Kind | None:
        if "kind" in sent:
            word = sent["kind"]
            if isinstance(word, str) and word in [kind.value for kind in Kind if kind not in PLAIN]:
                return Kind(word)
            self.wrong("effect.kind", f"'{str(word)[:60]}' is unknown. Effects are {_known()}")
            return None
        for kind in PLAIN:
            if kind.value in sent:
                return kind
        self.wrong("effect", f"is unknown. Effects are {_known()}")
        return None


def _with_id(path: str) -> str:
    """The path as it was probably meant: `{id}` for each part with a `*`, but for one at the end."""
    body, end = (path.removesuffix("/*"), "/*") if path.endswith("/*") else (path, "")
    return "/".join("{id}" if "*" in part else part for part in body.split("/")) + end


def _known() -> str:
    words = [f'{{"kind": "{kind}"}}' for kind in Kind if kind not in PLAIN]
    return f'{{"status": {"|".join(map(str, STATUSES))}}}, {{"latency": seconds}}, {", ".join(words)}'


def _length(document: Mapping[str, Any]) -> int:
    """The characters of a document as JSON; one that is nested too deeply to be written counts as too long."""
    try:
        return len(json.dumps(document))
    except RecursionError:
        return MOST_CHARACTERS + 1
