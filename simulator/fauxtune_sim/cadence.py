"""When a device checks in by itself (Intune documentation, "policy refresh cycle times").

Often after enrolment, then every 8 hours. All of it on the tenant's clock, of which a device only knows what the push
service tells it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fauxtune_sim.platforms import Platform

_Steps = tuple[tuple[timedelta, timedelta], ...]


def _every(first: int) -> _Steps:
    """So many minutes apart for 15 minutes, then every 15 minutes for 2 hours."""
    return (
        (timedelta(minutes=15), timedelta(minutes=first)),
        (timedelta(hours=2, minutes=15), timedelta(minutes=15)),
    )


_APPLE: _Steps = ((timedelta(hours=1), timedelta(minutes=15)),)
#: How long after enrolment -> how often. Unverified: Windows 10 Mobile is taken for a Windows Phone.
_STEPS: dict[Platform, _Steps] = {
    Platform.ANDROID: _every(3),
    Platform.IOS: _APPLE,
    Platform.IPADOS: _APPLE,
    Platform.MACOS: _APPLE,
    Platform.WINDOWS: _every(3),
    Platform.WINDOWS_10_MOBILE: _every(5),
    Platform.WINDOWS_PHONE_81: _every(5),
}
_STEADY = timedelta(hours=8)


def next_check_in(platform: Platform, *, enrolled_at: datetime, checked_in_at: datetime) -> datetime:
    """When the device checks in next, if nobody wakes it before."""
    age = checked_in_at - enrolled_at
    for until, interval in _STEPS[platform]:
        if age < until:
            return checked_in_at + interval
    return checked_in_at + _STEADY


@dataclass(slots=True)
class TenantTime:
    """The tenant's time as learned from push answers; between two answers it is reckoned on.

    A clock that stood still between two answers is taken for frozen and not reckoned on.
    """

    _told: datetime | None = None
    _at: float = 0.0
    _runs: bool = True

    def learn(self, now: datetime, *, monotonic: float) -> None:
        """Take in what an answer said; `monotonic` is the local stopwatch in seconds."""
        passed = monotonic - self._at
        if self._told is not None and passed > 0.5:
            self._runs = now != self._told
        self._told, self._at = now, monotonic

    def now(self, monotonic: float) -> datetime | None:
        """The tenant's time, or None if it was never told."""
        if self._told is None or not self._runs:
            return self._told
        return self._told + timedelta(seconds=monotonic - self._at)

    def seconds_until(self, moment: datetime, *, monotonic: float) -> float | None:
        """How long until then; None if the clock does not run and it is ahead, or the time was never told."""
        now = self.now(monotonic)
        if now is None:
            return None
        if moment <= now:
            return 0.0
        return (moment - now).total_seconds() if self._runs else None
