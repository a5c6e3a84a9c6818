"""When a device checks in next by itself. Intune: "Common questions with device profiles", check-in intervals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fauxtune.core.engine.check_in_times import next_check_in
from fauxtune.core.model.platforms import Platform

ENROLLED = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("platform", "age", "minutes"),
    [
        (Platform.ANDROID, 0, 3),
        (Platform.ANDROID, 14, 3),
        (Platform.ANDROID, 15, 15),
        (Platform.ANDROID, 135, 8 * 60),
        (Platform.WINDOWS, 0, 3),
        (Platform.WINDOWS_PHONE_81, 0, 5),
        (Platform.IOS, 0, 15),
        (Platform.MACOS, 59, 15),
        (Platform.IPADOS, 60, 8 * 60),
    ],
)
def test_a_device_checks_in_often_after_its_enrolment_and_then_every_eight_hours(
    platform: Platform, age: int, minutes: int
) -> None:
    at = ENROLLED + timedelta(minutes=age)
    assert next_check_in(platform, enrolled_at=ENROLLED, checked_in_at=at) == at + timedelta(minutes=minutes)


@pytest.mark.parametrize("platform", Platform)
def test_every_platform_has_its_intervals(platform: Platform) -> None:
    assert next_check_in(platform, enrolled_at=ENROLLED, checked_in_at=ENROLLED) > ENROLLED
