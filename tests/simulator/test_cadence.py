"""When devices check in by themselves, and how they reckon the tenant's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fauxtune_sim.agent.cadence import TenantTime, next_check_in
from fauxtune_sim.platforms import Platform

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def interval(platform: Platform, *, age: int) -> float:
    """How many minutes after its last check-in a device checks in, so many minutes after enrolment."""
    last = START + timedelta(minutes=age)
    due = next_check_in(platform, enrolled_at=START, checked_in_at=last)
    return (due - last) / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, 3), (3, 3), (14, 3), (15, 15), (134, 15), (135, 480), (100_000, 480)],
)
@pytest.mark.parametrize("platform", [Platform.ANDROID, Platform.WINDOWS])
def test_an_android_device_and_a_computer_check_in_ever_less_often(
    platform: Platform, minutes: int, expected: int
) -> None:
    assert interval(platform, age=minutes) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(0, 15), (59, 15), (60, 480), (100_000, 480)])
@pytest.mark.parametrize("platform", [Platform.IOS, Platform.IPADOS, Platform.MACOS])
def test_an_apple_device_checks_in_often_for_an_hour(platform: Platform, minutes: int, expected: int) -> None:
    assert interval(platform, age=minutes) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(0, 5), (14, 5), (15, 15), (134, 15), (135, 480)])
@pytest.mark.parametrize("platform", [Platform.WINDOWS_PHONE_81, Platform.WINDOWS_10_MOBILE])
def test_a_windows_phone_starts_more_slowly(platform: Platform, minutes: int, expected: int) -> None:
    assert interval(platform, age=minutes) == expected


def test_time_is_reckoned_on_between_two_answers() -> None:
    clock = TenantTime()
    assert clock.now(5.0) is None
    clock.learn(START, monotonic=100.0)
    assert clock.now(130.0) == START + timedelta(seconds=30)
    assert clock.seconds_until(START + timedelta(seconds=50), monotonic=130.0) == 20
    assert clock.seconds_until(START, monotonic=130.0) == 0


def test_a_clock_that_stands_still_is_not_reckoned_on_until_it_is_moved() -> None:
    clock = TenantTime()
    clock.learn(START, monotonic=100.0)
    clock.learn(START, monotonic=130.0)
    assert clock.now(1000.0) == START
    assert clock.seconds_until(START + timedelta(seconds=1), monotonic=1000.0) is None
    clock.learn(START + timedelta(days=1), monotonic=1001.0)
    assert clock.seconds_until(START + timedelta(hours=8), monotonic=1001.0) == 0
