"""When devices check in by themselves, and how they reckon the tenant's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fauxtune_sim.cadence import TenantTime, next_check_in
from fauxtune_sim.platforms import Platform

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "interval"),
    [(0, 3), (3, 3), (14, 3), (15, 15), (134, 15), (135, 480), (100_000, 480)],
)
def test_an_android_device_checks_in_ever_less_often(minutes: int, interval: int) -> None:
    last = START + timedelta(minutes=minutes)
    due = next_check_in(Platform.ANDROID, enrolled_at=START, checked_in_at=last)
    assert due - last == timedelta(minutes=interval)


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
