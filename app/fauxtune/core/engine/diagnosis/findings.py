"""A finding: one thing that is wrong, with what shows it and what would put it right.

A rule is a function from facts to what it found; which rules there are stands in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from fauxtune.core.clock import iso
from fauxtune.core.engine.diagnosis.facts import Facts


class Severity(StrEnum):
    """An error keeps something from arriving or working; a warning will, or harms only some."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a rule found. `certificate` (thumbprint), `device` and `profile` are what it is about; `role` the
    connector's. `severity` None: that of the rule.
    """

    message: str
    fix: str
    evidence: Mapping[str, object] = field(default_factory=dict)
    certificate: str | None = None
    device: str | None = None
    profile: str | None = None
    role: str | None = None
    severity: Severity | None = None


Judge = Callable[[Facts], Iterator[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `means` and `fix` are for the page of codes; `source` is the public document behind it.

    `explains`: a failed item that it concerns needs no finding of its own. `last`: it looks at what is left over.
    """

    code: str
    severity: Severity
    judge: Judge
    means: str
    fix: str
    source: str
    explains: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, under its code."""

    code: str
    severity: Severity
    found: Found
    explains: bool = False


def finding(rule: Rule, found: Found) -> Finding:
    """What the rule found, with the rule's code, and its severity unless this one has its own."""
    return Finding(rule.code, found.severity or rule.severity, found, rule.explains)


def explained(later: Found, earlier: list[Finding]) -> bool:
    """Is the failure that `later` is about the consequence of something found before?"""
    return any(each.explains and _concerns(each.found, later) for each in earlier)


def _concerns(cause: Found, effect: Found) -> bool:
    if cause.certificate is not None:
        return cause.certificate == effect.certificate
    same_device = cause.device in (None, effect.device)
    return cause.profile is not None and cause.profile == effect.profile and same_device


def moment(value: datetime | None) -> str | None:
    """A time as evidence shows it."""
    return None if value is None else iso(value)


def day(value: datetime | None) -> str:
    """A time as sentences say it."""
    return "an unknown day" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"
