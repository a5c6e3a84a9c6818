"""Names in place of ids: what a word on a command line means, and what is said if it means nothing or too much.

Times and durations as people write them.
"""

from __future__ import annotations

from datetime import timedelta

import click
import pytest

from fauxtune.core.clock import parse_duration
from fauxtune_cli.names import Named, NotOne, choose
from fauxtune_cli.options import duration_in_words, iso_duration, iso_time

SALES = Named("11111111-aaaa", "Sales", about="first")
SALES_TOO = Named("11111111-bbbb", "Sales", about="second")
LOWER = Named("22222222-cccc", "sales")
ALICE = Named("33333333-dddd", "alice@contoso.example", others=("alice", "Alice Adams"))
EVERYONE = (SALES, SALES_TOO, LOWER, ALICE)


@pytest.mark.parametrize("word", ["alice", "ALICE@contoso.example", "alice adams", "33333333-dddd", "333333"])
def test_an_object_is_meant_by_each_of_its_names_and_by_the_beginning_of_its_id(word: str) -> None:
    assert choose(word, EVERYONE, kind="user") is ALICE


def test_capital_letters_count_only_where_nothing_else_does() -> None:
    assert choose("sales", EVERYONE, kind="group") is LOWER
    assert choose("SALES", [LOWER], kind="group") is LOWER


def test_a_name_that_fits_several_lists_them_with_ids_that_tell_them_apart() -> None:
    with pytest.raises(NotOne) as refused:
        choose("Sales", EVERYONE, kind="group")
    assert str(refused.value).splitlines() == [
        "'Sales' fits 2 groups; name the one by its id:",
        "  11111111-a  Sales  first",
        "  11111111-b  Sales  second",
    ]
    assert choose("11111111-b", EVERYONE, kind="group") is SALES_TOO


def test_the_beginning_of_an_id_has_six_characters_or_more() -> None:
    with pytest.raises(NotOne, match="There is no user '33333'"):
        choose("33333", EVERYONE, kind="user")


@pytest.mark.parametrize("word", ["alise", "lice", "Alice Adam"])
def test_an_unknown_name_lists_similar_ones(word: str) -> None:
    with pytest.raises(NotOne, match=r"Similar: 'alice@contoso\.example'"):
        choose(word, EVERYONE, kind="user")


def test_where_there_is_nothing_at_all_the_message_says_so() -> None:
    with pytest.raises(NotOne, match=r"There is no device 'x'\. There are no devices at all\."):
        choose("x", [], kind="device")


def test_a_hundred_fits_are_not_listed_all() -> None:
    with pytest.raises(NotOne) as refused:
        choose("same", [Named(f"{number:08d}", "same") for number in range(100)], kind="device")
    assert len(str(refused.value).splitlines()) == 12
    assert str(refused.value).endswith("and 90 more")


def test_messages_contain_nothing_that_a_terminal_obeys() -> None:
    hostile = Named("44444444", "\x1b[2Jclear\nscreen")
    with pytest.raises(NotOne) as refused:
        choose("clear\x1b[31m", [hostile], kind="group")
    assert "\x1b" not in str(refused.value)
    with pytest.raises(NotOne) as ambiguous:
        choose("\x1b[2Jclear\nscreen", [hostile, Named("55555555", "\x1b[2Jclear\nscreen")], kind="group")
    assert "\x1b" not in str(ambiguous.value)
    assert len(str(ambiguous.value).splitlines()) == 3


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
