"""Reading the values of a rule from JSON. Every mistake is noted, none stops the reading."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.clock import from_iso, parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.core.faults.effects import STATUSES, TOKEN_ERRORS
from fauxtune.core.faults.rule import Latency, Limits
from fauxtune.core.faults.timing import LONGEST
from fauxtune.core.model.hosts import is_host_name
from fauxtune.core.model.network import ANY_BELOW, MOST_HOSTS
from fauxtune.core.model.text import text_value

#: The most characters of a text; the greatest count, and the longest Retry-After in seconds.
MOST_TEXT, MOST_COUNT, LONGEST_RETRY = 512, 1_000_000, 86_400
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

    def lag(self, where: str, value: object) -> timedelta | None:
        """Return a duration that is longer than nothing."""
        try:
            if isinstance(value, str) and parse_duration(value) > timedelta(0):
                return parse_duration(value)
        except Invalid:
            pass
        self.wrong(where, "must be an ISO 8601 duration longer than nothing, such as PT6H")
        return None

    def error(self, where: str, value: object) -> str | None:
        """Return an error of the token endpoint."""
        if isinstance(value, str) and value in TOKEN_ERRORS:
            return value
        self.wrong(where, f"is one of {', '.join(TOKEN_ERRORS)}")
        return None

    def limits(self, where: str, value: object) -> Limits | None:
        """Return limits of throttling."""
        if not isinstance(value, dict) or not set(value) <= set(LIMITS_MEMBERS) or not set(value) - {"seconds"}:
            self.wrong(where, f"is an object with at least one limit: {', '.join(LIMITS_MEMBERS)}")
            return None
        counts = {LIMITS_MEMBERS[name]: self.count(f"{where}.{name}", each) for name, each in value.items()}
        return Limits(**counts) if None not in counts.values() else None  # type: ignore[arg-type]
