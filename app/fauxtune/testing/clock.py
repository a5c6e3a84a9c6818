"""The clock of a tenant in a test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.administration import emulation
from fauxtune.testing.parts import Calls


class Clock:
    """The tenant's clock, by which certificates expire and devices check in. Tokens and TLS use the computer's."""

    def __init__(self, calls: Calls, *, after_settling: Callable[[], None]) -> None:
        self._calls = calls
        self._after_settling = after_settling

    def now(self) -> datetime:
        """Return the tenant's time, in UTC."""
        return _time(self._calls.control("GET", "/clock"))

    def freeze(self, at: datetime | str | None = None) -> datetime:
        """Stop the clock, at a time or now, and return that time."""
        return self._set("frozen", at)

    def set(self, at: datetime | str) -> datetime:
        """Let the clock run from this time on."""
        return self._set("offset", at)

    def advance(self, by: timedelta | str, *, settle: bool = False) -> datetime:
        """Put the clock forward by a time or an ISO 8601 duration, such as "P30D", and return the new time.

        Devices that are due then check in; `settle` waits until they have settled.
        """
        duration = f"PT{by.total_seconds():.6f}S" if isinstance(by, timedelta) else by
        request = emulation.advance_clock(duration, settle=settle)
        answer = self._calls.control(request.method, request.path, json=request.body, waits=30)
        if settle:
            self._after_settling()
        return _time(answer)

    def reset(self) -> datetime:
        """Let the tenant's clock be the computer's."""
        return self._set("system", None)

    def _set(self, mode: str, at: datetime | str | None) -> datetime:
        if isinstance(at, datetime) and at.tzinfo is None:
            raise ValueError("the time needs a time zone, such as datetime(..., tzinfo=UTC)")
        now = at.isoformat() if isinstance(at, datetime) else at
        return _time(self._calls.send(emulation.set_clock(mode, now=now)))


def _time(answer: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(answer["now"])
