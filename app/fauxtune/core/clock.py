"""Two clocks, never mixed: the system's, and each tenant's.

The tenant's clock governs the emulation (certificates, CRLs, enrolments, cadence, renewal, every timestamp in Graph).
The system clock governs what real clients judge by their own clocks: OAuth tokens, TLS, timeouts. Here is the interface
of the system clock and the arithmetic of the tenant's; nothing here reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Protocol

from fauxtune.core.errors import Invalid

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class Clock(Protocol):
    """The system clock: the real one in `server`, a settable one in tests."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class ClockMode(StrEnum):
    """The mode of a tenant's clock."""

    SYSTEM = "system"
    FROZEN = "frozen"
    OFFSET = "offset"


@dataclass(frozen=True, slots=True)
class TenantClock:
    """A tenant's clock: the system's, frozen at `frozen_at`, or the system's plus `offset`."""

    mode: ClockMode = ClockMode.SYSTEM
    frozen_at: datetime | None = None
    offset: timedelta = timedelta(0)

    def now(self, system_now: datetime) -> datetime:
        """The tenant's time at this system time."""
        if self.mode is ClockMode.FROZEN and self.frozen_at is not None:
            return self.frozen_at
        if self.mode is ClockMode.OFFSET:
            return system_now + self.offset
        return system_now

    def set_to(self, mode: ClockMode, now: datetime | None, *, system_now: datetime) -> TenantClock:
        """Return the clock in another mode, set to `now` (default: its present time)."""
        time = self.now(system_now) if now is None else now
        if mode is ClockMode.FROZEN:
            return TenantClock(mode=mode, frozen_at=time)
        if mode is ClockMode.OFFSET:
            return TenantClock(mode=mode, offset=time - system_now)
        return TenantClock()

    def advanced(self, by: timedelta) -> TenantClock:
        """Return the clock put forward; a system clock becomes an offset one."""
        if self.mode is ClockMode.FROZEN and self.frozen_at is not None:
            return replace(self, frozen_at=self.frozen_at + by)
        return TenantClock(mode=ClockMode.OFFSET, offset=self.offset + by)


#: Characters of a time up to its microseconds.
_MICROSECONDS = len("2026-11-24T10:00:00.123456")


def iso(moment: datetime) -> str:
    """`2026-11-24T10:00:00.1234560Z`: always seven fractional digits, so that text order is time order.

    Graph writes DateTimeOffset with up to seven digits and a Z; Python keeps six.
    """
    if moment.tzinfo is not UTC:  # nearly all have it
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat(timespec='microseconds')[:_MICROSECONDS]}0Z"


def from_iso(text: str) -> datetime:
    """Parse a time of any offset, with any number of fractional digits; one without an offset is UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC:  # as all are that `iso` wrote
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_duration(text: str) -> timedelta:
    """Parse an ISO 8601 duration such as `P30D` or `PT8H`. Raises Invalid for anything else."""
    try:
        if text.lstrip("-")[:1] not in ("P", "p"):
            raise ValueError
        return _durations().validate_python(text)
    except (ValueError, OverflowError):
        raise Invalid(f"'{text}' is not an ISO 8601 duration, such as P30D or PT8H.") from None


@cache
def _durations() -> TypeAdapter[timedelta]:
    from pydantic import TypeAdapter  # here: a start needs no duration

    return TypeAdapter(timedelta)
