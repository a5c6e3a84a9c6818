"""Times and durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import click
import pytest

from fauxtune.core.clock import parse_duration
from fauxtune_cli.options import duration_in_words, iso_duration, iso_time


@pytest.mark.parametrize(
    ("text", "days", "hours"),
    [
        ("P30D", 30, 0),
        ("pt8h", 0, 8),
        ("30 days", 30, 0),
        ("1 year", 365, 0),
        ("1 year, 2 days and 3 hours", 367, 3),
        ("2w", 14, 0),
        ("6 Months", 180, 0),
        ("1 day 1 day", 2, 0),
        ("90 min", 0, 1.5),
    ],
)
def test_a_duration_is_iso_8601_or_numbers_with_units(text: str, days: int, hours: float) -> None:
    assert parse_duration(iso_duration(text)) == timedelta(days=days, hours=hours)


@pytest.mark.parametrize("text", ["", "30", "days", "30 dayz", "1 year;", "-5 days", "1.5 days", "9999999 days"])
def test_what_is_no_duration_is_answered_with_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="30 days"):
        iso_duration(text)


def test_a_time_without_a_zone_is_utc() -> None:
    assert iso_time("2027-01-31") == "2027-01-31T00:00:00.0000000Z"
    assert iso_time("2027-01-31 10:00") == "2027-01-31T10:00:00.0000000Z"
    assert iso_time("2027-01-31T12:00:00+02:00") == "2027-01-31T10:00:00.0000000Z"
    with pytest.raises(click.BadParameter, match="no time"):
        iso_time("tomorrow")


def test_a_duration_in_days_is_written_in_words_and_another_one_as_it_is() -> None:
    durations = ("P365D", "P1D", "PT8H", "P1Y6M")
    assert [duration_in_words(duration) for duration in durations] == ["365 days", "1 day", "PT8H", "P1Y6M"]
