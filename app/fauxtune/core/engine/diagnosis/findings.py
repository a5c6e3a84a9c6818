"""A finding: one thing that is wrong, with its evidence and the way to correct it.

A rule checks the facts and yields observations; `rules` lists all rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fauxtune.core.clock import iso
from fauxtune.core.engine.diagnosis.facts import Facts


class Severity(StrEnum):
    """An error prevents delivery or use; a warning will do so later, or concerns only some devices."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing that a rule found, about a `certificate` (thumbprint), `device`, `profile` or connector's `role`.
    `severity` is None for the rule's own. `without_device`: it is about what did not become a device, so that the way
    to none of the user's devices is broken.
    """

    message: str
    fix: str
    evidence: Mapping[str, object] = field(default_factory=dict)
    certificate: str | None = None
    device: str | None = None
    profile: str | None = None
    role: str | None = None
    severity: Severity | None = None
    without_device: bool = False


Check = Callable[[Facts], Iterator[Observation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `meaning` and `fix` are for the page of codes; `source` is the public document behind it.

    `explains`: a failed item that it concerns gets no finding of its own. `last`: the rule skips explained failures.
    """

    code: str
    severity: Severity
    check: Check
    meaning: str
    fix: str
    source: str
    explains: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """An observation under its rule's code."""

    code: str
    severity: Severity
    observation: Observation
    explains: bool = False


def finding(rule: Rule, observation: Observation) -> Finding:
    """The observation under the rule's code, with the rule's severity unless it has its own."""
    return Finding(rule.code, observation.severity or rule.severity, observation, rule.explains)


def is_consequence(later: Observation, earlier: list[Finding]) -> bool:
    """Whether the failure that `later` is about follows from an earlier finding."""
    return any(finding.explains and _concerns(finding.observation, later) for finding in earlier)


def _concerns(cause: Observation, effect: Observation) -> bool:
    if cause.certificate is not None:
        return cause.certificate == effect.certificate
    same_device = cause.device in (None, effect.device)
    return cause.profile is not None and cause.profile == effect.profile and same_device


def moment(value: datetime | None) -> str | None:
    """A moment as evidence has it: ISO 8601, or None."""
    return None if value is None else iso(value)


def day(value: datetime | None) -> str:
    """A moment for a sentence, to the minute."""
    return "an unknown day" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def ago(span: timedelta) -> str:
    """How long something is past, for a sentence, in its largest whole unit."""
    minutes = max(int(span.total_seconds() // 60), 0)
    for size, word in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return "a moment"
