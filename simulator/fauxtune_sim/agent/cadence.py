"""When a device checks in: the intervals at which it does so by itself (Intune documentation, "policy refresh cycle
times"), and the answers of the push service, a long poll in place of APNs, WNS and FCM.

Often after enrolment, then every 8 hours, on the tenant's clock, which a device knows from the push service's answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.platforms import Platform

_Steps = tuple[tuple[timedelta, timedelta], ...]
_APPLE: _Steps = ((timedelta(hours=1), timedelta(minutes=15)),)
_STEADY = timedelta(hours=8)


def _every(first: int) -> _Steps:
    """Every `first` minutes for 15 minutes, then every 15 minutes for 2 hours."""
    return (
        (timedelta(minutes=15), timedelta(minutes=first)),
        (timedelta(hours=2, minutes=15), timedelta(minutes=15)),
    )


#: (time since enrolment until which it applies, interval). Unverified: Windows 10 Mobile is taken for a Windows Phone.
_STEPS: dict[Platform, _Steps] = {
    Platform.ANDROID: _every(3),
    Platform.IOS: _APPLE,
    Platform.IPADOS: _APPLE,
    Platform.MACOS: _APPLE,
    Platform.WINDOWS: _every(3),
    Platform.WINDOWS_10_MOBILE: _every(5),
    Platform.WINDOWS_PHONE_81: _every(5),
}


def next_check_in(platform: Platform, *, enrolled_at: datetime, checked_in_at: datetime) -> datetime:
    """The time of the device's next check-in unless a push wakes it earlier."""
    age = checked_in_at - enrolled_at
    for until, interval in _STEPS[platform]:
        if age < until:
            return checked_in_at + interval
    return checked_in_at + _STEADY


@dataclass(slots=True)
class TenantTime:
    """The tenant's time: the last one that the push service reported, and the seconds since then.

    A clock that did not move between two answers counts as frozen: no seconds are added to it.
    """

    _reported: datetime | None = None
    _at: float = 0.0
    _runs: bool = True

    def learn(self, now: datetime, *, monotonic: float) -> None:
        """Record a reported time; `monotonic` is the computer's monotonic clock in seconds."""
        passed = monotonic - self._at
        if self._reported is not None and passed > 0.5:
            self._runs = now != self._reported
        self._reported, self._at = now, monotonic

    def now(self, monotonic: float) -> datetime | None:
        """The tenant's time, or None if no time was reported yet."""
        if self._reported is None or not self._runs:
            return self._reported
        return self._reported + timedelta(seconds=monotonic - self._at)

    def seconds_until(self, moment: datetime, *, monotonic: float) -> float | None:
        """The seconds until a time, 0.0 if it has passed; None if the clock is frozen before it or not known yet."""
        now = self.now(monotonic)
        if now is None:
            return None
        if moment <= now:
            return 0.0
        return (moment - now).total_seconds() if self._runs else None


@dataclass(frozen=True, slots=True)
class Push:
    """An answer of the push service: the number of the last push, the tenant's time, and the push message or None."""

    seq: int
    now: datetime
    message: dict[str, Any] | None = None

    @property
    def wakes(self) -> bool:
        """Whether the device must check in."""
        return self.message is not None


def read_push(body: dict[str, Any]) -> Push:
    """Read an answer of the push service. Raises AnswerBroken if its form is wrong."""
    seq, now, message = body.get("seq"), body.get("now"), body.get("push")
    if not isinstance(seq, int):
        raise AnswerBroken("the push service's answer has no seq")
    if not isinstance(message, dict | None):
        raise AnswerBroken("the push in the push service's answer is not an object")
    try:
        moment = datetime.fromisoformat(now if isinstance(now, str) else "")
    except ValueError as broken:
        raise AnswerBroken(f"the push service's answer has no time: {broken}") from broken
    if moment.tzinfo is None:
        raise AnswerBroken("the push service's time has no UTC offset")
    return Push(seq=seq, now=moment, message=message)
