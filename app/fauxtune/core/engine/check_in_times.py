"""The time at which a device checks in next by itself.

Intune: "Common questions with device profiles", check-in intervals: often after the enrolment, then about every 8
hours. A push, such as that after an assignment, makes a device check in earlier.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fauxtune.core.model.platforms import Platform

_Steps = tuple[tuple[timedelta, timedelta], ...]
_QUARTER, _STEADY = timedelta(minutes=15), timedelta(hours=8)


def _every(minutes: int) -> _Steps:
    return (_QUARTER, timedelta(minutes=minutes)), (timedelta(hours=2, minutes=15), _QUARTER)


_APPLE: _Steps = ((timedelta(hours=1), _QUARTER),)
#: Pairs of an age of the enrolment, and the interval until then.
_STEPS: dict[Platform, _Steps] = {
    Platform.ANDROID: _every(3),
    Platform.IOS: _APPLE,
    Platform.IPADOS: _APPLE,
    Platform.MACOS: _APPLE,
    Platform.WINDOWS: _every(3),
    # Unverified: Windows 10 Mobile is taken for a Windows Phone.
    Platform.WINDOWS_10_MOBILE: _every(5),
    Platform.WINDOWS_PHONE_81: _every(5),
}


def next_check_in(platform: Platform, *, enrolled_at: datetime, checked_in_at: datetime) -> datetime:
    """Return the time of the check-in after that at `checked_in_at`."""
    age = checked_in_at - enrolled_at
    return checked_in_at + next((interval for until, interval in _STEPS[platform] if age < until), _STEADY)
