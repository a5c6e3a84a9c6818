"""A fault rule as values: on which occasions it looks, when it strikes, and what then happens."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """The kinds of effects. The first two are written without `kind`: `{"status": 503}`, `{"latency": 1.5}`."""

    STATUS = "status"
    LATENCY = "latency"
    CLOCK_JUMP = "clockJump"
    CONNECTION_RESET = "connectionReset"
    NETWORK_BLOCKED = "networkBlocked"
    EMPTY_ANSWER = "emptyAnswer"
    HALF_BODY = "halfBody"
    ACCEPTED_BUT_IGNORED = "acceptedButIgnored"
    STALE_READS = "staleReads"
    REPLICAS = "replicas"
    REPORT_LAG = "reportLag"
    SMALL_PAGES = "smallPages"
    ANOTHER_ORDER = "anotherOrder"
    EXPIRED_NEXT_LINK = "expiredNextLink"
    REPEATED_CHANGES = "repeatedChanges"
    TOKEN_ENDS = "tokenEndsEarly"  # noqa: S105 - a word
    THROTTLING = "throttling"
    TOKEN_ERROR = "tokenError"  # noqa: S105 - a word
    CONNECTOR_OFFLINE = "connectorOffline"
    CONNECTOR_KEY_MISSING = "connectorKeyMissing"
    TEMPLATE_GONE = "templateGone"
    AUTHORITY_REFUSES = "authorityRefuses"
    CRL_UNREACHABLE = "crlUnreachable"
    CRL_EXPIRED = "crlExpired"
    DEVICE_NOT_NOW = "deviceNotNow"
    DEVICE_REFUSES_CIPHER = "deviceRefusesCipher"
    STALE_REVOKED_REISSUE = "staleRevokedReissue"


#: Those after which a request goes on.
PASSING = frozenset({Kind.LATENCY, Kind.CLOCK_JUMP})
#: Those that hide a change from reads.
HIDING = frozenset({Kind.STALE_READS, Kind.REPLICAS})


@dataclass(frozen=True, slots=True)
class Match:
    """The occasions that a rule looks at: those that equal every member that is given; without any, all.

    `surface`: a surface, or `devices` for all platforms. `path`: without Graph's version; `{id}` stands for any one
    part, and `/*` at the end for everything below. `operation`: an operation id of `openapi/`. `device`: the id of an
    enrolment or a managedDevice, or a name; `user`: an id or a user principal name; `connector`: an id or a name.
    """

    surface: str | None = None
    method: str | None = None
    path: str | None = None
    operation: str | None = None
    device: str | None = None
    user: str | None = None
    application: str | None = None
    connector: str | None = None

    def given(self) -> dict[str, str]:
        """Return the members that are given."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}


@dataclass(frozen=True, slots=True)
class When:
    """Which of the matching occasions are struck: all, unless one of the first four is given. `start` and `end` bound
    the tenant's time: an occasion outside of them does not match.
    """

    nth: int | None = None
    next: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """A time of waiting, in seconds: always `low`, evenly distributed up to `high`, or lognormal with this median."""

    shape: Literal["fixed", "uniform", "lognormal"] = "fixed"
    low: float = 0
    high: float = 0
    sigma: float = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """The most requests in a window of so many seconds: of one application and of a whole tenant; None: no limit."""

    application: int | None = None
    tenant: int | None = None
    application_writes: int | None = None
    tenant_writes: int | None = None
    seconds: int = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens. Which members count depends on the kind: see `effects`."""

    kind: Kind
    status: int | None = None
    retry_after: int | None = None
    retry_after_as: Literal["seconds", "date"] | None = None
    punish_early: bool = False
    carried_out: bool = False
    latency: Latency | None = None
    reads: int | None = None
    lags: tuple[int, ...] = ()
    seconds: float | None = None
    lag: timedelta | None = None
    by: timedelta | None = None
    error: str | None = None
    limits: Limits | None = None
    hosts: tuple[str, ...] = ()
    size: int | None = None
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    effect: Effect
    match: Match = field(default_factory=Match)
    when: When = field(default_factory=When)
